"""PostgreSQL goes away under the service: each request is told so, and all is well again by itself."""

import asyncio
import os
import shutil
import signal
import subprocess
import tempfile
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx2
import pytest
from tests.support.api import Api, running
from tests.support.asgi_call import Call
from tests.support.database import value
from tests.support.http_server import serving
from tests.support.jobs import uploaded
from tests.support.loop_watch import tasks
from tests.support.operations import BOOKED, BOUGHT, World, asked, described, furnished
from tests.support.quiet_api import quiet
from tests.support.waiting import until

from vcci.database import embedded
from vcci.database.migrate import migrate

CUT = """SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid()"""
AWAY_SECONDS = 2.0
DEADLINE_SECONDS = 3.0
ASKERS = 8
IN_MEMORY = ("/livez", "/docs", "/problems", "/static", "/openapi", "/metrics", "/admin/", "/api/v1/factors")
"""What answers without the database, while a key is believed."""

BATCH = ("POST", "/api/v1/calculator/batch")
CODES = {"database_away", "database_refused", "pool_busy", "deadline_passed"}


@dataclass
class Server:
    """A PostgreSQL of a test's own."""

    folder: Path
    url: str

    @contextmanager
    def stopped(self) -> Iterator[None]:
        """Stop it, and start it again."""
        embedded.stop(self.folder)
        yield
        embedded.start(self.folder)

    @contextmanager
    def frozen(self) -> Iterator[None]:
        """Let it and all of its processes stand still: it takes connections and answers nothing."""
        first = int((self.folder / "server" / "pgdata" / "postmaster.pid").read_text().split()[0])
        children = subprocess.run(["pgrep", "-P", str(first)], capture_output=True, text=True, check=True)
        pids = [first, *map(int, children.stdout.split())]
        for pid in pids:
            os.kill(pid, signal.SIGSTOP)
        yield
        for pid in pids:
            os.kill(pid, signal.SIGCONT)


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    """A migrated database on a server that nobody else uses."""
    folder = Path(tempfile.mkdtemp(prefix="vcci-away-"))
    folder.chmod(0o755)
    try:
        yield Server(folder, embedded.start(folder).url)
    finally:
        embedded.stop(folder)
        shutil.rmtree(folder)


@dataclass
class Asking:
    """Clients that ask all the time, over real sockets, and what they were answered."""

    client: httpx2.AsyncClient
    answers: list[httpx2.Response] = field(default_factory=list)
    longest_s: float = 0.0
    is_over: bool = False

    async def go_on(self, urls: list[str]) -> None:
        """Ask until it is over: a calculation after each reading."""
        loop = asyncio.get_running_loop()
        while not self.is_over:
            for url in urls:
                began_s = loop.time()
                self.answers.append(await self.client.get(url))
                self.answers.append(await self.client.post("/api/v1/calculator/calculate", json=BOUGHT))
                self.longest_s = max(self.longest_s, loop.time() - began_s)
                await asyncio.sleep(0.005)

    def statuses(self) -> Counter[int]:
        """Return how often each status came."""
        return Counter(answer.status_code for answer in self.answers)


@asynccontextmanager
async def asking(server: Server, tmp: Path) -> AsyncIterator[tuple[Api, Asking]]:
    """Give an application on a real port with clients that go on asking until the end."""
    await migrate(server.url)
    told = {"data_dir": tmp, "request_seconds": DEADLINE_SECONDS, "requests_per_minute": 10**9}
    async with running(server.url, **told) as api, serving(api.app) as port:
        key = {"Authorization": f"Bearer {await api.key()}"}
        async with httpx2.AsyncClient(base_url=f"http://127.0.0.1:{port}", headers=key, timeout=30) as client:
            line = (await client.post("/api/v1/emissions", json=BOOKED)).json()["lines"][0]["id"]
            urls = ["/api/v1/emissions", f"/api/v1/emissions/{line}", "/api/v1/reporting/emissions"]
            seen = Asking(client)
            askers = [asyncio.create_task(seen.go_on(urls)) for _ in range(ASKERS)]
            yield api, seen
            seen.is_over = True
            await asyncio.gather(*askers)


async def is_well(api: Api, seen: Asking, *, answers: int = 50) -> None:
    """Wait until so many answers one after the other were good, and all that works behind them does."""
    coherence, expected = api.service.coherence, {"Notifications.run", "keep_current", "JobWorker.run"}
    for _ in range(2_000):
        last = seen.answers[-answers:]
        is_good = len(last) == answers and all(one.is_success for one in last)
        if is_good and coherence.is_current() and expected <= set(tasks()):
            return
        await asyncio.sleep(0.01)
    raise AssertionError(f"{seen.statuses()}, {coherence.is_current()}, {tasks()}")


def assert_told_honestly(seen: Asking) -> None:
    """Every answer that is none is a problem, says when to ask again, and came in time."""
    assert set(seen.statuses()) <= {200, 503, 504}
    for answer in seen.answers:
        if answer.status_code >= 500:
            assert answer.headers["content-type"] == "application/problem+json"
            assert answer.json()["code"] in CODES
            assert answer.status_code == 504 or answer.headers["retry-after"] == "1"
    assert seen.longest_s < 2 * DEADLINE_SECONDS + 2


async def test_service_outlives_that_all_of_its_connections_are_cut(server: Server, data_dir: Path) -> None:
    async with asking(server, data_dir) as (api, seen):
        await is_well(api, seen)
        for _ in range(5):
            assert await value(server.url, CUT) > 0
            await asyncio.sleep(0.1)
        await is_well(api, seen)
    assert_told_honestly(seen)
    assert (api.service.pool.statistics().in_use, api.service.pool.held()) == (0, [])


async def test_service_says_503_while_postgresql_is_stopped_and_goes_on_after(
    server: Server, data_dir: Path
) -> None:
    async with asking(server, data_dir) as (api, seen):
        await is_well(api, seen)
        with server.stopped():
            await asyncio.sleep(AWAY_SECONDS)
        await is_well(api, seen)
    assert seen.statuses()[503] > 0
    assert_told_honestly(seen)
    assert api.service.pool.statistics().in_use == 0


async def test_calculation_that_was_answered_is_kept_and_no_other(server: Server, data_dir: Path) -> None:
    count = "SELECT count(*) FROM vcci.calculations"
    await migrate(server.url)
    before = await value(server.url, count)
    async with asking(server, data_dir) as (api, seen):
        await is_well(api, seen)
        for _ in range(3):
            await value(server.url, CUT)
            await asyncio.sleep(0.1)
        await is_well(api, seen)
    made = {one.json()["calculation_id"] for one in seen.answers if b"calculation_id" in one.content}
    kept = await value(server.url, count) - before
    refused = sum(one.status_code == 503 and one.request.method == "POST" for one in seen.answers)
    assert len(made) <= kept <= len(made) + refused


async def test_service_keeps_its_deadline_while_postgresql_stands_still(
    server: Server, data_dir: Path
) -> None:
    async with asking(server, data_dir) as (api, seen):
        await is_well(api, seen)
        with server.frozen():
            await asyncio.sleep(DEADLINE_SECONDS + 1)
        await is_well(api, seen)
    assert seen.statuses()[504] > 0
    assert_told_honestly(seen)
    assert api.service.pool.statistics().in_use == 0


async def test_every_operation_says_503_while_postgresql_is_stopped(server: Server, data_dir: Path) -> None:
    await migrate(server.url)
    async with running(server.url, data_dir=data_dir) as api:
        world = await furnished(api)
        async with api.client(world.key) as client, api.client() as keyless:
            requests = {operation: await request_of(client, world, operation) for operation in described()}
            with server.stopped():
                answers = {operation: await client.send(request) for operation, request in requests.items()}
                probes = [await keyless.get(path) for path in ("/livez", "/readyz")]
    if answers[BATCH].status_code == 200:  # its key was believed still: each record has the problem
        records = answers.pop(BATCH).json()["results"]
        assert {record["problem"]["code"] for record in records} == {"database_away"}
    refused = {name for name, one in answers.items() if (one.status_code, retry_after(one)) == (503, "1")}
    others = {name: one.status_code for name, one in answers.items() if name not in refused}
    assert [path for _, path in others if not path.startswith(IN_MEMORY)] == []
    assert set(others.values()) <= {200}
    assert [probe.status_code for probe in probes] == [200, 503]


def retry_after(answer: httpx2.Response) -> str:
    found: str = answer.headers.get("retry-after", "")
    return found


async def request_of(client: httpx2.AsyncClient, world: World, operation: tuple[str, str]) -> httpx2.Request:
    """Return a request; what it needs is there already."""
    made = await asked(client, world, operation)
    return client.build_request(operation[0], made.pop("url"), **made)


async def test_events_end_well_where_the_database_goes_away(server: Server, data_dir: Path) -> None:
    await migrate(server.url)
    async with quiet(server.url, data_dir=data_dir) as api, api.client(await api.key()) as client:
        queued = await uploaded(client, b"Supplier,Amount\nA,1\n")
        call = Call(client.build_request("GET", f"{queued['links']['job']}/events"))
        under_way = asyncio.create_task(call.of(api.app))
        await until(lambda: bool(call.body))
        with server.stopped():
            await asyncio.wait([under_way], timeout=5)
            assert (under_way.done(), under_way.exception()) == (True, None)
    assert (call.status, call.is_whole, call.body) == (200, True, b"retry: 500\n\n")
