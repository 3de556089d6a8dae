"""A job's chunks: what is done stays done, and what comes of them is what a run in one piece leaves."""

import asyncio
import hashlib
from collections.abc import AsyncIterator
from pathlib import Path

import asyncpg
import pytest
import pytest_asyncio
from tests.kill.books import books_of, stray_tables
from tests.support.database import calculated, execute, footprint, value
from tests.support.jobs import claimed, held_by, job, ledger_service, queued, until, until_over, writing
from tests.support.ledgers import ledger_row

from vcci import runtime
from vcci.concurrency import failpoints
from vcci.database.connections import connected
from vcci.database.ids import new_id
from vcci.database.job_chunks import (
    Chunk,
    JobCancelledError,
    JobLostError,
    done_chunks,
    end_older_holders,
    finish_chunk,
)
from vcci.database.job_leases import HeldJob
from vcci.database.job_save import ROWS, StagedSave
from vcci.database.job_store import call_off_job
from vcci.database.run_save import RunFiles
from vcci.database.run_store import run_store
from vcci.database.tenants import leaks
from vcci.domain.mapping import answered
from vcci.events import Event, ignore
from vcci.runtime import job_worker
from vcci.runtime.ledger_job import mapping_of
from vcci.runtime.service import Service
from vcci.services.factors import Parameters
from vcci.services.ledger_options import LedgerOptions
from vcci.services.runs import RunRequest

OXFORD = Path(__file__).parents[2] / "examples" / "oxford-city-council"
LEDGER = b"".join((OXFORD / "spend.csv").read_bytes().splitlines(keepends=True)[:1_001])
OPTIONS = {"mapping": (OXFORD / "mapping.yaml").read_text()}


@pytest_asyncio.fixture
async def service(url: str, data_dir: Path) -> AsyncIterator[Service]:
    """A service with the first thousand rows of a real ledger, and nobody who does its jobs."""
    async with ledger_service(url, data_dir, LEDGER) as service:
        yield service


async def held_job(service: Service) -> HeldJob:
    await queued(service)
    found = await claimed(service, new_id())
    assert found is not None
    return held_by(service, found)


def rows(count: int) -> list[dict[str, object]]:
    made = [ledger_row(n, quantity=str(n), supplier=f"S{n % 7}") for n in range(1, count + 1)]
    return [row | {"exclusion": "tax"} if n % 10 == 0 else row for n, row in enumerate(made, 1)]


async def stored(service: Service, held: HeldJob, run: RunFiles, *, chunk_rows: int = 10) -> None:
    async with connected(service.pool.url) as connection:
        await StagedSave(connection, held, run, chunk_rows=chunk_rows).everything()


async def clean(service: Service, folder: Path, tenant: str = "clean") -> dict[str, str]:
    """Run the ledger as `vcci run` does, and return its books."""
    options = LedgerOptions.model_validate(OPTIONS)
    await asyncio.to_thread(
        runtime.run_ledger,
        service.settings.model_copy(update={"tenant": tenant}),
        RunRequest("", dry_run=False, parameter_digests=runtime.parameter_digests()),
        paths=[folder.parent / "ledger.csv"],
        mapping=answered(mapping_of(options), options.conventions(), currency="", region=""),
        parameters=Parameters((), None, options.price_basis, ""),
        out=folder,
        hook=ignore,
    )
    return await books_of(service.pool.url, tenant)


def files_of(folder: Path) -> dict[str, str]:
    found = {str(path.relative_to(folder)): path for path in folder.rglob("*") if path.is_file()}
    return {name: hashlib.sha256(path.read_bytes()).hexdigest() for name, path in sorted(found.items())}


async def test_run_in_chunks_holds_what_a_run_in_one_piece_does(service: Service, tmp_path: Path) -> None:
    run = calculated(tmp_path / "run", rows(95))
    await stored(service, await held_job(service), run)
    async with run_store(service.pool.url, tenant="clean") as store:
        await store.save(run)
    assert await books_of(service.pool.url, "local") == await books_of(service.pool.url, "clean")
    assert await value(service.pool.url, "SELECT count(*) FROM vcci.job_chunks WHERE stage = 'rows'") == 10


async def test_save_that_dies_at_any_chunk_goes_on_after_it(service: Service, tmp_path: Path) -> None:
    run, held, seen = calculated(tmp_path / "run", rows(95)), await held_job(service), []

    def dying(event: Event) -> None:
        seen.append(event)
        if len(seen) < 9:
            raise RuntimeError("killed")

    for _ in range(8):
        async with connected(service.pool.url) as connection:
            saving = StagedSave(connection, held, run, dying, 10)
            with pytest.raises(RuntimeError):
                await saving.everything()
    await stored(service, held, run)
    async with run_store(service.pool.url, tenant="clean") as store:
        await store.save(run)
    assert await books_of(service.pool.url, "local") == await books_of(service.pool.url, "clean")
    assert await stray_tables(service.pool.url) == 0


async def begun(service: Service, folder: Path) -> HeldJob:
    """Leave a run after the first chunk of its rows."""

    def dying(_: Event) -> None:
        raise RuntimeError("killed")

    held = await held_job(service)
    async with connected(service.pool.url) as connection:
        saving = StagedSave(connection, held, calculated(folder, rows(95)), dying, 10)
        with pytest.raises(RuntimeError):
            await saving.everything()
    return held


async def test_tables_of_a_run_on_its_way_are_secured_and_leak_nothing(
    service: Service, tmp_path: Path
) -> None:
    await begun(service, tmp_path / "run")
    async with connected(service.pool.url) as connection:
        assert await leaks(connection) == []
    assert await stray_tables(service.pool.url) == 3


async def test_chunk_of_who_lost_the_job_is_refused_whole(service: Service, tmp_path: Path) -> None:
    run, late = calculated(tmp_path / "run", rows(95)), await held_job(service)
    before = await footprint(service.pool.url)
    await execute(service.pool.url, "UPDATE vcci.jobs SET lease_until = now() - interval '1 second'")
    assert await claimed(service, new_id()) is not None
    with pytest.raises(JobLostError):
        await stored(service, late, run)
    assert await footprint(service.pool.url) == before


async def test_chunk_is_finished_once(service: Service) -> None:
    held = await held_job(service)
    async with writing(service) as tx:
        await finish_chunk(tx, held, Chunk("stage", 0))
    with pytest.raises(Exception, match="duplicate key"):
        async with writing(service) as tx:
            await finish_chunk(tx, held, Chunk("stage", 0))
    async with writing(service) as tx:
        assert list(await done_chunks(tx, held)) == [("stage", 0)]


async def test_chunk_of_a_job_that_was_called_off_is_not_finished(service: Service) -> None:
    held = await held_job(service)
    async with writing(service) as tx:
        await call_off_job(tx, held.tenant_id, held.job_id)
    with pytest.raises(JobCancelledError):
        async with writing(service) as tx:
            await finish_chunk(tx, held, Chunk("stage", 0))
    async with writing(service) as tx:
        assert await done_chunks(tx, held) == {}


async def test_older_holder_that_stands_still_in_a_transaction_is_cut_off(service: Service) -> None:
    old = await held_job(service)
    new = HeldJob(old.tenant_id, old.job_id, old.worker_id, old.fence + 1)
    async with connected(service.pool.url) as still, connected(service.pool.url) as next_one:
        await end_older_holders(still, old)
        await still.execute("BEGIN; LOCK vcci.job_chunks IN ACCESS EXCLUSIVE MODE")
        await end_older_holders(next_one, new)
        await next_one.execute("BEGIN; LOCK vcci.job_chunks IN ACCESS EXCLUSIVE MODE NOWAIT")
        with pytest.raises((asyncpg.PostgresError, asyncpg.InterfaceError, OSError)):
            await still.execute("SELECT 1")


async def test_two_jobs_of_one_ledger_at_once_store_one_run(service: Service) -> None:
    jobs = [await queued(service, options=OPTIONS, chunk_rows=100) for _ in range(3)]
    async with job_worker.working(service, slots=4):
        done = [await until_over(service, one) for one in jobs]
    assert {one.state for one in done} == {"completed"}
    assert len({one.outcome["run_id"] for one in done}) == 1
    assert await stray_tables(service.pool.url) == 0
    assert await value(service.pool.url, "SELECT count(*) FROM vcci.imports") == 1


@pytest.mark.parametrize("place", [*failpoints.NAMES[1:-2], None])
async def test_job_whose_process_is_killed_leaves_what_a_clean_run_does(
    service: Service, data_dir: Path, monkeypatch: pytest.MonkeyPatch, place: str | None
) -> None:
    monkeypatch.setattr(failpoints, "FOLDER", "")
    expected = await clean(service, data_dir / "clean")
    folder = data_dir / "failpoints"
    folder.mkdir()
    monkeypatch.setenv(failpoints.VARIABLE, str(folder))
    if place:
        (folder / f"{place}.kill").touch()
    job_id = await queued(service, options=OPTIONS, chunk_rows=300)
    async with job_worker.working(service):
        done = await until_over(service, job_id)
    assert (done.state, done.attempts) == ("completed", 2 if place else 1)
    assert list(folder.iterdir()) == []
    assert await books_of(service.pool.url, "local") == expected
    assert files_of(data_dir / "results" / str(job_id)) == files_of(data_dir / "clean")
    assert await stray_tables(service.pool.url) == 0


async def test_file_that_was_changed_behind_the_back_is_made_again(
    service: Service, data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = data_dir / "failpoints"
    folder.mkdir()
    monkeypatch.setenv(failpoints.VARIABLE, str(folder))
    (folder / "after_commit.stop").touch()
    job_id = await queued(service, options=OPTIONS, chunk_rows=300)
    first = asyncio.create_task(job_worker.JobWorker(service).run())
    await until(service, job_id, lambda _: not list(folder.iterdir()))
    first.cancel()
    await asyncio.gather(first, return_exceptions=True)
    for path in (data_dir / "results" / f".{job_id}" / "kept").iterdir():
        path.write_bytes(b"?")
    async with job_worker.working(service):
        assert (await until_over(service, job_id)).state == "completed"
    expected = await clean(service, data_dir / "clean")
    assert await books_of(service.pool.url, "local") == expected
    assert files_of(data_dir / "results" / str(job_id)) == files_of(data_dir / "clean")


async def test_job_that_goes_on_does_no_chunk_again(
    service: Service, data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = data_dir / "failpoints"
    folder.mkdir()
    monkeypatch.setenv(failpoints.VARIABLE, str(folder))
    (folder / "before_attach.kill").touch()
    job_id = await queued(service, options=OPTIONS, chunk_rows=300)
    async with job_worker.working(service):
        await until_over(service, job_id)
    by_fence = "SELECT fence FROM vcci.job_chunks GROUP BY fence ORDER BY fence"
    first = f"SELECT count(*) FROM vcci.job_chunks WHERE fence = 1 AND stage = '{ROWS}'"
    assert await value(service.pool.url, f"SELECT array_agg(fence) FROM ({by_fence}) f") == [1, 2]
    assert await value(service.pool.url, first) == 4
    assert await value(service.pool.url, "SELECT count(*) FROM vcci.job_chunks WHERE fence = 2") == 1


async def test_ledger_with_more_rejected_rows_than_the_job_allows_is_not_stored(service: Service) -> None:
    ledger = "Supplier,Expense type,Invoice date,Amount GBP\nA,Software licences,no day,10\n"
    data = service.settings.data_dir
    assert data is not None
    (data / "ledger.csv").write_text(ledger)
    job_id = await queued(service, most_rejected=0)
    async with job_worker.working(service):
        failed = await until_over(service, job_id)
    assert failed.outcome["error"]["code"] == "job_too_many_rejected"
    assert await value(service.pool.url, "SELECT count(*) FROM vcci.runs") == 0
    assert (await job(service, job_id)).attempts == 1


async def test_what_a_job_left_on_its_way_is_removed_once_it_is_over_for_a_week(
    service: Service, data_dir: Path, tmp_path: Path
) -> None:
    held = await begun(service, tmp_path / "run")
    left = data_dir / "results" / f".{held.job_id}" / "kept"
    left.mkdir(parents=True)
    gone = "UPDATE vcci.jobs SET state = 'failed', finished_at = now() - interval '8 days'"
    await execute(service.pool.url, gone)
    last = await queued(service)
    async with job_worker.working(service):
        await until_over(service, last)
    assert await stray_tables(service.pool.url) == 0
    assert not left.exists()
