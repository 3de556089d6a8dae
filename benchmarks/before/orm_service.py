"""The service as the predecessor meant it: FastAPI, a session a request, ORM entities, response models.

It holds to the same rules as the product, or the comparison would be unfair: keys are checked the same way,
row security is on, the row is committed before the answer, and the calculation is the product's own.
"""

from collections.abc import AsyncIterator
from datetime import date, datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import Depends, FastAPI, HTTPException, Request
from pydantic import BaseModel, ConfigDict
from sqlalchemy import ForeignKeyConstraint, text
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship

from vcci.database.ids import new_id
from vcci.edge.authentication import principal_in
from vcci.runtime.service import Service
from vcci.services.activity_request import ActivityRequest
from vcci.services.calculations import calculate


class Base(DeclarativeBase):
    """Entities of the existing tables."""


class RunMultiplier(Base):
    """A resolved multiplier."""

    __tablename__ = "run_multipliers"
    __table_args__ = ({"schema": "vcci"},)
    tenant_id: Mapped[UUID] = mapped_column(primary_key=True)
    run_id: Mapped[UUID] = mapped_column(primary_key=True)
    key: Mapped[int] = mapped_column(primary_key=True)
    activity: Mapped[str]
    region: Mapped[str]
    unit: Mapped[str]
    factor_id: Mapped[str]
    factor_name: Mapped[str]
    factor_unit: Mapped[str]
    pack: Mapped[str]
    method: Mapped[str]
    mg_co2e_per_unit: Mapped[float]


class Emission(Base):
    """A line."""

    __tablename__ = "emissions"
    __table_args__ = (
        ForeignKeyConstraint(
            ["tenant_id", "run_id", "multiplier_key"],
            ["vcci.run_multipliers.tenant_id", "vcci.run_multipliers.run_id", "vcci.run_multipliers.key"],
        ),
        {"schema": "vcci"},
    )
    tenant_id: Mapped[UUID] = mapped_column(primary_key=True)
    run_id: Mapped[UUID] = mapped_column(primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    row_number: Mapped[int]
    supplier_id: Mapped[UUID | None]
    scope3_category: Mapped[int]
    transaction_date: Mapped[date | None]
    multiplier_key: Mapped[int]
    amount: Mapped[float]
    co2e_mg: Mapped[int]
    notices: Mapped[str]
    multiplier: Mapped[RunMultiplier] = relationship(lazy="joined")


class Calculation(Base):
    """A calculation in the history."""

    __tablename__ = "calculations"
    __table_args__ = ({"schema": "vcci"},)
    tenant_id: Mapped[UUID] = mapped_column(primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    api_key_id: Mapped[UUID]
    created_at: Mapped[datetime] = mapped_column(server_default=text("now()"))
    scope3_category: Mapped[int | None]
    co2e_mg: Mapped[int | None]
    request: Mapped[str]
    reply: Mapped[str]


class FactorAnswer(BaseModel):
    """A multiplier as it is answered."""

    model_config = ConfigDict(from_attributes=True)
    activity: str
    region: str
    unit: str
    factor_id: str
    factor_name: str
    factor_unit: str
    pack: str
    method: str
    mg_co2e_per_unit: float


class EmissionAnswer(BaseModel):
    """A line as it is answered."""

    model_config = ConfigDict(from_attributes=True)
    id: UUID
    run_id: UUID
    row_number: int
    supplier_id: UUID | None
    scope3_category: int
    transaction_date: date | None
    amount: float
    co2e_mg: int
    notices: str
    multiplier: FactorAnswer


class CalculationAnswer(BaseModel):
    """A calculation as it is answered."""

    calculation_id: UUID
    id: str
    total_kg_co2e: str
    lines: list[dict[str, Any]]


def service_app(service: Service) -> FastAPI:
    """Return the naive application over the product's database."""
    engine = create_async_engine(
        service.pool.url.replace("postgresql://", "postgresql+asyncpg://"),
        pool_size=20,
        max_overflow=10,
        pool_pre_ping=True,
    )
    sessions = async_sessionmaker(engine, expire_on_commit=False)
    app = FastAPI()

    async def session(request: Request) -> AsyncIterator[AsyncSession]:
        principal = principal_in(request.scope)
        if principal is None:
            raise HTTPException(401)
        async with sessions() as opened:
            await opened.execute(text("SET LOCAL ROLE vcci_loader"))
            await opened.execute(
                text("SELECT set_config('vcci.tenant_id', :tenant, true)"),
                {"tenant": str(principal.tenant_id)},
            )
            yield opened

    Session = Annotated[AsyncSession, Depends(session)]  # noqa: N806

    @app.get("/api/v1/emissions/{run_id}/{line_id}", response_model=EmissionAnswer)
    async def emission(run_id: UUID, line_id: UUID, request: Request, opened: Session) -> Emission:
        principal = principal_in(request.scope)
        assert principal is not None
        found = await opened.get(Emission, (principal.tenant_id, run_id, line_id))
        if found is None:
            raise HTTPException(404)
        return found

    @app.post("/api/v1/calculator/calculate", response_model=CalculationAnswer)
    async def calculated(asked: ActivityRequest, request: Request, opened: Session) -> dict[str, Any]:
        principal = principal_in(request.scope)
        assert principal is not None
        answer = calculate([asked], calculator_for=service.calculator_for)[0]
        content = {"calculation_id": UUID(str(new_id())), **answer.as_json()}
        opened.add(
            Calculation(
                tenant_id=principal.tenant_id,
                id=content["calculation_id"],
                api_key_id=principal.key_id,
                scope3_category=asked.category,
                co2e_mg=answer.total_mg_co2e,
                request=asked.model_dump_json(exclude_defaults=True),
                reply=CalculationAnswer(**content).model_dump_json(),
            )
        )
        await opened.commit()
        return content

    return app
