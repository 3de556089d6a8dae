"""A COPY ends when its connection does, wherever it stands."""

import asyncio
from collections.abc import Iterator
from datetime import date
from uuid import RFC_4122, UUID

import asyncpg
import polars as pl
import pytest
from tests.support.database import execute, until, value

from vcci.database.connections import Connection, connected, open_connection
from vcci.database.copying import copy_frames, copy_into
from vcci.database.ids import new_id, new_id_texts
from vcci.errors import DatabaseError

MANY = 200_000
"""Records that no buffer between here and the server holds."""

WAITS = "SELECT count(*) = 1 FROM pg_stat_activity WHERE query LIKE 'COPY%' AND wait_event_type = 'Lock'"
END = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE 'COPY%'"


def records(count: int) -> Iterator[tuple[int, str]]:
    return ((number, "x" * 100) for number in range(count))


@pytest.fixture
async def locked(url: str) -> str:
    await execute(url, "CREATE TABLE public.copied (number integer, told text)")
    return url


async def copy(connection: Connection, count: int) -> None:
    await copy_into(connection, "copied", schema="public", records=records(count))


async def test_a_copy_stores_its_records(locked: str) -> None:
    async with connected(locked) as connection:
        await copy(connection, 3)
        await copy(connection, 2)
    assert await value(locked, "SELECT count(*) FROM copied") == 5


async def test_a_copy_that_waits_for_room_ends_when_its_connection_is_lost(locked: str) -> None:
    holder = await open_connection(locked, is_for_pgbouncer=False)
    await holder.execute("BEGIN; LOCK TABLE copied IN SHARE MODE")
    connection = await open_connection(locked, is_for_pgbouncer=False)
    copying = asyncio.ensure_future(copy(connection, MANY))
    await until(locked, WAITS)
    await execute(locked, END)
    with pytest.raises(asyncpg.ConnectionDoesNotExistError, match="lost within a COPY"):
        await asyncio.wait_for(copying, 30)
    await holder.close()


async def test_losing_the_connection_within_a_copy_is_told_as_a_database_that_is_away(locked: str) -> None:
    holder = await open_connection(locked, is_for_pgbouncer=False)
    await holder.execute("BEGIN; LOCK TABLE copied IN SHARE MODE")

    async def lose() -> None:
        await until(locked, WAITS)
        await execute(locked, END)

    losing = asyncio.ensure_future(lose())
    with pytest.raises(DatabaseError) as refused:
        async with asyncio.timeout(30), connected(locked) as connection:
            await copy(connection, MANY)
    await losing
    assert refused.value.code == "database_away"
    await holder.close()


async def test_a_copy_that_is_cancelled_is_not_mistaken_for_a_lost_connection(locked: str) -> None:
    holder = await open_connection(locked, is_for_pgbouncer=False)
    await holder.execute("BEGIN; LOCK TABLE copied IN SHARE MODE")
    connection = await open_connection(locked, is_for_pgbouncer=False)
    copying = asyncio.ensure_future(copy(connection, MANY))
    await until(locked, WAITS)
    copying.cancel()
    with pytest.raises(asyncio.CancelledError):
        await copying
    await holder.close()
    await connection.close()


async def test_frames_are_copied_to_the_bit_with_nulls_and_odd_texts(url: str) -> None:
    columns = "id uuid, told text, amount double precision, co2e_mg bigint, day date, capital boolean"
    await execute(url, f"CREATE TABLE public.framed ({columns})")
    frame = pl.DataFrame(
        {
            "id": new_id_texts(6),
            "told": ["", None, 'say "x",\n\\N', "\\.", "ü\t", "NULL"],
            "amount": [0.1 + 0.2, None, 5e-324, -1.7976931348623157e308, -0.0, 1e16],
            "co2e_mg": [2**62, None, -(2**62), 0, 1, 2],
            "day": [date(1, 1, 1), None, *[date(9999, 12, 31)] * 4],
            "capital": [True, False, True, False, True, False],
        }
    )
    async with connected(url) as connection:
        await copy_frames(connection, "framed", schema="public", frames=[frame, frame], columns=frame.columns)
        rows = await connection.fetch("SELECT * FROM framed ORDER BY ctid")
    expected = [(UUID(found), *others) for found, *others in frame.rows()]
    assert [tuple(row) for row in rows] == expected * 2
    assert [str(row["amount"]) for row in rows][4] == "-0.0"


def test_ids_as_texts_are_of_version_7_and_rise_with_the_others() -> None:
    before, texts, after = new_id(), [UUID(text) for text in new_id_texts(1_000)], new_id()
    assert [UUID(str(before)), *texts, UUID(str(after))] == sorted({before, *texts, after}, key=str)
    assert {(one.version, one.variant) for one in texts} == {(7, RFC_4122)}
