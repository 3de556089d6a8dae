"""Report views by standard: what an inventory says of each thing that is asked for, and what it lacks."""

from collections.abc import Callable, Mapping
from typing import Final

from vcci.reports.standards import esrs_e1_6, ghg_protocol, ifrs_s2
from vcci.reports.standards.view import StandardReport
from vcci.services.reported import Reported

STANDARDS: Final[Mapping[str, Callable[[Reported], StandardReport]]] = {
    ghg_protocol.SLUG: ghg_protocol.report,
    esrs_e1_6.SLUG: esrs_e1_6.report,
    ifrs_s2.SLUG: ifrs_s2.report,
}
"""The views by the name that addresses and the command line use."""
