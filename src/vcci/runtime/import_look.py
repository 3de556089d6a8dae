"""A look at an uploaded ledger in a process of its own: `python -m vcci.runtime.import_look`.

It takes its order as a line of JSON from standard input, and leaves what it saw as a file: what would be
asked, the columns, the accounts, and a dry run of the first rows, which hold to what people decided of texts
as a run does. What an earlier look has read is not read again.
"""

import hashlib
import json
import signal
import tempfile
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any, Final

from vcci import __version__
from vcci import settings as all_settings
from vcci.domain.factor import PriceBasis
from vcci.domain.mapping import Conventions, Mapping
from vcci.domain.review import Decided, Decision, decisions_told
from vcci.errors import InputError, MappingError, PackError, VcciError
from vcci.events import ignore
from vcci.intake.activity_table import is_activity_table, read_activities
from vcci.intake.front import RawTable, read_tables
from vcci.intake.ledger import ledger_of
from vcci.intake.look import (
    LAYOUT_QUESTIONS,
    Asked,
    FilePeek,
    asked,
    column_choices,
    has_choice,
    peek,
    source_of,
)
from vcci.intake.mapping_file import mapping_in, mapping_text
from vcci.parameters import load
from vcci.runtime.import_accounts import account_rows
from vcci.runtime.import_preview import preview
from vcci.runtime.job_lifeline import Lifeline
from vcci.runtime.ledgers import LedgerInput, LocalRooms, limits_of, local_rooms
from vcci.services.factors import Parameters
from vcci.services.ports import LedgerRead
from vcci.settings import Settings

FILE: Final = "file"
LAYOUT: Final = "sheet"
COLUMNS: Final = "columns"
CONVENTIONS: Final = "conventions"
ACCOUNTS: Final = "accounts"
PREVIEW: Final = "preview"
"""What a look may end at: a file that cannot be read, or the step whose answers are missing or do not fit."""

STEP_OF: Final = {"column_ambiguous": COLUMNS}
"""Step of a question by its code; all others are of the conventions."""

SHOWN_TABLES: Final = 100


@dataclass(frozen=True, slots=True)
class Order:
    """What to look at: a file and a folder for what is seen; the mapping as YAML, the year (0: none).

    `packs` (by commas), `price_basis` and `gwp` are those of a run. `decided` is the number of the newest
    decision on texts, of those that the look holds to.
    """

    file: str
    folder: str
    mapping: str = ""
    year: int = 0
    packs: str = ""
    price_basis: str = PriceBasis.PURCHASER.value
    gwp: str = ""
    decided: int = 0

    @property
    def name(self) -> str:
        """The name of the file with what is seen: another one for another order, or version of VCCI."""
        told = json.dumps([__version__, asdict(self) | {"folder": ""}])
        return f"look-{_digest(told)}.json"

    @property
    def parameters(self) -> Parameters:
        """What a run of this order would be asked to hold to."""
        packs = tuple(self.packs.split(",")) if self.packs else ()
        return Parameters(packs, self.year or None, PriceBasis(self.price_basis), self.gwp)

    def line(self, decisions: Sequence[Decision]) -> bytes:
        """Return the line by which a look is ordered, with the decisions that it holds to."""
        told = {"order": asdict(self), "decisions": [asdict(one) for one in decisions]}
        return json.dumps(told).encode() + b"\n"


def main() -> None:
    """Take one look."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # whoever asked is told to stop, and ends this process
    told = json.loads(Lifeline().order())
    order = Order(**told["order"])
    found = seen(all_settings.load(), order, decisions_told(told["decisions"]))
    write(Path(order.folder) / order.name, found)


def seen(settings: Settings, order: Order, decisions: Sequence[Decision] = ()) -> dict[str, Any]:
    """Return what a look sees, in plain values; what keeps it from seeing more is its `error`."""
    folder = Path(order.folder)
    folder.mkdir(parents=True, exist_ok=True)
    looking = _Looking(settings, order, decisions)
    try:
        looking.look()
    except VcciError as error:
        looking.seen["error"] = told(error, looking.step)
    except OSError as error:
        why = error.strerror or type(error).__name__
        looking.seen["error"] = told(
            InputError(
                f"The file cannot be read or looked at: {why}.",
                remedy="Make room in the data folder, or check its permissions.",
                code="job_files_refused",
            ),
            FILE,
        )
    return looking.seen


class _Looking:
    """One look; `step` is where it is."""

    def __init__(self, settings: Settings, order: Order, decisions: Sequence[Decision]) -> None:
        self._settings, self._order, self._decisions = settings, order, decisions
        self._folder = Path(order.folder)
        self.step = FILE
        self.seen: dict[str, Any] = {"error": None, "questions": [], "open": [], "mapping": order.mapping}

    def look(self) -> None:
        """Look as far as can be seen."""
        mapping = mapping_in(self._order.mapping, "the mapping")
        peeks = self._peeks(mapping.conventions)
        self.seen |= {"peeks": [asdict(one) for one in peeks], "source": source_of(peeks, ())}
        self.seen["has_choice"] = has_choice(peeks)
        tables = self._tables(mapping.conventions)
        self.seen |= {"tables": _tables_told(tables), "source": source_of(peeks, tables)}
        self.seen["is_classified"] = not mapping.columns and any(map(is_activity_table, tables))
        if self.seen["is_classified"]:
            self.step = COLUMNS
            self._try(mapping, partial(_activities, tables))
            return
        found = self._asked(tables, mapping)
        if not self.seen["open"]:
            self._try(found.survey.mapping, partial(_ledger, tables))

    def _peeks(self, conventions: Conventions) -> list[FilePeek]:
        layout = replace(conventions, header_row=None, sheet=None)
        path = self._folder / f"peek-{_digest(repr(layout))}.json"
        if (kept := read(path)) is not None:
            return [FilePeek(**one) for one in kept]
        limits = limits_of(self._settings)
        found = peek(Path(self._order.file), conventions=layout, limits=limits, folder=self._folder)
        write(path, [asdict(one) for one in found])
        return found

    def _tables(self, conventions: Conventions) -> list[RawTable]:
        """Return the raw tables, which are read once for each way to lay them out."""
        layout = replace(conventions, decimal=None, date_order=None)
        kept = self._folder / f"tables-{_digest(repr(layout))}"
        if (listed := read(kept / "tables.json")) is None:
            with tempfile.TemporaryDirectory(dir=self._folder, prefix=".tables-") as scratch:
                self._read_tables(layout, Path(scratch))
                if not kept.exists():
                    Path(scratch).rename(kept)
                    Path(scratch).mkdir()
            listed = read(kept / "tables.json") or []
        return [
            RawTable(**{**one, "path": kept / one["path"], "header": tuple(one["header"])}) for one in listed
        ]

    def _read_tables(self, layout: Conventions, folder: Path) -> None:
        try:
            limits = limits_of(self._settings)
            tables = read_tables([Path(self._order.file)], conventions=layout, limits=limits, folder=folder)
        except VcciError as error:
            self.step = LAYOUT if error.code in LAYOUT_QUESTIONS else FILE
            raise
        write(folder / "tables.json", [asdict(one) | {"path": one.path.name} for one in tables])

    def _asked(self, tables: Sequence[RawTable], mapping: Mapping) -> Asked:
        self.step = COLUMNS
        try:
            found = asked(tables, mapping)
        except MappingError:
            self.seen |= column_choices(tables, None)
            raise
        self.seen |= column_choices(tables, found.survey)
        self.seen["questions"] = [_question(one) for one in found.questions]
        self.seen["open"] = [_question(one) for one in found.survey.questions]
        self.seen["mapping"] = mapping_text(found.survey.mapping)
        if not self.seen["open"]:
            self.step = CONVENTIONS
        return found

    def _try(self, mapping: Mapping, read_into: Any) -> None:
        """Make the ledger frame, sum up its accounts, and try its first rows."""
        given = LedgerInput([Path(self._order.file)], mapping)
        try:
            rooms = local_rooms(self._settings, given, parameters=self._order.parameters, hook=ignore)
        except PackError:
            self.step = PREVIEW
            raise
        with tempfile.TemporaryDirectory(dir=self._folder, prefix=".ledger-") as scratch:
            ledger = Path(scratch) / "ledger.parquet"
            is_read: LedgerRead = read_into(rooms, ledger, year=self._order.year or None)
            self.step = ACCOUNTS
            if not is_read.is_classified:
                decided = Decided(self._decisions)
                self.seen["accounts"] = account_rows(ledger, mapping, rooms.broker, decided=decided)
            self.seen["preview"] = preview(rooms, ledger, is_read, decisions=self._decisions)


def _ledger(tables: Sequence[RawTable], rooms: LocalRooms, out: Path, *, year: int | None) -> LedgerRead:
    return ledger_of(tables, mapping=rooms.mapping, out=out, year=year)


def _activities(tables: Sequence[RawTable], rooms: LocalRooms, out: Path, *, year: int | None) -> LedgerRead:
    units = rooms.units or load.units(())
    return read_activities(tables, mapping=rooms.mapping, units=units, out=out, year=year)


def _tables_told(tables: Sequence[RawTable]) -> list[dict[str, Any]]:
    return [
        {"name": t.name, "kind": t.kind, "rows": t.rows, "columns": len(t.header), "found": t.found}
        for t in tables[:SHOWN_TABLES]
    ]


def _question(question: Any) -> dict[str, Any]:
    return {**asdict(question), "step": STEP_OF.get(question.code, CONVENTIONS)}


def told(error: VcciError, step: str) -> dict[str, Any]:
    """Return an error in plain values, with the step at which it is answered."""
    said = {"code": error.code, "what": error.what, "tried": list(error.tried), "remedy": error.remedy}
    return said | {"step": step}


def write(path: Path, what: Any) -> None:
    """Write plain values, which are there whole or not at all."""
    with tempfile.NamedTemporaryFile(
        "w", dir=path.parent, prefix=".", delete=False, encoding="utf-8"
    ) as file:
        json.dump(what, file, default=str)
    Path(file.name).replace(path)


def read(path: Path) -> Any:
    """Return plain values that were written, None where there are none."""
    try:
        return json.loads(path.read_bytes())
    except (FileNotFoundError, NotADirectoryError):
        return None


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:32]


if __name__ == "__main__":
    main()
