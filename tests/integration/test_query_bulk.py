"""Many rows are written in few round trips: all of them, or none."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession, create_async_engine
from tests.support.database import execute, value

from vcci.database.connections import Connection, connected
from vcci.database.optimizations import batch_insert_optimized, copy_records, insert_records
from vcci.database.tenants import Role, ensure_tenant, tenant_transaction
from vcci.errors import DatabaseError, InputError

TABLE = """
    CREATE SCHEMA "Odd Name";
    CREATE TABLE "Odd Name"."ta""ble" (
        id integer PRIMARY KEY, "na me" text NOT NULL DEFAULT 'none', told jsonb, kinds text[],
        day date, amount numeric(10, 2) CHECK (amount >= 0), twice integer GENERATED ALWAYS AS (id * 2) STORED
    )
"""
NAME = 'Odd Name.ta"ble'
ROWS = 'SELECT count(*) FROM "Odd Name"."ta""ble"'


@pytest.fixture
async def connection(url: str) -> AsyncIterator[Connection]:
    await execute(url, TABLE)
    async with connected(url) as found:
        yield found


def records(count: int, **others: Any) -> list[dict[str, Any]]:
    return [{"id": number, "na me": f"name {number}"} | others for number in range(1, count + 1)]


async def test_rows_are_written_in_batches_and_counted(connection: Connection, url: str) -> None:
    statements: list[str] = []
    connection.add_query_logger(lambda record: statements.append(record.query))
    assert await batch_insert_optimized(connection, NAME, records(2_500), batch_size=1_000) == 2_500
    assert sum("INSERT" in statement for statement in statements) <= 3
    assert await value(url, ROWS) == 2_500


async def test_columns_that_are_left_out_get_their_defaults(connection: Connection) -> None:
    assert await insert_records(connection, NAME, [{"id": 7, "told": {"a": [1, "x"]}}]) == 1
    row = await connection.fetchrow('SELECT * FROM "Odd Name"."ta""ble"')
    assert (row["na me"], row["told"], row["twice"]) == ("none", '{"a": [1, "x"]}', 14)  # type: ignore[index]


async def test_no_records_are_no_work(connection: Connection) -> None:
    assert await insert_records(connection, "nowhere", []) == 0


@pytest.mark.parametrize(("bad", "place"), [(None, 1), (-1, 1_713), ("no number", 2_499), (10**12, 1_000)])
async def test_bad_row_is_named_by_its_number_and_nothing_is_written(
    connection: Connection, url: str, bad: Any, place: int
) -> None:
    rows = records(2_500, amount=1)
    rows[place - 1] |= {"amount": bad} if bad is not None else {"na me": None}
    with pytest.raises(InputError, match=f"Row {place:,} ") as refused:
        await insert_records(connection, NAME, rows)
    assert refused.value.code == "bulk_row_refused"
    assert "name 1" not in str(refused.value)
    assert await value(url, ROWS) == 0


async def test_of_two_rows_with_one_key_the_second_is_named(connection: Connection) -> None:
    rows = [*records(30), {"id": 17, "na me": "again"}]
    with pytest.raises(InputError, match=r"Row 31 .*unique violation \(ta\"ble_pkey\)"):
        await insert_records(connection, NAME, rows)


async def test_transaction_that_is_open_stays_usable_after_a_bad_row(
    connection: Connection, url: str
) -> None:
    await connection.execute("BEGIN")
    assert await insert_records(connection, NAME, records(3)) == 3
    with pytest.raises(InputError):
        await insert_records(connection, NAME, records(5))
    assert await value(url, ROWS) == 0
    await connection.execute("COMMIT")
    assert await value(url, ROWS) == 3


@pytest.mark.parametrize(
    ("table", "row", "why"),
    [
        ("nowhere", {"id": 1}, "no table nowhere"),
        ('ta"ble; DROP TABLE x', {"id": 1}, "no table"),
        (NAME, {"id": 1, "na me) --": 1}, "no column na me"),
        (NAME, {"id": 1, "twice": 2}, "no column twice"),
        (NAME, {"id": 1, "kinds": ["a"]}, "holds arrays"),
    ],
)
async def test_names_that_are_not_in_the_catalogue_are_refused(
    connection: Connection, table: str, row: dict[str, Any], why: str
) -> None:
    with pytest.raises(InputError, match=why) as refused:
        await insert_records(connection, table, [row])
    assert refused.value.code == "bulk_target_unknown"


async def test_what_is_refused_beside_rows_is_told_as_of_the_database(url: str) -> None:
    async with connected(url) as connection:
        await connection.execute("SET ROLE vcci_app")
        with pytest.raises(DatabaseError) as refused:
            await insert_records(connection, "vcci.tenants", [{"slug": "a"}])
    assert refused.value.code == "database_rights_missing"


async def test_row_with_other_keys_is_named(connection: Connection) -> None:
    with pytest.raises(InputError, match=r"Row 3 has other columns than the first: day"):
        await insert_records(connection, NAME, [*records(2), *records(1, day=None)])


async def test_session_of_sqlalchemy_commits_or_rolls_back_what_was_written(
    connection: Connection, url: str
) -> None:
    engine = create_async_engine(url.replace("postgresql:", "postgresql+asyncpg:"))
    async with AsyncSession(engine) as session:
        assert await batch_insert_optimized(session, NAME, records(1_200, told={"a": 1}), 1_000) == 1_200
        await session.rollback()
        assert await batch_insert_optimized(session, NAME, records(3, told=None)) == 3
        await session.execute(text("SELECT 1"))
        await session.commit()
    await engine.dispose()
    assert await value(url, ROWS) == 3


async def test_tenants_rows_are_inserted_under_row_security_and_not_copied(url: str) -> None:
    async with connected(url) as connection:
        tenant = await ensure_tenant(connection, "acme")
        row = {"tenant_id": tenant, "id": tenant, "source_key": "k", "name": "n"}
        async with tenant_transaction(connection, tenant_id=tenant, role=Role.LOADER) as tx:
            assert await insert_records(tx, "suppliers", [row]) == 1
            with pytest.raises(InputError) as refused:
                await copy_records(tx, "suppliers", [tuple(row.values())], columns=list(row))
    assert refused.value.code == "bulk_copy_refused"
    assert await value(url, "SELECT count(*) FROM vcci.suppliers") == 1


async def test_copied_rows_are_counted_arrays_too(connection: Connection) -> None:
    rows = ((number, ["a", "b"]) for number in range(1_500))
    assert await copy_records(connection, NAME, rows, columns=["id", "kinds"]) == 1_500
    assert await connection.fetchval('SELECT kinds FROM "Odd Name"."ta""ble" LIMIT 1') == ["a", "b"]


@pytest.mark.parametrize(("bad", "number"), [((5, "again"), 41), (("x", "no number"), 41), ((50, None), 41)])
async def test_copied_row_that_is_bad_is_named_by_its_number(
    connection: Connection, url: str, bad: tuple[Any, ...], number: int
) -> None:
    rows = [*((n, "x") for n in range(40)), bad, *((n, "x") for n in range(60, 90))]
    with pytest.raises(InputError, match=f"Row {number} "):
        await copy_records(connection, NAME, rows, columns=["id", "na me"])
    assert await value(url, ROWS) == 0
