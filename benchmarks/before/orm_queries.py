"""Queries as they are first written: ORM entities, what belongs to them loaded when it is touched, GROUP BY.

Over the product's own tables with all their indexes, under the same row security, through SQLAlchemy's pool.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, TypeVar
from uuid import UUID

from sqlalchemy import BigInteger, ForeignKeyConstraint, SmallInteger, Text, func, select, text
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column, relationship

T = TypeVar("T")

BECOME = text("SELECT set_config('role', :role, true), set_config('vcci.tenant_id', :tenant, true)")


class Base(DeclarativeBase):
    """Entities of the existing tables."""


class Supplier(Base):
    """A supplier."""

    __tablename__ = "suppliers"
    __table_args__ = ({"schema": "vcci"},)
    tenant_id: Mapped[UUID] = mapped_column(primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(Text)


class Run(Base):
    """A run."""

    __tablename__ = "runs"
    __table_args__ = ({"schema": "vcci"},)
    tenant_id: Mapped[UUID] = mapped_column(primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    title: Mapped[str] = mapped_column(Text)


class Multiplier(Base):
    """A resolved multiplier."""

    __tablename__ = "run_multipliers"
    __table_args__ = ({"schema": "vcci"},)
    tenant_id: Mapped[UUID] = mapped_column(primary_key=True)
    run_id: Mapped[UUID] = mapped_column(primary_key=True)
    key: Mapped[int] = mapped_column(primary_key=True)
    factor_name: Mapped[str] = mapped_column(Text)
    unit: Mapped[str] = mapped_column(Text)


class Line(Base):
    """A line."""

    __tablename__ = "emissions"
    __table_args__ = (
        ForeignKeyConstraint(
            ["tenant_id", "run_id", "multiplier_key"],
            ["vcci.run_multipliers.tenant_id", "vcci.run_multipliers.run_id", "vcci.run_multipliers.key"],
        ),
        ForeignKeyConstraint(["tenant_id", "supplier_id"], ["vcci.suppliers.tenant_id", "vcci.suppliers.id"]),
        {"schema": "vcci"},
    )
    tenant_id: Mapped[UUID] = mapped_column(primary_key=True)
    run_id: Mapped[UUID] = mapped_column(primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    row_number: Mapped[int] = mapped_column(BigInteger)
    supplier_id: Mapped[UUID | None]
    scope3_category: Mapped[int] = mapped_column(SmallInteger)
    transaction_date: Mapped[date | None]
    multiplier_key: Mapped[int]
    amount: Mapped[float]
    co2e_mg: Mapped[int] = mapped_column(BigInteger)
    notices: Mapped[str] = mapped_column(Text)
    multiplier: Mapped[Multiplier] = relationship(lazy="select", viewonly=True)
    supplier: Mapped[Supplier | None] = relationship(lazy="select", viewonly=True)


Found = tuple[UUID, int, str, str | None]
"""A line: its id, its mg CO2e, the names of its factor and of its supplier."""


@dataclass(frozen=True, slots=True)
class Naive:
    """A tenant's queries; each begins a session, sets role and tenant, and ends with a commit."""

    engine: AsyncEngine
    tenant_id: UUID
    run_id: UUID

    async def line(self, line_id: UUID) -> Found:
        """Return a line by its id."""

        def work(session: Session) -> Found:
            query = select(Line).where(Line.tenant_id == self.tenant_id, Line.id == line_id)
            return _found(session.execute(query).scalar_one())

        return await self.within(work)

    async def page(self, before: UUID, limit: int) -> list[Found]:
        """Return lines before an id, the last first."""

        def work(session: Session) -> list[Found]:
            query = select(Line).where(
                Line.tenant_id == self.tenant_id, Line.run_id == self.run_id, Line.id < before
            )
            lines = session.execute(query.order_by(Line.id.desc()).limit(limit)).scalars()
            return [_found(line) for line in lines]

        return await self.within(work)

    async def by_month(self, first: date | None, last: date | None) -> dict[tuple[str, int], tuple[int, int]]:
        """Return lines and mg CO2e by month and category."""
        month = func.to_char(func.date_trunc("month", Line.transaction_date), "YYYY-MM")
        query = (
            select(month, Line.scope3_category, func.count(), func.sum(Line.co2e_mg))
            .where(Line.tenant_id == self.tenant_id, Line.run_id == self.run_id)
            .group_by(month, Line.scope3_category)
        )
        if first and last:
            query = query.where(Line.transaction_date.between(first, last))
        rows = await self.within(lambda session: session.execute(query).all())
        return {(month, category): (lines, int(mg)) for month, category, lines, mg in rows}

    async def months(self) -> dict[str, int]:
        """Return mg CO2e by month."""
        month = func.to_char(func.date_trunc("month", Line.transaction_date), "YYYY-MM")
        query = (
            select(month, func.count(), func.sum(Line.co2e_mg))
            .where(Line.tenant_id == self.tenant_id, Line.run_id == self.run_id)
            .group_by(month)
        )
        rows = await self.within(lambda session: session.execute(query).all())
        return {named: int(mg) for named, _, mg in rows}

    async def top_suppliers(self, first: date, last: date, *, most: int) -> list[tuple[int, str, int]]:
        """Return category, name and mg CO2e of the largest suppliers by category."""
        total = func.sum(Line.co2e_mg)
        query = (
            select(Line.scope3_category, Supplier.name, total)
            .join(Run, (Run.tenant_id == Line.tenant_id) & (Run.id == Line.run_id))
            .join(Supplier, (Supplier.tenant_id == Line.tenant_id) & (Supplier.id == Line.supplier_id))
            .where(Line.tenant_id == self.tenant_id, Run.id == self.run_id)
            .where(Line.transaction_date.between(first, last))
            .group_by(Line.scope3_category, Supplier.id, Supplier.name)
            .order_by(total.desc())
            .limit(most)
        )
        rows = await self.within(lambda session: session.execute(query).all())
        return [(category, name, int(mg)) for category, name, mg in rows]

    async def add_all(self, lines: Sequence[dict[str, Any]]) -> None:
        """Add lines as entities."""
        entities = [Line(**line) for line in lines]
        await self.within(lambda session: session.add_all(entities), role="vcci_loader")

    async def within(self, work: Callable[[Session], T], *, role: str = "vcci_app") -> T:
        """Do work in a session of the tenant, as synchronous code does it."""
        async with AsyncSession(self.engine) as session:
            await session.execute(BECOME, {"role": role, "tenant": str(self.tenant_id)})
            found = await session.run_sync(work)
            await session.commit()
            return found


def _found(line: Line) -> Found:
    supplier = line.supplier.name if line.supplier else None
    return line.id, line.co2e_mg, line.multiplier.factor_name, supplier
