// A hierarchy from the rows of a table: sums are whole milligrams, exact at every level.

/**
 * @typedef {{ path: string[], mg: bigint | null, href: string }} Row  Without milligrams: the link of a branch.
 * @typedef {{ name: string, path: string, mg: bigint, href: string, depth: number, children: Node[] }} Node
 */

export const SEPARATOR = "\u001f";

/**
 * Return the tree of what is above zero: no view can draw less than nothing.
 * @param {Row[]} rows
 * @returns {Node}
 */
export function treeOf(rows) {
  const root = node([], "");
  const known = new Map([["", root]]);
  const links = new Map(rows.filter((row) => row.mg === null).map((row) => [row.path.join(SEPARATOR), row.href]));
  for (const row of rows) {
    if (row.mg === null || row.mg <= 0n) continue;
    let at = root;
    at.mg += row.mg;
    row.path.forEach((_, place) => {
      at = childOf(at, row.path.slice(0, place + 1), { known, links });
      at.mg += row.mg ?? 0n;
    });
    at.href = row.href || at.href;
  }
  settle(root);
  return root;
}

/**
 * Return the rows that a drawing cannot show, and their sum.
 * @param {Row[]} rows
 */
export function leftOut(rows) {
  const out = rows.filter((row) => row.mg !== null && row.mg < 0n);
  return { count: out.length, mg: out.reduce((sum, row) => sum + (row.mg ?? 0n), 0n) };
}

/**
 * Return the tree with the largest leaves only; the others of a branch become one, with their sum.
 * @param {Node} root
 * @param {number} most
 * @returns {Node}
 */
export function largest(root, most) {
  const sizes = leavesOf(root).sort(bySize);
  const kept = new Set(sizes.slice(0, most));
  return sizes.length <= most ? root : gathered(root, kept);
}

/**
 * Return all leaves, in order.
 * @param {Node} of
 * @returns {Node[]}
 */
export function leavesOf(of) {
  return of.children.length === 0 ? [of] : of.children.flatMap(leavesOf);
}

/**
 * @param {Node} of
 * @param {Set<Node>} kept
 * @returns {Node}
 */
function gathered(of, kept) {
  const isKept = (/** @type {Node} */ one) => one.children.length > 0 || kept.has(one);
  const rest = of.children.filter((one) => !isKept(one));
  const children = of.children.filter(isKept).map((one) => gathered(one, kept));
  if (rest.length === 1) children.push(...rest);
  if (rest.length > 1) {
    const others = node([...parts(of.path), `${rest.length} others`], "");
    others.mg = rest.reduce((sum, one) => sum + one.mg, 0n);
    others.path += `${SEPARATOR}others`; // no row can have this name: a leaf has no children
    children.push(others);
  }
  return { ...of, children };
}

/**
 * @param {Node} parent
 * @param {string[]} path
 * @param {{ known: Map<string, Node>, links: Map<string, string> }} told
 */
function childOf(parent, path, { known, links }) {
  const joined = path.join(SEPARATOR);
  const found = known.get(joined);
  if (found && joined) return found;
  const made = node(path, links.get(joined) ?? "");
  known.set(joined, made);
  parent.children.push(made);
  return made;
}

/**
 * Sort by size; what a branch holds beside its children becomes a child of its own.
 * @param {Node} of
 */
function settle(of) {
  const below = of.children.reduce((sum, one) => sum + one.mg, 0n);
  if (of.children.length > 0 && below < of.mg) {
    const own = node([...parts(of.path), of.name], of.href);
    own.path += `${SEPARATOR}own`;
    own.mg = of.mg - below;
    of.children.push(own);
  }
  of.children.forEach(settle);
  of.children.sort(bySize);
}

/**
 * @param {string[]} path
 * @param {string} href
 * @returns {Node}
 */
function node(path, href) {
  const name = path.at(-1) ?? "Total";
  return { name, path: path.join(SEPARATOR), mg: 0n, href, depth: path.length, children: [] };
}

/** @param {string} path */
function parts(path) {
  return path === "" ? [] : path.split(SEPARATOR);
}

/**
 * @param {Node} a
 * @param {Node} b
 */
function bySize(a, b) {
  return a.mg === b.mg ? 0 : a.mg > b.mg ? -1 : 1;
}
