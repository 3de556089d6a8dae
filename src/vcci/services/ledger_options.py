"""How an uploaded ledger is to be read and calculated: what `vcci run` takes as options."""

from typing import Annotated, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from vcci.domain.factor import PriceBasis
from vcci.domain.mapping import Conventions, DateOrder, DecimalMark
from vcci.services.activity_request import WRITABLE
from vcci.services.json_values import NO_BOOLEAN

MOST_MAPPING = 1_000_000
"""Characters of a mapping file."""

PackNames = Annotated[
    str, StringConstraints(max_length=1_000, pattern=r"^([a-z0-9][a-z0-9.\-]*(,[a-z0-9][a-z0-9.\-]*)*)?$")
]
"""Packs that ship, by commas: never a folder, which would be one of this machine."""

Line = Annotated[str, StringConstraints(max_length=200, pattern=WRITABLE)]


Year = Annotated[int, Field(ge=1900, le=2200), NO_BOOLEAN]


MADE_WITH: Final = ("packs", "price_basis", "gwp")
"""The options that are of the factors, whatever the file; empty or left out is the default."""


class LedgerOptions(BaseModel):
    """What is known of a ledger; empty: found out from the file, and asked about where it stays ambiguous.

    `mapping` is the text of a mapping file (YAML); what else is given wins over it. `packs` are in order of
    preference.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    mapping: Annotated[str, StringConstraints(max_length=MOST_MAPPING, pattern=WRITABLE)] = ""
    title: Line = ""
    year: Year | Literal[""] = ""
    packs: PackNames = ""
    currency: Annotated[str, StringConstraints(pattern="^([A-Z]{3})?$")] = ""
    region: Annotated[str, StringConstraints(pattern="^([A-Z]{2})?$")] = ""
    decimal: DecimalMark | Literal[""] = ""
    date_order: DateOrder | Literal[""] = ""
    sheet: Line = ""
    header_row: Annotated[int, Field(ge=0, le=1_000_000), NO_BOOLEAN] | Literal[""] = ""
    encoding: Line = ""
    delimiter: Annotated[str, StringConstraints(max_length=3, pattern=WRITABLE)] = ""
    price_basis: PriceBasis = PriceBasis.PURCHASER
    gwp: Line = ""

    def pack_names(self) -> tuple[str, ...]:
        """Return the packs by name."""
        return tuple(self.packs.split(",")) if self.packs else ()

    def conventions(self) -> Conventions:
        """Return the answers to what would be asked otherwise."""
        return Conventions(
            decimal=self.decimal or None,
            date_order=self.date_order or None,
            encoding=self.encoding or None,
            delimiter="\t" if self.delimiter == "tab" else self.delimiter or None,
            header_row=None if self.header_row == "" else self.header_row,
            sheet=self.sheet or None,
        )


class OlderRun(BaseModel):
    """A run whose place another is to take: its id and digest, and the folder that its results lie in."""

    model_config = ConfigDict(frozen=True)

    run_id: str
    run_digest: str
    out: str


class LedgerTask(BaseModel):
    """The task of a job: which files, how, and into which folder; paths lie in the service's data folder.

    `older` is the run that is mended or recalculated; None where the run stands by itself.
    """

    model_config = ConfigDict(frozen=True)

    file_id: str
    file: str
    out: str
    options: LedgerOptions
    repairs: list[str] = []
    older: OlderRun | None = None
