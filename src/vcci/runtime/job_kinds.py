"""The kinds of jobs, and what does them; a worker is given the table, so that others can be added to it."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from vcci.runtime.job_at_work import Work
from vcci.runtime.job_child import in_own_process, report_in_own_process, verification_in_own_process
from vcci.services.report_requests import REPORT
from vcci.services.verification import VERIFICATION

LEDGER: Final = "ledger"
"""The files of a ledger are read, calculated and stored as a run."""

RECALCULATION: Final = "recalculation"
"""The same for files that have a run already, with other factors or options: a run beside the older one."""

KINDS: Final[Mapping[str, Work]] = MappingProxyType(
    {
        LEDGER: in_own_process,
        RECALCULATION: in_own_process,
        REPORT: report_in_own_process,
        VERIFICATION: verification_in_own_process,
    }
)
