// Draws the table of a page as treemap, sunburst or Sankey; mouse and keys follow the links of its rows.

import { init } from "echarts/core";
import { emissions } from "./numbers.js";
import { described, drawnTree, nameOf, optionOf, VIEWS } from "./options.js";
import { leftOut, SEPARATOR, treeOf } from "./tree.js";

/**
 * @typedef {import("./tree.js").Node} Node
 * @typedef {import("./tree.js").Row} Row
 */

const NARROW_PX = 600;

/**
 * Draw the table that a figure names; false where there is nothing to draw.
 * @param {HTMLElement} figure
 */
export function draw(figure) {
  const rows = rowsOf(document.getElementById(figure.dataset.hierarchyOf ?? ""));
  const tree = treeOf(rows);
  const place = figure.querySelector(".chart");
  if (tree.children.length === 0 || !(place instanceof HTMLElement)) return false;
  const style = styleOf(figure);
  const chart = init(canvasIn(place), null, { renderer: "svg" });
  new Drawing(figure, place, { chart, tree, style });
  const out = leftOut(rows);
  const told = figure.querySelector(".left-out");
  if (told && out.count > 0) told.textContent = `Only in the table: ${out.count} below zero, ${emissions(out.mg, style)}.`;
  return true;
}

/**
 * @param {HTMLElement | null} table
 * @returns {Row[]}
 */
function rowsOf(table) {
  const found = /** @type {HTMLElement[]} */ ([...(table?.querySelectorAll("tbody tr[data-path]") ?? [])]);
  return found.map(({ dataset }) => ({
    path: (dataset.path ?? "").split(SEPARATOR),
    mg: dataset.mg ? BigInt(dataset.mg) : null,
    href: dataset.href ?? "",
  }));
}

/**
 * @param {HTMLElement} figure
 * @returns {import("./numbers.js").Style}
 */
function styleOf({ dataset }) {
  const { unit = "t", group = ",", mark = ".", digits = "3" } = dataset;
  return { unit, group, mark, digits: Number(digits) };
}

/** @param {HTMLElement} place */
function canvasIn(place) {
  const canvas = document.createElement("div");
  canvas.className = "canvas";
  place.replaceChildren(canvas);
  return canvas;
}

/** A chart and what it is made of: the view that is pressed, the node that keys have reached. */
class Drawing {
  /** @type {Node[]} */ #order = [];
  /** @type {Map<Node, Node>} */ #parents = new Map();
  /** @type {Node | undefined} */ #at;
  #view = VIEWS[0] ?? "";

  /**
   * @param {HTMLElement} figure
   * @param {HTMLElement} place
   * @param {{ chart: import("echarts/core").ECharts, tree: Node, style: import("./numbers.js").Style }} made
   */
  constructor(figure, place, made) {
    this.figure = figure;
    this.place = place;
    this.made = made;
    for (const button of this.#buttons()) button.addEventListener("click", () => this.show(button.dataset.view ?? ""));
    place.addEventListener("keydown", (event) => this.#press(event));
    place.addEventListener("blur", () => this.#leave());
    made.chart.on("click", (event) => follow(/** @type {{ href?: string }} */ (event.data).href));
    this.#watch();
    this.show(this.#view);
  }

  /** @param {string} view */
  show(view) {
    this.#view = view;
    this.figure.dataset.shown = view;
    for (const button of this.#buttons()) button.setAttribute("aria-pressed", String(button.dataset.view === view));
    const tree = drawnTree(view, this.made.tree);
    this.#order = [];
    this.#parents.clear();
    this.#at = undefined;
    this.#list(tree);
    const title = this.figure.dataset.title ?? "";
    const look = { ...lookOf(this.figure), isNarrow: this.place.clientWidth < NARROW_PX };
    this.made.chart.resize();
    this.made.chart.setOption(optionOf(view, tree, { title, look, style: this.made.style }), true);
  }

  /** @param {string} text */
  say(text) {
    const told = this.figure.querySelector("[role=status]");
    if (told) told.textContent = text;
  }

  #buttons() {
    return /** @type {HTMLElement[]} */ ([...this.figure.querySelectorAll("button[data-view]")]);
  }

  /** @param {Node} of */
  #list(of) {
    for (const child of of.children) {
      this.#order.push(child);
      this.#parents.set(child, of);
      this.#list(child);
    }
  }

  /** Draw anew where colours, motion or size change; give all back once the figure has left the page. */
  #watch() {
    const again = () => (this.figure.isConnected ? this.show(this.#view) : end());
    const choices = ["(prefers-color-scheme: dark)", "(prefers-reduced-motion: reduce)"].map((one) => matchMedia(one));
    const theme = new MutationObserver(again);
    const size = new ResizeObserver(() => (this.figure.isConnected ? this.made.chart.resize() : end()));
    const end = () => {
      for (const choice of choices) choice.removeEventListener("change", again);
      theme.disconnect();
      size.disconnect();
      this.made.chart.dispose();
    };
    for (const choice of choices) choice.addEventListener("change", again);
    theme.observe(document.documentElement, { attributes: true, attributeFilter: ["data-theme"] });
    size.observe(this.place);
  }

  /** @param {KeyboardEvent} event */
  #press(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const next = this.#reached(event.key);
    if (event.key === "Enter") follow(this.#at?.href);
    else if (event.key === "Escape") this.#leave();
    else if (next) this.#go(next);
    else return;
    event.preventDefault();
  }

  /** @param {string} key */
  #reached(key) {
    const at = this.#at;
    const siblings = at ? (this.#parents.get(at)?.children ?? []) : [];
    const place = at ? siblings.indexOf(at) : 0;
    switch (key) {
      case "ArrowRight": return at ? (siblings[place + 1] ?? at) : this.#order[0];
      case "ArrowLeft": return at ? (siblings[place - 1] ?? at) : this.#order[0];
      case "ArrowDown": return at ? (at.children[0] ?? at) : this.#order[0];
      case "ArrowUp": return at ? this.#above(at) : this.#order[0];
      case "Home": return this.#order[0];
      case "End": return this.#order.at(-1);
      default: return undefined;
    }
  }

  /** @param {Node} at */
  #above(at) {
    const parent = this.#parents.get(at);
    return parent && parent.depth > 0 ? parent : at;
  }

  /** @param {Node} node */
  #go(node) {
    const { chart, tree, style } = this.made;
    this.#dim();
    this.#at = node;
    chart.dispatchAction({ type: "highlight", seriesIndex: 0, name: nameOf(node) });
    this.say(`${described(node, tree.mg, style)}${node.href ? ". Enter opens it." : ""}`);
  }

  #leave() {
    this.#dim();
    this.#at = undefined;
    this.made.chart.dispatchAction({ type: "hideTip" });
  }

  #dim() {
    if (this.#at) this.made.chart.dispatchAction({ type: "downplay", seriesIndex: 0, name: nameOf(this.#at) });
  }
}

/** @param {string | undefined} href */
function follow(href) {
  if (href) location.assign(href);
}

/** @param {HTMLElement} figure */
function lookOf(figure) {
  const styles = getComputedStyle(figure);
  const colour = (/** @type {string} */ name) => whole(styles.getPropertyValue(`--${name}`).trim());
  return {
    fills: ["c1", "c2", "c3", "c4", "c5", "c6"].map(colour),
    ink: colour("ink"),
    onFill: colour("on-accent"),
    paper: colour("paper"),
    raised: colour("raised"),
    rule: colour("rule"),
    focus: colour("focus"),
    font: styles.fontFamily,
    isMoving: !matchMedia("(prefers-reduced-motion: reduce)").matches,
  };
}

/**
 * Return #aabbcc for #abc.
 * @param {string} colour
 */
function whole(colour) {
  return colour.length === 4 ? `#${[...colour.slice(1)].map((one) => one + one).join("")}` : colour;
}
