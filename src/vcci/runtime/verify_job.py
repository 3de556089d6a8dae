"""A run's verification in a process of its own: `python -m vcci.runtime.verify_job`.

It takes its order and tells its steps as `ledger_job` does. It changes nothing, so an attempt that was
interrupted is begun again.
"""

import json
import signal
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from vcci import settings as all_settings
from vcci.errors import VcciError
from vcci.events import Hook
from vcci.runtime.job_failures import files_refused
from vcci.runtime.job_lifeline import Lifeline
from vcci.runtime.ledger_job import say, telling
from vcci.runtime.verification import Verification
from vcci.services.verification import VerificationTask
from vcci.settings import Settings


@dataclass(frozen=True, slots=True)
class VerificationOrder:
    """Whose run is verified, and the task."""

    tenant_id: UUID
    task: VerificationTask

    @classmethod
    def of(cls, line: bytes) -> "VerificationOrder":
        """Return the order of a line."""
        told = json.loads(line)
        return cls(UUID(told["tenant_id"]), VerificationTask.model_validate(told["task"]))


def main() -> None:
    """Do one job."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the worker is told to stop, and ends this process
    lifeline = Lifeline()
    order = VerificationOrder.of(lifeline.order())
    say({"stage": "verify", "rows_done": 0, "rows": None})
    say(outcome_of(all_settings.load(), order, hook=telling(say, lifeline)))


def outcome_of(settings: Settings, order: VerificationOrder, *, hook: Hook) -> dict[str, Any]:
    """Verify a run, and return what became of it."""
    try:
        return {"outcome": Verification(settings, order.tenant_id, order.task, hook).outcome()}
    except OSError as error:
        return {"outcome": {"error": files_refused(error).told()}}
    except VcciError as error:
        told = {"code": error.code, "what": error.what, "tried": list(error.tried), "remedy": error.remedy}
        return {"outcome": {"error": told}}


if __name__ == "__main__":
    main()
