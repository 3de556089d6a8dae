"""Our tables as classes of SQLAlchemy, for applications that embed the toolkit.

They stand over the tables of schema.py and add none. Rows belong to tenants: ask for them in a
`tenant_session`. A relationship that was not asked for with the query is refused, never fetched one by one.
Lines, runs and calculations are written by the service alone; relationships cannot change anything.
"""

from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID

from sqlalchemy.orm import DeclarativeBase, Mapped, RelationshipProperty, foreign, relationship, remote

from vcci.database.schema import SCHEMA, metadata

TABLES: Final = {
    name: metadata.tables[f"{SCHEMA}.{name}"] for name in ("emissions", "suppliers", "runs", "calculations")
}


class Base(DeclarativeBase):
    """The classes over our tables."""

    metadata = metadata


class Supplier(Base):
    """A supplier of a tenant, by the ledger's own key."""

    __table__ = TABLES["suppliers"]

    if TYPE_CHECKING:
        tenant_id: Mapped[UUID]
        id: Mapped[UUID]
        source_key: Mapped[str]
        name: Mapped[str]
        duns_number: Mapped[str | None]
        lei_code: Mapped[str | None]
        country: Mapped[str]
        industry_code: Mapped[str]
        annual_spend_usd: Mapped[Decimal | None]
        status: Mapped[str]
        merged_into: Mapped[UUID | None]
        version: Mapped[int]
        created_at: Mapped[datetime]
        changed_at: Mapped[datetime | None]
        emissions: Mapped[list["Emission"]]


class Run(Base):
    """An inventory: its digest, counts and total in whole milligrams of CO2e."""

    __table__ = TABLES["runs"]

    if TYPE_CHECKING:
        tenant_id: Mapped[UUID]
        id: Mapped[UUID]
        digest: Mapped[str]
        import_id: Mapped[UUID]
        title: Mapped[str]
        year: Mapped[int | None]
        parameters: Mapped[Any]
        packs: Mapped[Any]
        rows: Mapped[int]
        lines: Mapped[int]
        excluded: Mapped[int]
        not_covered: Mapped[int]
        rejected: Mapped[int]
        total_mg_co2e: Mapped[int]
        inventory: Mapped[Any]
        successor_of: Mapped[str | None]
        created_at: Mapped[datetime]
        emissions: Mapped[list["Emission"]]


class Emission(Base):
    """A line of a run: amount, multiplier, whole milligrams of CO2e. A query names its run, or reads all."""

    __table__ = TABLES["emissions"]

    if TYPE_CHECKING:
        tenant_id: Mapped[UUID]
        run_id: Mapped[UUID]
        id: Mapped[UUID]
        row_number: Mapped[int]
        supplier_id: Mapped[UUID | None]
        scope3_category: Mapped[int]
        transaction_date: Mapped[date | None]
        multiplier_key: Mapped[int]
        amount: Mapped[float]
        co2e_mg: Mapped[int]
        emissions_tco2e: Mapped[Decimal]
        notices: Mapped[str]
        co2_mg: Mapped[int | None]
        ch4_mg_co2e: Mapped[int | None]
        n2o_mg_co2e: Mapped[int | None]
        biogenic_co2_mg: Mapped[int | None]
        supplier: Mapped[Supplier | None]
        run: Mapped[Run]


class Calculation(Base):
    """What was calculated by request, as it was asked and answered: JSON texts."""

    __table__ = TABLES["calculations"]

    if TYPE_CHECKING:
        tenant_id: Mapped[UUID]
        id: Mapped[UUID]
        api_key_id: Mapped[UUID]
        created_at: Mapped[datetime]
        scope3_category: Mapped[int | None]
        co2e_mg: Mapped[int | None]
        request: Mapped[str]
        reply: Mapped[str]


def _related(one: type[Base], column: str, *, to_lines: bool) -> RelationshipProperty[Any]:
    """Return the way between lines and what they name by (tenant_id, `column`): read only, asked for."""
    lines, others = TABLES["emissions"], one.__table__
    ends = [(lines.c.tenant_id, others.c.tenant_id), (lines.c[column], others.c.id)]
    pairs = [remote(foreign(a)) == b if to_lines else foreign(a) == remote(b) for a, b in ends]
    target = Emission if to_lines else one
    made: RelationshipProperty[Any] = relationship(
        target, primaryjoin=pairs[0] & pairs[1], viewonly=True, uselist=to_lines, lazy="raise"
    )
    return made


for _class, _column, _name in ((Supplier, "supplier_id", "supplier"), (Run, "run_id", "run")):
    _class.__mapper__.add_property("emissions", _related(_class, _column, to_lines=True))
    Emission.__mapper__.add_property(_name, _related(_class, _column, to_lines=False))
