import asyncio
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from tests.support.database import calculated, execute, ledger_read

from vcci.database.connections import connected
from vcci.database.load import store_run
from vcci.errors import DatabaseError, VcciError

SECRET = "hunter2"


async def refusal(url: str) -> VcciError:
    with pytest.raises(DatabaseError) as refused:
        async with connected(url):
            pass
    assert SECRET not in str(refused.value)
    assert refused.value.remedy
    return refused.value


async def test_server_that_is_away() -> None:
    assert (await refusal(f"postgresql://me:{SECRET}@127.0.0.1:1/db")).code == "database_away"
    assert (await refusal(f"postgresql://me:{SECRET}@no-such-host.invalid/db")).code == "database_away"


async def test_wrong_password(url: str) -> None:
    await execute(url, "DROP ROLE IF EXISTS needs_password")
    await execute(url, "CREATE ROLE needs_password LOGIN PASSWORD 'right'")
    asked = url.replace("postgres@", f"needs_password:{SECRET}@")
    assert (await refusal(asked)).code == "database_login_refused"
    async with connected(url.replace("postgres@", "needs_password:right@")) as connection:
        assert await connection.fetchval("SELECT 1") == 1


async def test_database_that_is_not_there(server_url: str) -> None:
    assert (await refusal(server_url.replace("/vcci?", "/nothing?"))).code == "database_not_there"


@pytest.mark.parametrize(
    "url", [f"mysql://me:{SECRET}@host/db", f"postgresql://me:{SECRET}@host:port/db", f"me:{SECRET}", ""]
)
async def test_url_that_cannot_be_read(url: str) -> None:
    assert (await refusal(url)).code == "database_url_invalid"


async def test_server_that_is_too_old_is_refused_with_the_reason() -> None:
    async with server_that_says("14.9") as port:
        error = await refusal(f"postgresql://me:{SECRET}@127.0.0.1:{port}/db?sslmode=disable")
    assert error.code == "database_too_old"
    assert "NULLS NOT DISTINCT" in str(error)


async def test_driver_prefixes_of_other_programs_are_understood(url: str) -> None:
    for prefix in ("postgres://", "postgresql+asyncpg://", "postgresql+psycopg://"):
        async with connected(url.replace("postgresql://", prefix)) as connection:
            assert await connection.fetchval("SELECT 1") == 1


def test_stored_run_says_where_it_is_without_the_password(empty_url: str, tmp_path: Path) -> None:
    run = calculated(tmp_path / "run")
    where = empty_url.replace("postgres@", f"postgres:{SECRET}@")
    lines = [
        store_run(run.inventory, ledger_read("run-1"), run.folder, url=where, tenant="local", packs=run.packs)
        for _ in range(2)
    ]
    assert lines[0].startswith("schema vcci, run ")
    assert SECRET not in lines[0]
    assert lines[1] == f"{lines[0]} (was there already)"


@asynccontextmanager
async def server_that_says(version: str) -> AsyncIterator[int]:
    """The start of PostgreSQL's protocol: no password asked, a version, ready."""

    def message(kind: bytes, body: bytes) -> bytes:
        return kind + struct.pack(">I", len(body) + 4) + body

    async def greet(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        (size,) = struct.unpack(">I", await reader.readexactly(4))
        await reader.readexactly(size - 4)
        writer.write(message(b"R", struct.pack(">I", 0)))
        for name, said in (("server_version", version), ("client_encoding", "UTF8")):
            writer.write(message(b"S", f"{name}\0{said}\0".encode()))
        writer.write(message(b"Z", b"I"))
        await reader.read()
        writer.close()

    server = await asyncio.start_server(greet, "127.0.0.1", 0)
    async with server:
        yield server.sockets[0].getsockname()[1]
