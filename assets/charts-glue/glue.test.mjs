// Trees add up to the milligram, and numbers have the digits of the table. Run by `npm test`.
import assert from "node:assert/strict";
import { test } from "node:test";
import { emissions, share } from "./numbers.js";
import { largest, leavesOf, leftOut, treeOf } from "./tree.js";

const ENGLISH = { unit: "t", group: ",", mark: ".", digits: 3 };
const row = (path, mg, href = "") => ({ path: path.split("/"), mg: mg === null ? null : BigInt(mg), href });
const HUGE = 4_611_686_018_427_387_903n;

test("every level holds the sum of what is below, beyond what a float can", () => {
  const tree = treeOf([row("Goods/Acme", HUGE), row("Goods/Bolt", 1), row("Travel/Acme", 2)]);
  assert.equal(tree.mg, HUGE + 3n);
  assert.deepEqual(tree.children.map((one) => one.mg), [HUGE + 1n, 2n]);
});

test("what is not above zero is left out and counted", () => {
  const rows = [row("Goods/Acme", 5), row("Goods/Back", -2), row("Goods/None", 0)];
  assert.deepEqual(leavesOf(treeOf(rows)).map((one) => one.name), ["Acme"]);
  assert.deepEqual(leftOut(rows), { count: 1, mg: -2n });
});

test("small leaves of a branch become one with their sum", () => {
  const rows = [row("Goods/A", 9), row("Goods/B", 1), row("Goods/C", 2), row("Travel/D", 8)];
  const tree = largest(treeOf(rows), 2);
  assert.deepEqual(leavesOf(tree).map((one) => [one.name, one.mg]), [["A", 9n], ["2 others", 3n], ["D", 8n]]);
  assert.equal(leavesOf(tree).reduce((sum, one) => sum + one.mg, 0n), tree.mg);
});

test("a branch has its own link, and what it holds itself becomes a part of it", () => {
  const [goods] = treeOf([row("Goods", null, "/goods"), row("Goods", 3), row("Goods/A", 9)]).children;
  assert.equal(goods.href, "/goods");
  assert.deepEqual(goods.children.map((one) => [one.name, one.mg]), [["A", 9n], ["Goods", 3n]]);
});

test("paths are unique, however rows are named", () => {
  const rows = ["A", "B", "C", "2 others"].map((name, size) => row(`Goods/${name}`, size + 1));
  const paths = leavesOf(largest(treeOf(rows), 2)).map((one) => one.path);
  assert.equal(new Set(paths).size, paths.length);
});

test("numbers are rounded half away from zero and grouped as the person likes", () => {
  assert.equal(emissions(1_234_567_890_500_000n, ENGLISH), "1,234,567.891 t CO2e");
  assert.equal(emissions(-500_000n, ENGLISH), "-0.001 t CO2e");
  assert.equal(emissions(-499_999n, ENGLISH), "0.000 t CO2e");
  const indian = { ...ENGLISH, unit: "kg", digits: 2 };
  assert.equal(emissions(1_234_567_890_500n, indian), "12,34,567.891 kg CO2e");
  assert.equal(share(1n, 3n, { ...ENGLISH, mark: "," }), "33,3%");
  assert.equal(share(1n, 0n, ENGLISH), "");
});
