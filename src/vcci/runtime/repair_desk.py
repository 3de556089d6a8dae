"""The desk where the rejected rows of a run are mended: their draft on disk, beside the file of the run.

A draft changes nothing until it is applied. It is of one run, and gone when another has taken its place. It
has two files: the rows as they were rejected, and what is mended of them, which is written whole each time.
"""

import fcntl
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from pydantic import TypeAdapter

from vcci.domain.review import Decision
from vcci.errors import InputError
from vcci.intake import load_mapping
from vcci.intake.limits import IntakeLimits
from vcci.intake.reject_groups import Fault
from vcci.intake.rejected import Rejected, RunInput, rejected_rows
from vcci.runtime.ledger_job import mapping_of
from vcci.runtime.ledgers import data_folder, limits_of
from vcci.runtime.recalculation import MAPPING, parameters_of
from vcci.runtime.repair_draft import Change, Draft, Intention, Mended, Step, changed
from vcci.runtime.repair_trial import Trial
from vcci.services.ledger_options import LedgerTask
from vcci.settings import Settings

MOST_ROWS: Final = 20_000
"""Rejected rows that a draft is of, the first of the run: more are seen when these are mended."""
MOST_STEPS: Final = 500
MOST_BYTES: Final = 64_000_000
"""Of what is mended."""

BASE: Final = "rejected.json"
MENDED: Final = "mended.json"
DRAFTS: Final = "drafts"
"""Folder of a file's drafts, each called by its run's job."""

REJECTS: Final = "rejects.csv"

_BASE: Final = TypeAdapter(Rejected)
_MENDED: Final = TypeAdapter(Mended)


@dataclass(frozen=True, slots=True)
class Desk:
    """Where the rejected rows of one run are mended: the folder of its draft, and what reads its rows.

    `listed` is its rejects.csv, `total` the number of its rejected rows.
    """

    folder: Path
    listed: Path
    run: RunInput
    total: int
    limits: IntakeLimits
    trial: Callable[[], Trial]

    def draft(self) -> Draft:
        """Return the draft; the first time, the run's files are read, and drafts of other runs go.

        Raises what reading the files raises.
        """
        if not (self.folder / BASE).is_file():
            self._lay_out()
        rejected = _BASE.validate_json((self.folder / BASE).read_bytes())
        path = self.folder / MENDED
        mended = _MENDED.validate_json(path.read_bytes()) if path.is_file() else Mended()
        return Draft(rejected, mended, self.total)

    @contextmanager
    def held(self, version: int) -> Iterator[Draft]:
        """Give the draft to change it, to one at a time; raises `InputError` if it has another version."""
        self.draft()
        with (self.folder / "lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            draft = self.draft()
            if draft.mended.version != version:
                raise InputError(
                    "The draft is another one than the page showed.",
                    remedy="Look at the rows again; nothing of this form was taken.",
                    code="repair_draft_changed",
                )
            yield draft

    def tried(self, draft: Draft, meant: Intention) -> Mapping[int, Fault]:
        """Return, by place, what would be wrong with rows; those that are left out are not asked about."""
        rows = draft.rejected.rows
        asked = {place: record for place, (record, left_out) in meant.items() if not left_out}
        records = {(rows[place].file, rows[place].line): record for place, record in asked.items()}
        faults = self.trial().faults(draft.rejected.readings, records)
        of_place = {place: faults.get((rows[place].file, rows[place].line)) for place in asked}
        return {place: fault for place, fault in of_place.items() if fault}

    def mend(self, version: int, told: str, meant: Callable[[Draft], Intention]) -> Step | None:
        """Take down what rows are meant to be, and return the step; None where no row becomes another one."""
        with self.held(version) as draft:
            others = changed(draft, meant(draft))
            if not others:
                return None
            faults = self.tried(draft, others)
            number = max((step.number for step in draft.mended.steps), default=0) + 1
            changes = {
                place: Change(record, left_out, faults.get(place), number)
                for place, (record, left_out) in others.items()
            }
            step = Step(number, told, len(others), len(others) - len(faults))
            self._write(draft, {**draft.mended.changes, **changes}, (*draft.mended.steps, step))
        return step

    def take_back(self, version: int, number: int) -> None:
        """Have the rows that a step was the last to change stand as they were rejected."""
        with self.held(version) as draft:
            changes = {p: change for p, change in draft.mended.changes.items() if change.step != number}
            steps = tuple(step for step in draft.mended.steps if step.number != number)
            self._write(draft, changes, steps)

    def _write(self, draft: Draft, changes: Mapping[int, Change], steps: tuple[Step, ...]) -> None:
        content = _MENDED.dump_json(Mended(draft.mended.version + 1, changes, steps))
        if len(content) > MOST_BYTES or len(steps) > MOST_STEPS:
            raise InputError(
                f"A draft holds at most {MOST_STEPS} steps and {MOST_BYTES:,} bytes.",
                remedy="Apply what is mended so far, and go on after that run.",
                code="repair_draft_full",
            )
        written = self.folder / f".{MENDED}"
        written.write_bytes(content)
        with written.open("rb") as file:
            os.fsync(file.fileno())
        written.replace(self.folder / MENDED)

    def _lay_out(self) -> None:
        """Read the rejected rows of the run, and put them where its draft is; drafts of other runs go."""
        drafts = self.folder.parent
        drafts.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".", dir=drafts) as scratch:
            folder, limits = Path(scratch), self.limits
            rejected = rejected_rows(self.listed, self.run, most=MOST_ROWS, limits=limits, folder=folder)
            written = folder / BASE
            written.write_bytes(_BASE.dump_json(rejected))
            self.folder.mkdir(exist_ok=True)
            written.replace(self.folder / BASE)
        for other in drafts.iterdir():
            if other != self.folder and not other.name.startswith("."):
                shutil.rmtree(other, ignore_errors=True)


def desk_of(
    settings: Settings,
    folder: Path,
    *,
    job: str,
    task: LedgerTask,
    rejected: int,
    decisions: Sequence[Decision],
) -> Desk:
    """Return the desk for the run of a job, whose file lies in a folder: where its draft is, too.

    `decisions` are those that the next run would hold to.
    """
    root, options = data_folder(settings), task.options
    results = root / task.out
    repairs = [root / name for name in task.repairs]
    return Desk(
        folder / DRAFTS / job,
        results / REJECTS,
        RunInput([root / task.file], mapping_of(options), repairs, options.year or None),
        rejected,
        limits_of(settings),
        lambda: Trial(settings, parameters_of(options), load_mapping(results / MAPPING), decisions),
    )
