"""The published integration examples for lists by cursor and for kept answers; only imports are ours."""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any, Optional

import httpx2
import pytest
from fastapi import Depends, FastAPI
from pydantic import BaseModel
from redis.asyncio import Redis
from sqlalchemy import DateTime, Numeric, select
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
from tests.support.valkey import running_valkey

from vcci.toolkit import (
    CacheInvalidator,
    CursorPaginator,
    PaginationParams,
    ResponseCacheMiddleware,
    create_paginated_response,
)


class Base(DeclarativeBase):
    """Tables of an application."""


class Emission(Base):
    """Rows with many equal times, so that only the key tells them apart."""

    __tablename__ = "application_emissions"
    id: Mapped[int] = mapped_column(primary_key=True)
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    emissions_tco2e: Mapped[float] = mapped_column(Numeric)


class EmissionCreate(BaseModel):
    """A new row."""

    emissions_tco2e: float


ROWS = 237
START = datetime(2024, 1, 1, tzinfo=UTC)


@asynccontextmanager
async def sessions(url: str) -> AsyncIterator[async_sessionmaker[AsyncSession]]:
    """Give sessions over a database with ROWS rows, ten at each time."""
    engine = create_async_engine(url.replace("postgresql://", "postgresql+asyncpg://"))
    async with engine.begin() as connection:
        await connection.run_sync(Base.metadata.create_all)
    made = async_sessionmaker(engine)
    async with made.begin() as session:
        times = [START + timedelta(days=(number * 7 % ROWS) // 10) for number in range(ROWS)]
        session.add_all(
            Emission(id=number, created_at=time, emissions_tco2e=number) for number, time in enumerate(times)
        )
    yield made
    await engine.dispose()


def paged_application(made: async_sessionmaker[AsyncSession], monkeypatch: pytest.MonkeyPatch) -> FastAPI:
    app = FastAPI()
    monkeypatch.setenv("VCCI_SECRET", "a secret of the tests, long enough")

    async def get_db() -> AsyncIterator[AsyncSession]:
        async with made() as session:
            yield session

    paginator = CursorPaginator(
        cursor_fields=["created_at", "id"],
        default_limit=100
    )  # fmt: skip

    @app.get("/api/v1/emissions")
    async def get_emissions(  # type: ignore[no-untyped-def]
        cursor: Optional[str] = None,  # noqa: UP045
        limit: int = 100,
        db: AsyncSession = Depends(get_db)  # noqa: B008
    ):  # fmt: skip
        params = PaginationParams(cursor=cursor, limit=limit)
        query = select(Emission)

        result = await paginator.paginate(
            session=db,
            query=query,
            model_class=Emission,
            params=params
        )  # fmt: skip

        return create_paginated_response(
            data=result.data,
            page_info=result.page_info,
            base_url="/api/v1/emissions",
            params={"cursor": cursor, "limit": limit}
        )  # fmt: skip

    return app


def client_of(app: Any) -> httpx2.AsyncClient:
    return httpx2.AsyncClient(transport=httpx2.ASGITransport(app), base_url="http://127.0.0.1")


async def walk(client: httpx2.AsyncClient, link: str, rel: str) -> list[list[int]]:
    pages = []
    while link:
        page = (await client.get(link)).json()
        pages.append([row["id"] for row in page["data"]])
        link = page["links"].get(rel, "")
    return pages


@pytest.mark.parametrize("limit", [1, 10, 100, 1000])
async def test_pages_by_cursor_give_each_row_once_both_ways(
    url: str, limit: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with sessions(url) as made, client_of(paged_application(made, monkeypatch)) as client:
        forward = await walk(client, f"/api/v1/emissions?limit={limit}", "next")
        async with made() as session:
            order = (Emission.created_at.desc(), Emission.id.desc())
            plain = [row.id for row in (await session.execute(select(Emission).order_by(*order))).scalars()]
        seen = [one for page in forward for one in page]
        assert seen == plain
        last = (await client.get(await link_of_page(client, limit, len(forward)))).json()
        back = await walk(client, last["links"].get("prev", ""), "prev")
    assert [one for page in reversed(back) for one in page] + forward[-1] == plain


async def link_of_page(client: httpx2.AsyncClient, limit: int, number: int) -> str:
    link = f"/api/v1/emissions?limit={limit}"
    for _ in range(number - 1):
        link = (await client.get(link)).json()["links"]["next"]
    return link


async def test_cursor_that_was_altered_gets_400(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    async with sessions(url) as made, client_of(paged_application(made, monkeypatch)) as client:
        cursor = (await client.get("/api/v1/emissions?limit=5")).json()["page_info"]["end_cursor"]
        altered = cursor[:-1] + ("A" if cursor[-1] != "A" else "B")
        assert (await client.get("/api/v1/emissions", params={"cursor": altered})).status_code == 400


@pytest.fixture
def valkey() -> Iterator[str]:
    with running_valkey() as running:
        yield running


async def test_kept_answers_are_dropped_when_data_change(valkey: str) -> None:
    stored: list[float] = [1.0]
    app = FastAPI()

    async def create_in_db(emission: EmissionCreate) -> dict[str, float]:
        stored.append(emission.emissions_tco2e)
        return {"emissions_tco2e": emission.emissions_tco2e}

    redis = Redis.from_url(f"{valkey}/1")

    app.add_middleware(
        ResponseCacheMiddleware,
        redis_client=redis,
        default_strategy="short",
        cache_prefix="vcci_api_cache"
    )  # fmt: skip

    invalidator = CacheInvalidator(redis, cache_prefix="vcci_api_cache")

    @app.get("/api/v1/emissions")
    async def emissions() -> list[float]:
        return stored

    @app.post("/api/v1/emissions")
    async def create_emission(emission: EmissionCreate):  # type: ignore[no-untyped-def]
        db_emission = await create_in_db(emission)

        # Invalidate related cache entries
        await invalidator.invalidate_by_path("/api/v1/emissions")

        return db_emission

    async with client_of(app) as client:
        pages = [await client.get("/api/v1/emissions?limit=5") for _ in range(2)]
        assert [page.headers["cache-status"].partition(";")[2][:4] for page in pages] == [" fwd", " hit"]
        await client.post("/api/v1/emissions", json={"emissions_tco2e": 2.5})
        assert (await client.get("/api/v1/emissions?limit=5")).json() == [1.0, 2.5]
    await redis.aclose()


async def test_answers_to_credentials_are_not_kept_by_a_named_strategy(valkey: str) -> None:
    redis = Redis.from_url(valkey)
    app = FastAPI()
    app.add_middleware(ResponseCacheMiddleware, redis_client=redis, default_strategy="short")

    @app.get("/mine")
    async def mine() -> str:
        return "of a tenant"

    async with client_of(app) as client:
        for headers in ({"Authorization": "Bearer a"}, {"X-API-Key": "b"}, {"Cookie": "c=d"}):
            answers = [await client.get("/mine", headers=headers) for _ in range(2)]
            assert not any("hit" in answer.headers.get("cache-status", "") for answer in answers), headers
    await redis.aclose()
