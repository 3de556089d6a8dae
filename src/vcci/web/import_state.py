"""Where an import stands: what was said of its file, what was seen in it, and which step comes next."""

import asyncio
from collections.abc import Mapping as Document
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final
from uuid import UUID

from vcci.database.decisions import newest_decision
from vcci.database.intake_store import IntakeFile, file_by_id
from vcci.database.job_store import Job, jobs_of_file
from vcci.database.mapping_store import KeptMapping, kept_mapping, of_file
from vcci.domain.access import Principal
from vcci.domain.mapping import Mapping
from vcci.edge.problems import ProblemError
from vcci.intake.look import is_proven
from vcci.intake.mapping_file import mapping_in, mapping_text
from vcci.runtime.import_look import ACCOUNTS, COLUMNS, CONVENTIONS, FILE, LAYOUT, PREVIEW, Order
from vcci.runtime.ledgers import data_folder
from vcci.runtime.looks import look
from vcci.runtime.service import Service
from vcci.runtime.uploads import Uploads
from vcci.services.ledger_options import MADE_WITH, LedgerOptions

SHOWN_JOBS: Final = 10

KEPT_OPTIONS: Final = ("title", "year", *MADE_WITH)

STEPS: Final[dict[str, str]] = {
    LAYOUT: "Sheet and header",
    COLUMNS: "Columns",
    CONVENTIONS: "Numbers, dates, currency",
    ACCOUNTS: "Accounts",
    PREVIEW: "Preview",
}
"""The steps in their order, by the last part of their address."""


@dataclass(frozen=True, slots=True)
class Step:
    """A step as it stands: `done`, `open` (to be answered), `later` (another comes first) or `skipped`."""

    name: str
    title: str
    path: str
    state: str


@dataclass(frozen=True, slots=True)
class ImportState:
    """An uploaded file on its way to a run; `look` is None while the file is still being read.

    `is_remembered` where nothing was said of this file, but of another one of its source.
    """

    file: IntakeFile
    kept: KeptMapping
    is_remembered: bool
    look: Document[str, Any] | None
    jobs: Sequence[Job]

    @property
    def path(self) -> str:
        """The address of the import."""
        return f"/import/{self.file.id}"

    @property
    def seen(self) -> Document[str, Any]:
        """What was seen; empty while the file is being read."""
        return self.look or {}

    @property
    def mapping(self) -> Mapping:
        """The mapping in force, as far as it is known."""
        return mapping_in(self.seen.get("mapping") or self.kept.mapping, "the mapping")

    @property
    def year(self) -> int:
        """The year that was said, 0 for none."""
        return int(self.kept.options.get("year") or 0)

    @property
    def options(self) -> LedgerOptions:
        """What a run of the file is made with, as far as it was said; empty is the default."""
        told = {name: self.kept.options[name] for name in MADE_WITH if self.kept.options.get(name)}
        title = str(self.kept.options.get("title", ""))
        return LedgerOptions(mapping=self.seen.get("mapping", ""), title=title, year=self.year or "", **told)

    @property
    def error(self) -> Document[str, Any] | None:
        """What keeps the look from seeing more."""
        return self.seen.get("error")

    @property
    def is_ready(self) -> bool:
        """Say whether nothing is open any more, so that a run can start."""
        return "preview" in self.seen

    @property
    def open_step(self) -> str:
        """The step at which a person has to answer; FILE for a file that cannot be read, empty for none."""
        if self.error:
            return str(self.error["step"])
        questions = self.seen.get("open", ())
        return next((step for step in STEPS if any(q["step"] == step for q in questions)), "")

    def with_options(self, mapping: str, **told: Any) -> KeptMapping:
        """Return what is to be kept of the file: a mapping, and what was said beside it before or now."""
        known = {"year": self.year, **{n: v for n, v in self.kept.options.items() if n in KEPT_OPTIONS}}
        return KeptMapping(mapping, {name: value for name, value in {**known, **told}.items() if value})

    def asked(self, step: str) -> list[Document[str, Any]]:
        """Return the questions of a step, answered or not."""
        return [question for question in self.seen.get("questions", ()) if question["step"] == step]

    def concerns(self, step: str) -> bool:
        """Say whether there is anything to say at a step."""
        if self.seen.get("is_classified") and step in (COLUMNS, CONVENTIONS, ACCOUNTS):
            return step == self.open_step
        if step == LAYOUT:
            told = self.mapping.conventions
            is_said = told.sheet or told.encoding or told.header_row is not None
            return bool(self.seen.get("has_choice") or is_said or self.open_step == LAYOUT)
        if step == CONVENTIONS:
            lacks_region = not self.seen.get("targets", {}).get("region", {}).get("names")
            return bool(self.asked(step) or self.open_step == step or lacks_region)
        return True

    def steps(self) -> list[Step]:
        """Return all steps as they stand."""
        return [Step(name, title, f"{self.path}/{name}", self._state(name)) for name, title in STEPS.items()]

    def after(self, step: str) -> str:
        """Return the address after a step: the next with anything to say, or what has to be said first."""
        names = list(STEPS)
        if self.look is None:
            return f"{self.path}/{names[names.index(step) + 1]}"
        if self.open_step == FILE:
            return self.path
        later = [name for name in names[names.index(step) + 1 :] if self.concerns(name)]
        if self.open_step and (not later or names.index(self.open_step) <= names.index(later[0])):
            return f"{self.path}/{self.open_step}"
        return f"{self.path}/{later[0]}" if later else self.path

    def before(self, step: str) -> str:
        """Return the address of the step before."""
        names = list(STEPS)
        earlier = [name for name in names[: names.index(step)] if self.concerns(name)]
        return f"{self.path}/{earlier[-1]}" if earlier else self.path

    def _state(self, step: str) -> str:
        names, blocked = list(STEPS), self.open_step
        if self.look is None or blocked == FILE:
            return "later"
        if step == blocked:
            return "open"
        if blocked and names.index(step) > names.index(blocked):
            return "later"
        return "done" if self.concerns(step) else "skipped"


async def import_state(service: Service, principal: Principal, file_id: UUID) -> ImportState:
    """Return where the import of a file stands, looking at it first; raises the problem of a missing one."""
    async with service.pool.transaction(principal.tenant_id) as tx:
        known = await file_by_id(tx, principal.tenant_id, file_id)
        if known is None:
            raise ProblemError("not_found")
        kept = await kept_mapping(tx, principal.tenant_id, of_file(file_id))
        jobs = await jobs_of_file(tx, principal.tenant_id, file_id, limit=SHOWN_JOBS)
        decided = await newest_decision(tx, principal.tenant_id)
    uploads = Uploads(data_folder(service.settings), principal.tenant_id)
    looking = Looking(
        service, principal.tenant_id, uploads.file(file_id, known.name), uploads.look(file_id), decided
    )
    seen = await looking.at(kept or KeptMapping(""))
    is_remembered = False
    if kept is None and seen and seen.get("source"):
        async with service.pool.transaction(principal.tenant_id) as tx:
            kept = await kept_mapping(tx, principal.tenant_id, seen["source"])
        if kept is not None:
            kept = _as_proven(kept, seen)
            is_remembered, seen = True, await looking.at(kept)
    return ImportState(known, kept or KeptMapping(""), is_remembered, seen, jobs)


def _as_proven(kept: KeptMapping, seen: Document[str, Any]) -> KeptMapping:
    """Return what was said of another file, without its encoding where this one's bytes prove their own."""
    mapping = mapping_in(kept.mapping, "the mapping")
    if not mapping.conventions.encoding or not is_proven(seen.get("peeks", ())):
        return kept
    free = replace(mapping, conventions=replace(mapping.conventions, encoding=None))
    return replace(kept, mapping=mapping_text(free))


@dataclass(frozen=True, slots=True)
class Looking:
    """Looks at one file of a tenant; `decided` is the number of their newest decision on texts."""

    service: Service
    tenant_id: UUID
    file: Path
    folder: Path
    decided: int

    async def at(self, kept: KeptMapping) -> Document[str, Any] | None:
        """Return what is seen under a mapping, None while the file is being read."""
        told = {name: str(kept.options[name]) for name in MADE_WITH if kept.options.get(name)}
        year = int(kept.options.get("year") or 0)
        order = Order(str(self.file), str(self.folder), kept.mapping, year=year, decided=self.decided, **told)
        await asyncio.to_thread(self.folder.mkdir, parents=True, exist_ok=True)
        return await look(self.service, self.tenant_id, order)
