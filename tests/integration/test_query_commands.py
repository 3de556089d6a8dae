"""`vcci db indexes | explain | slow | doctor`, as a user runs them."""

import json
import os
import subprocess
import sys
from collections.abc import Callable

import pytest
from tests.support.database import execute, now, value

from vcci.database.connections import connected
from vcci.database.optimizations.doctor import Verdict, examined

Db = Callable[..., subprocess.CompletedProcess[str]]

FILLED = """
    INSERT INTO vcci.tenants (id, slug, name) VALUES (gen_random_uuid(), 'local', 'Local');
    INSERT INTO vcci.suppliers (tenant_id, id, source_key, name, country)
    SELECT t.id, gen_random_uuid(), n, 'Supplier ' || n, 'C' || n % 500
    FROM vcci.tenants t, generate_series(1, 5000) n;
    ANALYZE vcci.suppliers
"""


@pytest.fixture
def db(url: str) -> Db:
    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        environment = os.environ | {"DATABASE_URL": url, "COLUMNS": "160"}
        command = [sys.executable, "-m", "vcci", "db", *arguments]
        return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)

    return run


def verdicts(url: str) -> dict[str, Verdict]:
    async def found() -> list[Verdict]:
        async with connected(url) as connection:
            return await examined(connection)

    return {one.what: one for one in now(found())}


def test_indexes_are_shown_with_their_size_and_what_is_wrong(db: Db, url: str) -> None:
    now(execute(url, "CREATE INDEX again ON vcci.suppliers (tenant_id, name, id)"))
    done = db("indexes")
    assert (done.returncode, done.stderr) == (0, "")
    assert "the same as again" in next(
        line for line in done.stdout.splitlines() if "suppliers_by_name" in line
    )


def test_missing_index_is_told_and_built(db: Db, url: str) -> None:
    now(execute(url, "DROP INDEX vcci.idx_suppliers_lei"))
    assert "idx_suppliers_lei on suppliers" in db("indexes").stdout
    done = db("indexes", "--create", "--json")
    assert (done.returncode, json.loads(done.stdout)["missing"]) == (0, [])
    assert "idx_suppliers_lei: built" in done.stderr.splitlines()


def test_query_is_explained_with_proved_advice(db: Db, url: str) -> None:
    now(execute(url, FILLED))
    done = db("explain", "SELECT name FROM vcci.suppliers WHERE country = 'C7'")
    assert (done.returncode, done.stderr) == (0, "")
    assert "Seq Scan" in done.stdout
    assert "10 rows from 5,000 examined" in done.stdout
    assert "ON vcci.suppliers (tenant_id, country): the query touches" in done.stdout


def test_statement_that_writes_is_not_explained(db: Db, url: str) -> None:
    now(execute(url, FILLED))
    done = db("explain", "DELETE FROM vcci.suppliers")
    assert (done.returncode, "[explain_refused]" in done.stderr) == (3, True)
    assert now(value(url, "SELECT count(*) FROM vcci.suppliers")) == 5_000


def test_slow_queries_come_from_the_server_or_it_says_why_not(db: Db, url: str) -> None:
    now(execute(url, "DROP EXTENSION IF EXISTS pg_stat_statements"))
    assert "CREATE EXTENSION pg_stat_statements" in db("slow").stdout
    now(execute(url, "CREATE EXTENSION pg_stat_statements"))
    now(execute(url, "SELECT count(*), pg_sleep(0.01) FROM vcci.suppliers"))
    assert "SELECT count(*), pg_sleep($1) FROM vcci.suppliers" in db("slow").stdout


def test_doctor_finds_a_new_database_well(db: Db) -> None:
    done = db("doctor")
    assert (done.returncode, done.stderr) == (0, "")
    assert "fail" not in done.stdout
    assert {"version", "migrations", "connections"} <= set(done.stdout.split())


def test_doctor_fails_where_rows_could_leak(db: Db, url: str) -> None:
    now(execute(url, "ALTER TABLE vcci.suppliers NO FORCE ROW LEVEL SECURITY"))
    done = db("doctor")
    assert done.returncode == 1
    (told,) = (line for line in done.stdout.splitlines() if line.split()[:1] == ["fail"])
    assert "vcci.suppliers" in told


def test_database_without_schema_fails_and_is_told_what_to_do(empty_url: str) -> None:
    found = verdicts(empty_url)
    assert (found["migrations"].state, "Migrate" in found["migrations"].remedy) == ("fail", True)
    assert "row security" not in found


def test_faults_of_indexes_are_warnings(url: str) -> None:
    now(execute(url, "DROP INDEX vcci.idx_suppliers_lei; CREATE INDEX less ON vcci.jobs (tenant_id)"))
    found = verdicts(url)
    assert (found["indexes missing"].state, found["indexes missing"].told) == ("warn", "idx_suppliers_lei")
    assert (found["indexes twice"].state, found["indexes twice"].told) == ("warn", "less (as jobs_pkey)")


def test_dead_rows_and_tables_without_statistics_are_warnings(url: str) -> None:
    now(execute(url, "ALTER TABLE vcci.suppliers SET (autovacuum_enabled = off)"))
    now(execute(url, FILLED.replace("5000", "20000").replace("ANALYZE vcci.suppliers", "")))
    now(execute(url, "SELECT pg_stat_force_next_flush()"))
    assert "vcci.suppliers" in verdicts(url)["never analyzed"].told
    now(execute(url, "DELETE FROM vcci.suppliers WHERE source_key::int > 1000"))
    now(execute(url, "ANALYZE vcci.suppliers"))
    found = verdicts(url)
    assert (found["dead rows"].told, found["never analyzed"].state) == ("vcci.suppliers (19,000)", "ok")


def test_settings_that_lose_data_are_failures(url: str) -> None:
    async def found() -> dict[str, str]:
        async with connected(url) as connection:
            await connection.execute("SET synchronous_commit = off; SET jit = on")
            return {one.what: one.state for one in await examined(connection)}

    told = now(found())
    assert (told["synchronous_commit"], told["jit"], "fsync" in told) == ("warn", "warn", False)
