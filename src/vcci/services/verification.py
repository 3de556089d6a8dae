"""What a run is verified by: the task of such a job, and what it comes to."""

from typing import Final

from pydantic import BaseModel, ConfigDict

VERIFICATION: Final = "verification"
"""The kind of a job that makes a run again and compares it with what is stored."""

MOST_TOLD: Final = 500
"""Files that are told of one by one; those that differ come first."""


class VerificationTask(BaseModel):
    """The run, and where its results lie; paths lie in the service's data folder.

    Without files it is made again from its classified rows: so is a recalculation, which was made so.
    """

    model_config = ConfigDict(frozen=True)

    run_id: str
    folder: str
    files: list[str] = []
    repairs: list[str] = []
