"""What pages cost: at the server, in a browser, and in scripts, beside sums made while somebody waits.

    vcci bench web --rows 5000000

Two tenants with made-up lines in an embedded PostgreSQL of its own, the first with all rows, the second with
a tenth of them; the server is the product's, with one worker. Each page is asked for by both in turns, by
sessions, over one connection of the loopback. `naive` is a page with the sums of all lines by category, made
for each request; `limit` the same page with nothing in it. Scripts are counted as they were transferred.
"""

import argparse
import asyncio
import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from uuid import UUID

import httpx2
from benchmarks.query_data import Data, stored
from benchmarks.record import ROOT, write_record
from benchmarks.rounds import printed, refuse_unless, versions
from playwright.sync_api import BrowserContext, Response, sync_playwright
from tests.browser.addresses import filled, states
from tests.browser.conftest import FLAGS
from tests.browser.site import free_port

from vcci.database import embedded
from vcci.database.api_keys import StoredKey, add_key
from vcci.database.connections import connected
from vcci.database.ids import new_id
from vcci.database.tenants import Role, tenant_transaction
from vcci.domain.api_keys import new_key
from vcci.edge.authentication import SESSION_COOKIE
from vcci.runtime.service_secret import derived

SECRET = "a secret of a benchmark, long enough"
TENANTS = ("local", "another")
SHARE_OF_SECOND = 10
OF_HOME = "/performance"
"""What the service does is shown to its own tenant alone."""

NAIVE, LIMIT = "/naive", "/limit"
PAINTED = """() => new Promise((done) => {
    new PerformanceObserver((list) => done(list.getEntries().at(-1).startTime))
        .observe({type: "largest-contentful-paint", buffered: true});
    setTimeout(() => done(-1), 3000);
})"""
KIB = 1_024
Figures = dict[str, float]
Times = Mapping[str, Sequence[float]]


@dataclass(frozen=True, slots=True)
class Visitor:
    """Somebody of a tenant, with a session; `pages` are the addresses of what they have."""

    session: str
    pages: dict[str, str]


async def visitor_of(data: Data) -> Visitor:
    """Make a session of a tenant, and fill the addresses that its lines are enough for.

    The page of one line is not among them: made-up lines come of no row of a file.
    """
    key = new_key(data.tenant_id, UUID(str(new_id())))
    digest = key.digest(derived(SECRET.encode(), purpose="api keys"))
    async with (
        connected(data.url) as connection,
        tenant_transaction(connection, tenant_id=data.tenant_id, role=Role.LOADER) as tx,
    ):
        kept = StoredKey(key.key_id, "bench", "admin", [], digest, None, None, None)  # type: ignore[arg-type]
        await add_key(tx, data.tenant_id, kept)
        line = await tx.fetchrow(
            "SELECT scope3_category, supplier_id FROM vcci.emissions"
            " WHERE tenant_id = $1 AND run_id = $2 AND id = $3",
            *(data.tenant_id, data.run_id, data.known[0][0]),
        )
        assert line is not None
        other = await tx.fetchval(
            "SELECT id FROM vcci.suppliers WHERE tenant_id = $1 AND id <> $2 LIMIT 1",
            *(data.tenant_id, line["supplier_id"]),
        )
    ids = {
        "run_id": str(data.run_id),
        "category": str(line["scope3_category"]),
        "supplier_id": str(line["supplier_id"]),
        "other_supplier_id": str(other),
        "factor": "epa-supply-chain-1.3.0/511210/purchaser",
        "activity": "naics2017:511210",
        "code": "not_found",
    }
    found = {state: filled(state, ids) for state in states() if set(re.findall(r"{(\w+)", state)) <= set(ids)}
    return Visitor(key.text(), found)


@contextmanager
def serving(url: str, folder: Path) -> Iterator[str]:
    """Give the address of the server."""
    port = free_port()
    command = [sys.executable, "-m", "granian", "--interface", "asgi", "--loop", "uvloop", "--factory"]
    command += ["--port", str(port), "--no-access-log", "--log-level", "error", "benchmarks.web_server:app"]
    told = {"DATABASE_URL": url, "VCCI_SECRET": SECRET, "VCCI_DATA_DIR": str(folder / "data")}
    told["VCCI_REQUESTS_PER_MINUTE"] = "1000000000"
    with subprocess.Popen(command, cwd=ROOT, env=os.environ | told) as process:
        try:
            _wait(f"http://127.0.0.1:{port}", process)
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()


def _wait(address: str, process: "subprocess.Popen[bytes]") -> None:
    while process.poll() is None:
        try:
            if httpx2.get(f"{address}/livez").status_code == 200:
                return
        except httpx2.TransportError:
            time.sleep(0.1)
    raise SystemExit("The server did not start.")


def answered(address: str, visitors: Sequence[Visitor], *, times: int) -> Times:
    """Return the milliseconds of each page by its template, asked for by all visitors in turns."""
    taken: dict[str, list[float]] = {}
    with httpx2.Client(base_url=address, timeout=60) as client:
        for round_ in range(times + 1):
            for visitor in visitors:
                headers = {"Cookie": f"{SESSION_COOKIE}={visitor.session}"}
                for template, path in {**visitor.pages, NAIVE: NAIVE, LIMIT: LIMIT}.items():
                    started = time.perf_counter()
                    answer = client.get(path, headers=headers)
                    spent = 1_000 * (time.perf_counter() - started)
                    refuse_unless(answer.status_code in (200, 303), f"{path} was {answer.status_code}")
                    if round_:  # the first of each is what loads
                        taken.setdefault(template, []).append(spent)
    return taken


def of_pages(taken: Times) -> Figures:
    """Return the figures of all pages together, of the slowest, and of the naive page and the limit."""
    ours = {one: spent for one, spent in taken.items() if one not in (NAIVE, LIMIT)}
    slowest = max(ours, key=lambda one: _p95(ours[one]))
    for one, spent in sorted(ours.items(), key=lambda item: _p95(item[1])):
        print(f"{statistics.median(spent):8.1f} {_p95(spent):8.1f} ms  {one}")
    figures: Figures = {"pages": len(ours)}
    for name, spent in (
        ("html", [one for of in ours.values() for one in of]),
        ("slowest_page", ours[slowest]),
        ("overview", ours["/overview"]),
        ("naive", taken[NAIVE]),
        ("limit", taken[LIMIT]),
    ):
        figures |= {f"{name}_p50_ms": statistics.median(spent), f"{name}_p95_ms": _p95(spent)}
    figures["naive_over_overview"] = figures["naive_p50_ms"] / figures["overview_p50_ms"]
    return figures | {"overview_over_limit": figures["overview_p50_ms"] / figures["limit_p50_ms"]}


def _p95(spent: Sequence[float]) -> float:
    return sorted(spent)[max(0, -(-len(spent) * 95 // 100) - 1)]


def in_browser(address: str, visitor: Visitor) -> Figures:
    """Return when the largest part of each page was painted, and what scripts were transferred."""
    painted, scripts = list[float](), dict[str, float]()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=FLAGS)
        for path in visitor.pages.values():
            with browser.new_context(base_url=address) as context:  # each page by itself, nothing kept
                _signed_in(context, visitor, address)
                page = context.new_page()
                found: list[Response] = []
                page.on("response", partial(_add, found))
                page.goto(path)
                painted.append(page.evaluate(PAINTED))
                if path == "/overview":
                    page.locator("#hotspots").scroll_into_view_if_needed()
                    page.locator("#hotspots svg").first.wait_for()
                    scripts = _script_kib(found)
        browser.close()
    for path, after_ms in zip(visitor.pages.values(), painted, strict=True):
        print(f"{after_ms:8.0f} ms until painted  {path}")
    seen = [one for one in painted if one >= 0]
    refuse_unless(len(seen) == len(painted), "a page was not painted")
    charts = sum(kib for name, kib in scripts.items() if name == "charts.js")
    figures: Figures = {"lcp_p50_ms": statistics.median(seen), "lcp_ms": _p95(seen)}
    return figures | {
        "first_view_script_kib": sum(scripts.values()) - charts,
        "charts_script_kib": sum(scripts.values()),
    }


def _add(found: list[Response], answer: Response) -> None:
    found.append(answer)


def _signed_in(context: BrowserContext, visitor: Visitor, address: str) -> None:
    context.add_cookies(
        [
            {
                "name": SESSION_COOKIE,
                "value": visitor.session,
                "url": address.replace("http:", "https:"),
                "secure": True,
            }
        ]
    )


def _script_kib(found: Sequence[Response]) -> dict[str, float]:
    scripts = [one for one in found if ".js" in one.url]
    return {
        one.url.partition("?")[0].rpartition("/")[2]: one.request.sizes()["responseBodySize"] / KIB
        for one in scripts
    }


async def loaded(url: str, asked: argparse.Namespace) -> list[Visitor]:
    """Load both tenants, and return somebody of each."""
    rows = (asked.rows, asked.rows // SHARE_OF_SECOND)
    found = [
        await stored(url, rows=of, suppliers=asked.suppliers, tenant=name)
        for name, of in zip(TENANTS, rows, strict=True)
    ]
    visitors = [await visitor_of(data) for data in found]
    for other in visitors[1:]:
        del other.pages[OF_HOME]
    return visitors


def main() -> None:
    """Measure, print and record."""
    parser = argparse.ArgumentParser(description="What pages cost.")
    parser.add_argument("--rows", type=int, default=5_000_000)
    parser.add_argument("--suppliers", type=int, default=20_000)
    parser.add_argument("--times", type=int, default=20, help="of each page and tenant")
    asked = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="vcci-web-"))
    folder.chmod(0o755)
    try:
        url = embedded.start(folder).url
        visitors = asyncio.run(loaded(url, asked))
        with serving(url, folder) as address:
            figures = of_pages(answered(address, visitors, times=asked.times))
            figures |= in_browser(address, visitors[0])
    finally:
        embedded.stop(folder)
        shutil.rmtree(folder)
    config = {**vars(asked), "tenants": len(TENANTS), "pages": list(visitors[0].pages)}
    config["versions"] = versions("granian", "jinja2", "playwright")
    written = write_record("web", config=config, figures=printed(figures))
    print(f"written to {written.relative_to(ROOT)}")


if __name__ == "__main__":
    main()
