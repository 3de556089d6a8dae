"""Charts that the server draws: layouts here, as plain numbers; templates/charts.html.jinja draws them.

Pages fill them with `Bar` and `Step`; fills differ by pattern as well as by colour.
"""

from vcci.web.charts.bars import Bar, bar_rows
from vcci.web.charts.bridge import Step, bridge_rows
from vcci.web.charts.heat_map import heat_cells
from vcci.web.charts.interval import interval_line
from vcci.web.charts.patterns import PATTERNS, SCORE_PATTERNS, chart_id, number_style
from vcci.web.charts.sparkline import spark_line

__all__ = [
    "PATTERNS",
    "SCORE_PATTERNS",
    "Bar",
    "Step",
    "bar_rows",
    "bridge_rows",
    "chart_id",
    "heat_cells",
    "interval_line",
    "number_style",
    "spark_line",
]
