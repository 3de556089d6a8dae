// ECharts with what hierarchies need and nothing else, and the drawing of the pages' tables.
import { SankeyChart, SunburstChart, TreemapChart } from "echarts/charts";
import { AriaComponent, TooltipComponent } from "echarts/components";
import { use } from "echarts/core";
import { SVGRenderer } from "echarts/renderers";

use([TreemapChart, SunburstChart, SankeyChart, AriaComponent, TooltipComponent, SVGRenderer]);

export { draw } from "./charts-glue/hierarchy.js";
