// What ECharts is told for each view of a hierarchy; colours and patterns follow the first level.

import decals from "./decals.json";
import { emissions, share } from "./numbers.js";
import { largest } from "./tree.js";

/**
 * @typedef {import("./tree.js").Node} Node
 * @typedef {{ fills: string[], ink: string, onFill: string, paper: string, raised: string, rule: string,
 *   focus: string, font: string, isMoving: boolean, isNarrow: boolean }} Look
 * @typedef {{ title: string, look: Look, style: import("./numbers.js").Style }} Told
 * @typedef {(tree: Node, told: Told) => object} Series
 */

const MOST = /** @type {Record<string, number>} */ ({ treemap: 400, sunburst: 120, sankey: 24 });
const DECAL_OPACITY = 0.28;

/** @type {Record<string, Series>} */
const SERIES = { treemap, sunburst, sankey };

export const VIEWS = Object.keys(SERIES);

/**
 * Return what the view draws of a tree: its largest leaves, the others of a branch as one.
 * @param {string} view
 * @param {Node} tree
 */
export function drawnTree(view, tree) {
  return largest(tree, MOST[view] ?? 100);
}

/**
 * Return ECharts' option for a view.
 * @param {string} view
 * @param {Node} tree
 * @param {Told} told
 */
export function optionOf(view, tree, told) {
  const { look } = told;
  const series = (SERIES[view] ?? treemap)(tree, told);
  return {
    animation: look.isMoving,
    animationDuration: 300,
    animationDurationUpdate: 200,
    aria: {
      enabled: true,
      label: { enabled: true, description: `${told.title}. The table on this page has the same figures.` },
      decal: { show: true, decals: [decalOf(0, look), ...tree.children.map((_, place) => decalOf(place, look))] },
    },
    textStyle: { fontFamily: look.font, color: look.ink },
    tooltip: {
      renderMode: "richText",
      confine: true,
      backgroundColor: look.raised,
      borderColor: look.ink,
      borderWidth: 1,
      textStyle: { color: look.ink, fontFamily: look.font },
      formatter: (/** @type {{ data?: { told?: string } }} */ shown) => inert(shown.data?.told ?? ""),
    },
    series: [series],
  };
}

/**
 * Return a node in words.
 * @param {Node} node
 * @param {bigint} total
 * @param {import("./numbers.js").Style} style
 */
export function described(node, total, style) {
  return `${node.name}: ${emissions(node.mg, style)}, ${share(node.mg, total, style)}`;
}

/** @type {Series} */
function treemap(tree, told) {
  const { look } = told;
  return {
    type: "treemap",
    roam: false,
    nodeClick: false,
    breadcrumb: { show: false },
    left: 0,
    right: 0,
    top: 0,
    bottom: 0,
    label: label(look),
    upperLabel: { ...label(look), show: true, height: 22, color: look.ink, textBorderWidth: 0 },
    itemStyle: { borderColor: look.paper, borderWidth: 1, gapWidth: 1 },
    levels: [{ itemStyle: { borderWidth: 0, gapWidth: 3 }, upperLabel: { show: false } }],
    emphasis: { ...emphasis(look), label: { textBorderWidth: 0 }, upperLabel: { color: look.onFill } },
    data: branches(tree, tree.mg, told),
  };
}

/** @type {Series} */
function sunburst(tree, told) {
  const { look } = told;
  return {
    type: "sunburst",
    nodeClick: false,
    radius: ["16%", "96%"],
    sort: null,
    label: { ...label(look), minAngle: 9, overflow: "truncate", width: 90 },
    itemStyle: { borderColor: look.paper, borderWidth: 1 },
    emphasis: { ...emphasis(look), label: { textBorderWidth: 0 }, focus: "none" },
    data: branches(tree, tree.mg, told),
  };
}

/** @type {Series} */
function sankey(tree, told) {
  const { look } = told;
  const nodes = /** @type {object[]} */ ([]);
  const links = /** @type {object[]} */ ([]);
  const add = (/** @type {Node} */ node, /** @type {number} */ place) => {
    const style = node.depth === 0 ? { color: look.ink } : fill(place, look);
    nodes.push({ ...item(node, tree.mg, told), value: undefined, depth: node.depth, itemStyle: style });
    node.children.forEach((child, at) => {
      const first = node.depth === 0 ? at : place;
      links.push({ source: nameOf(node), target: nameOf(child), value: Number(child.mg), told: "" });
      add(child, first);
    });
  };
  add(tree, 0);
  return {
    type: "sankey",
    draggable: false,
    left: 0,
    right: look.isNarrow ? 96 : 190,
    top: 8,
    bottom: 8,
    nodeGap: 12,
    nodeWidth: look.isNarrow ? 10 : 20,
    nodeAlign: "left",
    layoutIterations: 0,
    label: { ...label(look), color: look.ink, textBorderColor: look.paper, overflow: "truncate",
      width: look.isNarrow ? 88 : 180 },
    lineStyle: { color: "target", opacity: 0.3, curveness: 0.5 },
    emphasis: { ...emphasis(look), focus: "none" },
    data: nodes,
    links: links.map((link) => ({ ...link, tooltip: { show: false } })),
  };
}

/**
 * @param {Node} tree
 * @param {bigint} total
 * @param {Told} told
 * @returns {object[]}
 */
function branches(tree, total, told) {
  /** @type {(node: Node, place: number) => object} */
  const made = (node, place) => ({
    ...item(node, total, told),
    itemStyle: { color: told.look.fills[place % told.look.fills.length] },
    ...(node.children.length > 0 && { children: node.children.map((one) => made(one, place)) }),
  });
  return tree.children.map(made);
}

/**
 * @param {Node} node
 * @param {bigint} total
 * @param {Told} told
 */
function item(node, total, told) {
  return { name: nameOf(node), shown: node.name, value: Number(node.mg), href: node.href,
    told: described(node, total, told.style) };
}

/**
 * Names are how ECharts finds nodes, so they are whole paths.
 * @param {Node} node
 */
export function nameOf(node) {
  return node.path || "Total";
}

/**
 * @param {number} place
 * @param {Look} look
 */
function fill(place, look) {
  return { color: look.fills[place % look.fills.length], decal: decalOf(place, look) };
}

/**
 * After six, colours come again with other patterns. (A tree's root takes the first of the list that ECharts is given.)
 * @param {number} place
 * @param {Look} look
 */
function decalOf(place, look) {
  const turns = Math.floor(place / look.fills.length);
  return { ...decals[(place + turns) % decals.length], color: faint(look.onFill) };
}

/** @param {string} colour */
function faint(colour) {
  const [red, green, blue] = [1, 3, 5].map((at) => Number.parseInt(colour.slice(at, at + 2), 16));
  return `rgba(${red}, ${green}, ${blue}, ${DECAL_OPACITY})`;
}

/** @param {Look} look */
function label(look) {
  return {
    show: true,
    color: look.onFill,
    fontFamily: look.font,
    fontSize: 12,
    textBorderColor: "inherit",
    textBorderWidth: 3,
    formatter: (/** @type {{ data?: { shown?: string } }} */ shown) => shown.data?.shown ?? "",
  };
}

/** @param {Look} look */
function emphasis(look) {
  return { itemStyle: { color: look.ink, borderColor: look.focus, borderWidth: 3 } };
}

/**
 * Names cannot style a tooltip: what would begin a styled part is parted by an unseen character.
 * @param {string} text
 */
function inert(text) {
  return text.replaceAll("{", "{\u2060");
}
