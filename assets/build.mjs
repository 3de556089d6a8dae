// Builds htmx.js, charts.js and LICENSES.txt into the folder that is named; the same bytes each time.
import { readFile, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { build } from "esbuild";

const HERE = import.meta.dirname;
const LICENCES = [
  ["htmx 4.0.1 and its SSE extension (htmx.js)", ["htmx.org/LICENSE"]],
  ["Apache ECharts 6.1.0 (charts.js)", ["echarts/NOTICE", "echarts/LICENSE", "echarts/licenses/LICENSE-d3"]],
  ["ZRender 6.1.0 (charts.js)", ["zrender/LICENSE"]],
  ["tslib 2.3.0 (charts.js)", ["tslib/LICENSE.txt"]],
];

/** Tooltips that are HTML need styles that the policy of the pages forbids; charts.js cannot make any. */
const textTooltipsOnly = {
  name: "text-tooltips-only",
  setup(building) {
    building.onLoad({ filter: /TooltipHTMLContent\.js$/ }, () => ({
      contents: 'export default function refused() { throw new Error("tooltips are text: renderMode richText"); }',
    }));
  },
};

const COMMON = {
  absWorkingDir: HERE,
  bundle: true,
  charset: "utf8",
  define: { "process.env.NODE_ENV": '"production"' },
  legalComments: "none",
  logLevel: "warning",
  minify: true,
  target: "es2022",
};

async function licences() {
  const texts = LICENCES.map(async ([title, paths]) => {
    const found = await Promise.all(paths.map((path) => readFile(join(HERE, "node_modules", path), "utf8")));
    return [title, "=".repeat(title.length), "", ...found.map((text) => `${text.trim()}\n`)].join("\n");
  });
  const intro = "Licences of what htmx.js and charts.js hold beside our own code, which is under Apache-2.0.\n";
  return [intro, ...(await Promise.all(texts))].join("\n").replace(/[ \t\r]+$/gm, "");
}

const target = resolve(process.argv[2]);
await build({ ...COMMON, entryPoints: ["htmx.js"], format: "iife", outfile: join(target, "htmx.js") });
await build({
  ...COMMON,
  entryPoints: ["charts.js"],
  format: "esm",
  outfile: join(target, "charts.js"),
  plugins: [textTooltipsOnly],
});
await writeFile(join(target, "LICENSES.txt"), await licences());
