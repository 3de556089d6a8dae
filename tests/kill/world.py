"""A server, tenants, jobs, and workers that are started again when they die, as a supervisor would."""

import asyncio
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID

import asyncpg

from vcci import runtime
from vcci.concurrency import failpoints
from vcci.database import embedded
from vcci.database.connections import connected
from vcci.database.ids import new_id
from vcci.database.job_store import add_job
from vcci.database.migrate import migrate
from vcci.database.tenants import Role, ensure_tenant, tenant_transaction
from vcci.domain.mapping import answered
from vcci.events import ignore
from vcci.runtime.ledger_job import mapping_of
from vcci.services.factors import Parameters
from vcci.services.ledger_options import LedgerOptions
from vcci.services.runs import RunRequest
from vcci.settings import Settings

ROOT = Path(__file__).parents[2]
OXFORD = ROOT / "examples" / "oxford-city-council"
SECRET = "a secret of the tests, long enough"


@dataclass
class Worker:
    """A worker's process, and what it said."""

    slots: int
    environment: dict[str, str]
    process: "subprocess.Popen[str]" = field(init=False)
    said: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.start()

    def start(self) -> None:
        """Start a process; what it says is listened to."""
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.kill.worker", str(self.slots)],
            cwd=ROOT,
            env=os.environ | self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            start_new_session=True,
        )
        threading.Thread(target=self._listen, args=(self.process,), daemon=True).start()

    @property
    def worker_id(self) -> str:
        """Return the id that the process works under; empty until it does."""
        ids = [line.split()[1] for line in self.said if line.startswith("worker ")]
        return ids[-1] if ids else ""

    @property
    def refusals(self) -> int:
        """Return how many writes of this worker were refused."""
        return self.said.count("refused")

    def signal(self, number: signal.Signals) -> None:
        """Send a signal, if the process is there."""
        with suppress(ProcessLookupError):
            self.process.send_signal(number)

    def revive(self) -> None:
        """Start another process where this one has died."""
        if self.process.poll() is not None:
            self.start()

    def children(self) -> list[int]:
        """Return the processes that this one has started."""
        return children_of(self.process.pid)

    def descendants(self) -> list[int]:
        """Return these, and those that they have started."""
        return [one for child in self.children() for one in (child, *children_of(child))]

    def end(self) -> int:
        """Stop the process, and return its exit status."""
        self.signal(signal.SIGCONT)
        self.signal(signal.SIGTERM)
        return self.process.wait(60)

    def _listen(self, process: "subprocess.Popen[str]") -> None:
        assert process.stdout is not None
        for line in process.stdout:
            self.said.append(line.strip())


@dataclass
class World:
    """A data folder with its server; `ledger` is the name of the file that is imported."""

    folder: Path
    url: str
    ledger: str = "ledger.csv"
    workers: list[Worker] = field(default_factory=list)

    @property
    def points(self) -> Path:
        """The folder of failpoints."""
        return self.folder / "failpoints"

    def arm(self, place: str, deed: str = "kill") -> Path:
        """Arm a failpoint; the file that is returned is gone once it was reached."""
        path = self.points / f"{place}.{deed}"
        path.touch()
        return path

    def start_workers(
        self, count: int, *, slots: int = 1, owns_server: bool = False, **settings: str
    ) -> None:
        """Start workers; those that own the server start it again when it dies."""
        environment = {
            "VCCI_DATA_DIR": str(self.folder),
            "VCCI_SECRET": SECRET,
            failpoints.VARIABLE: str(self.points),
            **({} if owns_server else {"DATABASE_URL": self.url}),
            **settings,
        }
        self.workers += [Worker(slots, environment) for _ in range(count)]

    async def until_workers_work(self) -> None:
        """Wait until every worker has said that it works."""
        for _ in range(1_200):
            if all(worker.worker_id for worker in self.workers):
                return
            await asyncio.sleep(0.05)
        raise AssertionError("The workers do not work.")

    def revive(self) -> None:
        """Start every worker again that has died."""
        for worker in self.workers:
            worker.revive()

    def end_workers(self) -> list[int]:
        """Stop all workers, and return their exit statuses."""
        return [self.workers.pop().end() for _ in list(self.workers)]

    async def queue(
        self, tenant: str, kind: str, task: dict[str, Any], *, priority: int = 0, count: int = 1
    ) -> list[UUID]:
        """Queue jobs of a tenant."""
        ids = [UUID(str(new_id())) for _ in range(count)]
        async with connected(self.url) as connection:
            tenant_id = await ensure_tenant(connection, tenant)
            async with tenant_transaction(connection, tenant_id=tenant_id, role=Role.LOADER) as tx:
                for job_id in ids:
                    told = {**task, "out": f"results/{job_id}"} if "file" in task else task
                    job = job_id, new_id(), kind
                    await add_job(tx, tenant_id, job=job, task=told, priority=priority)
        return ids

    async def queue_import(self, tenant: str, **task: Any) -> UUID:
        """Queue the import of the ledger."""
        told = {"file_id": str(new_id()), "file": self.ledger, "options": options(), **task}
        return (await self.queue(tenant, "ledger", told))[0]

    async def ask(self, sql: str, *arguments: Any) -> list[asyncpg.Record]:
        """Ask the database as its superuser; waits while it is away."""
        while True:
            with suppress(OSError, asyncpg.PostgresError, asyncpg.InterfaceError):
                connection = await asyncpg.connect(self.url, timeout=5)
                try:
                    return list(await connection.fetch(sql, *arguments))
                finally:
                    await connection.close()
            await asyncio.sleep(0.02)

    async def job(self, job_id: UUID) -> asyncpg.Record:
        """Return a job as it stands, and how many of its chunks are done."""
        sql = (
            "SELECT j.*, j.lease_until > now() AS is_held, (SELECT count(*) FROM vcci.job_chunks c"
            " WHERE c.job_id = j.id) AS chunks FROM vcci.jobs j WHERE id = $1"
        )
        return (await self.ask(sql, job_id))[0]

    def clean_run(self, tenant: str) -> Path:
        """Run the ledger as `vcci run` does, and return its folder of results."""
        told, out = LedgerOptions.model_validate(options()), self.folder / "clean"
        settings = Settings(DATABASE_URL=self.url, data_dir=self.folder, tenant=tenant)
        runtime.run_ledger(
            settings,
            RunRequest("", dry_run=False, parameter_digests=runtime.parameter_digests()),
            paths=[self.folder / self.ledger],
            mapping=answered(mapping_of(told), told.conventions(), currency="", region=""),
            parameters=Parameters((), None, told.price_basis, ""),
            out=out,
            hook=ignore,
        )
        return out


def children_of(pid: int) -> list[int]:
    """Return the processes that a process has started."""
    found = subprocess.run(["pgrep", "-P", str(pid)], capture_output=True, text=True, check=False)
    return [int(child) for child in found.stdout.split()]


def options() -> dict[str, Any]:
    return {"mapping": (OXFORD / "mapping.yaml").read_text()}


def write_ledger(path: Path, rows: int) -> None:
    """Write a real ledger with so many rows, its own repeated."""
    header, *lines = (OXFORD / "spend.csv").read_bytes().splitlines(keepends=True)
    with path.open("wb") as file:
        file.write(header)
        for start in range(0, rows, len(lines)):
            file.writelines(lines[: rows - start])


@contextmanager
def server(rows: int) -> Iterator[World]:
    """Give a world of its own with a ledger of so many rows; nothing is left of it."""
    folder = Path(tempfile.mkdtemp(prefix="vcci-kill-"))
    folder.chmod(0o755)
    world = World(folder, embedded.start(folder).url)
    world.points.mkdir()
    write_ledger(folder / world.ledger, rows)
    try:
        yield world
    finally:
        for worker in world.workers:
            worker.signal(signal.SIGCONT)
            worker.signal(signal.SIGKILL)
            worker.process.wait()
        time.sleep(0.2)
        embedded.stop(folder)
        shutil.rmtree(folder, ignore_errors=True)


@asynccontextmanager
async def working_world(rows: int) -> AsyncIterator[World]:
    """Give a world whose database is migrated."""
    with server(rows) as world:
        await migrate(world.url)
        yield world
