"""How lines and entries are told over HTTP: kilograms as exact decimal texts, milligrams as integers."""

from datetime import date, datetime
from typing import Any, Final
from uuid import UUID

import orjson
from fastapi import Response
from pydantic import BaseModel, ConfigDict, Field

from vcci.database.emissions_read import FoundLine, LineRow
from vcci.database.entry_store import EarlierVersion, Entry
from vcci.domain.display import exact_kilograms
from vcci.domain.finding import NOTICES
from vcci.edge.versions import etag_of

KEPT: Final = {
    "Cache-Control": "private, max-age=60",
    "Cache-Groups": '"emissions", "runs", "suppliers"',
}
"""Lines change with what is booked, with runs that come or replace others, and with suppliers' names."""


class Named(BaseModel):
    """A supplier."""

    id: UUID
    name: str


class FactorInUse(BaseModel):
    """The factor of a line, and the pack that it is from."""

    id: str
    name: str
    unit: str
    pack: str


class Notice(BaseModel):
    """What a reader should know of a line."""

    code: str
    meaning: str


class LineAnswer(BaseModel):
    """A line of the inventory; one of category 0 is stated apart, in no total."""

    id: UUID
    run_id: UUID
    row_number: int = Field(description="The row of the run that it is the line of.")
    category: int = Field(ge=0, le=15)
    transaction_date: date | None
    supplier: Named | None
    activity: str
    region: str
    method: str
    amount: float = Field(description="In the unit of the factor; money is in the factor's currency.")
    unit: str = Field(description="The unit that the activity was given in.")
    mg_co2e_per_unit: float
    emissions_kg_co2e: str = Field(examples=["195.739200"])
    emissions_mg_co2e: int
    gases_mg_co2e: dict[str, int] = Field(description="As CO2e, where the factor is published by gas.")
    biogenic_mg_co2: int | None
    factor: FactorInUse
    notices: list[Notice]


class OneLineAnswer(LineAnswer):
    """A line by itself, with the entry that it belongs to, and that entry's version."""

    entry_id: UUID | None = Field(description="None for a line of a run of files, which does not change.")
    version: int


class EntryLine(BaseModel):
    """A line of an entry, as it was calculated."""

    model_config = ConfigDict(extra="allow")

    id: UUID
    row_number: int
    category: int
    part: str
    emissions_kg_co2e: str
    emissions_mg_co2e: int


class EntryAnswer(BaseModel):
    """An activity as it was booked; `id` is what the caller named it."""

    id: str
    entry_id: UUID
    run_id: UUID
    version: int
    total_kg_co2e: str
    lines: list[EntryLine]


class VersionAnswer(BaseModel):
    """A version of an entry that a correction took the place of: when, and with which key."""

    version: int
    replaced_at: datetime
    replaced_by_key_id: UUID
    request: dict[str, Any]
    reply: EntryAnswer


def line_as_json(row: LineRow) -> dict[str, Any]:
    """Return a line in plain values, as `LineAnswer` says."""
    gases = {"CO2": row.co2_mg, "CH4": row.ch4_mg_co2e, "N2O": row.n2o_mg_co2e}
    codes = dict.fromkeys(filter(None, f"{row.factor_notices};{row.notices}".split(";")))
    return {
        "id": str(row.id),
        "run_id": str(row.run_id),
        "row_number": row.row_number,
        "category": row.category,
        "transaction_date": row.transaction_date,
        "supplier": row.supplier_id and {"id": str(row.supplier_id), "name": row.supplier},
        "activity": row.activity,
        "region": row.region,
        "method": row.method,
        "amount": row.amount,
        "unit": row.unit,
        "mg_co2e_per_unit": row.mg_co2e_per_unit,
        "emissions_kg_co2e": exact_kilograms(row.co2e_mg),
        "emissions_mg_co2e": row.co2e_mg,
        "gases_mg_co2e": {gas: mg for gas, mg in gases.items() if mg is not None},
        "biogenic_mg_co2": row.biogenic_co2_mg,
        "factor": {
            "id": row.factor_id,
            "name": row.factor_name,
            "unit": row.factor_unit,
            "pack": row.pack,
        },
        "notices": [{"code": code, "meaning": NOTICES[code]} for code in codes],
    }


def line_response(found: FoundLine) -> Response:
    """Return the answer with a line by itself, as `OneLineAnswer` says."""
    entry_id = found.entry_id and str(found.entry_id)
    content = orjson.dumps({**line_as_json(found.row), "entry_id": entry_id, "version": found.version})
    headers = {"ETag": etag_of(found.version), **KEPT}
    return Response(content, media_type="application/json", headers=headers)


def version_as_json(earlier: EarlierVersion) -> dict[str, Any]:
    """Return an earlier version in plain values, as `VersionAnswer` says."""
    return {
        "version": earlier.version,
        "replaced_at": earlier.created_at,
        "replaced_by_key_id": str(earlier.api_key_id),
        "request": orjson.loads(earlier.request),
        "reply": orjson.loads(earlier.reply),
    }


def line_ids_of(entry: Entry) -> list[UUID]:
    """Return the ids of an entry's lines, in their order."""
    return [UUID(line["id"]) for line in orjson.loads(entry.reply)["lines"]]
