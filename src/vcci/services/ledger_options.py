"""How an uploaded ledger is to be read and calculated: what `vcci run` takes as options."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from vcci.domain.factor import PriceBasis
from vcci.domain.mapping import Conventions, DateOrder, DecimalMark
from vcci.services.activity_request import WRITABLE

MOST_MAPPING = 1_000_000
"""Characters of a mapping file."""

Line = Annotated[str, StringConstraints(max_length=200, pattern=WRITABLE)]


class LedgerOptions(BaseModel):
    """What is known of a ledger; empty: found out from the file, and asked about where it stays ambiguous.

    `mapping` is the text of a mapping file (YAML); what else is given wins over it.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    mapping: Annotated[str, StringConstraints(max_length=MOST_MAPPING, pattern=WRITABLE)] = ""
    title: Line = ""
    year: Annotated[int | None, Field(ge=1900, le=2200)] = None
    pack: Annotated[list[Line], Field(max_length=20)] = []
    currency: Annotated[str, StringConstraints(pattern="^([A-Z]{3})?$")] = ""
    region: Annotated[str, StringConstraints(pattern="^([A-Z]{2})?$")] = ""
    decimal: DecimalMark | None = None
    date_order: DateOrder | None = None
    sheet: Line | None = None
    header_row: Annotated[int | None, Field(ge=0, le=1_000_000)] = None
    encoding: Line | None = None
    delimiter: Annotated[str | None, StringConstraints(max_length=3, pattern=WRITABLE)] = None
    price_basis: PriceBasis = PriceBasis.PURCHASER
    gwp: Line = ""

    def conventions(self) -> Conventions:
        """Return the answers to what would be asked otherwise."""
        return Conventions(
            decimal=self.decimal,
            date_order=self.date_order,
            encoding=self.encoding,
            delimiter="\t" if self.delimiter == "tab" else self.delimiter,
            header_row=self.header_row,
            sheet=self.sheet,
        )


class LedgerTask(BaseModel):
    """The task of a job: which files, how, and into which folder; paths lie in the service's data folder."""

    model_config = ConfigDict(frozen=True)

    file_id: str
    file: str
    out: str
    options: LedgerOptions
    repairs: list[str] = []
