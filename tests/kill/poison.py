"""Poison: bad rows hurt only themselves, and a file that kills or hangs its parser only its own job."""

import asyncio
import csv
import json
import os
import random
import signal
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.kill.imports import is_over
from tests.kill.world import World, working_world

HEADER = ("Supplier", "Expense type", "Invoice date", "Amount", "Currency", "Country")
GOOD = ("Alpha", "Software licences", "2022-04-04", "125.50", "GBP", "GB")
MAPPING = "accounts:\n  - {account: Software licences, commodity: '511210'}\n"
CPU_SECONDS = 3
"""The limit of the parser in this series: enough for the ledger, and soon reached by what hangs it."""

PARSER = b"vcci.intake.child"

BAD: tuple[tuple[str, str, str], ...] = (
    ("Amount", "", "quantity_missing"),
    ("Amount", "see note", "quantity_not_a_number"),
    ("Amount", "12-34", "quantity_not_a_number"),
    ("Amount", "--5", "quantity_not_a_number"),
    ("Amount", "#REF!", "quantity_not_a_number"),
    ("Amount", "0x1F", "quantity_not_a_number"),
    ("Amount", "1 2 3 x", "quantity_not_a_number"),
    ("Amount", "999999999999999", "quantity_too_large"),
    ("Invoice date", "", "date_missing"),
    ("Invoice date", "2022-02-30", "date_not_a_date"),
    ("Invoice date", "2022-13-01", "date_not_a_date"),
    ("Invoice date", "yesterday", "date_not_a_date"),
    ("Invoice date", "0000-00-00", "date_missing"),
    ("Invoice date", "2022-04-31", "date_not_a_date"),
    ("Currency", "ZZZ", "unit_unknown"),
    ("Currency", "pound?", "unit_unknown"),
    ("Currency", "", "unit_missing"),
    ("Currency", "dollars and cents", "unit_unknown"),
    ("", "too many cells", "row_ragged"),
    ("", "too few cells", "row_ragged"),
)
"""Column, what stands there, and the code by which it is to be reported: twenty kinds."""


@dataclass
class PoisonReport:
    """What the series came to; `codes` are the reported rows by their code."""

    seed: int
    rows: int
    planted: int = 0
    rows_in: int = 0
    codes: Counter[str] | None = None
    ends: tuple[str, ...] = ()
    faults: tuple[str, ...] = ()

    def lines(self) -> list[str]:
        """Return the report for people."""
        return [
            f"seed {self.seed}: {self.rows} rows, {self.planted} of {len(BAD)} kinds bad, {self.rows_in} in",
            f"  reported: {dict(sorted((self.codes or Counter()).items()))}",
            f"  the file that kills and the one that hangs: {', '.join(self.ends)}",
            *(f"  FAULT {fault}" for fault in self.faults or ["none"]),
        ]


def write_poisoned(path: Path, rows: int, chooser: random.Random) -> dict[int, str]:
    """Write a ledger of which one row in a hundred is bad; returns the code of each bad line of the file."""
    bad = dict(
        zip(sorted(chooser.sample(range(rows), rows // 100)), _kinds(chooser, rows // 100), strict=True)
    )
    with path.open("w", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(HEADER)
        for row in range(rows):
            cells = [f"Supplier {row % 997:04}", *GOOD[1:]]
            writer.writerow(_spoilt(cells, *bad[row][:2]) if row in bad else cells)
    return {row + 2: kind[2] for row, kind in bad.items()}


def _kinds(chooser: random.Random, count: int) -> list[tuple[str, str, str]]:
    kinds = [BAD[number % len(BAD)] for number in range(count)]
    chooser.shuffle(kinds)
    return kinds


def _spoilt(cells: list[str], column: str, text: str) -> list[str]:
    if column:
        return [text if name == column else cell for name, cell in zip(HEADER, cells, strict=True)]
    return [*cells, "more"] if text == "too many cells" else cells[:3]


def write_killer(path: Path) -> None:
    """Write a JSON document that takes the parser a while."""
    row = json.dumps({f"column {number}": "x" for number in range(40)})
    with path.open("w") as file:
        file.write("[" + ",".join([row] * 60_000) + "]")


def write_hanger(path: Path) -> None:
    """Write a text file that takes the parser longer than it may, quotes and line ends in each cell."""
    with path.open("w") as file:
        file.write("Supplier,Amount\n")
        file.writelines(f'"A ""{number}"" B\nline two",{number}\n' for number in range(3_000_000))


async def poison_series(*, rows: int, seed: int) -> PoisonReport:
    """Import a ledger with bad rows beside a file that kills its parser and one that hangs it."""
    report, chooser = PoisonReport(seed, rows), random.Random(seed)
    async with working_world(1) as world:
        planted = write_poisoned(world.folder / "poisoned.csv", rows, chooser)
        await asyncio.to_thread(write_killer, world.folder / "killer.json")
        await asyncio.to_thread(write_hanger, world.folder / "hanger.csv")
        report.planted = len(planted)
        world.start_workers(1, slots=3, VCCI_PARSER_CPU_SECONDS=str(CPU_SECONDS))
        killer = await _queued(world, "killer.json")
        await _kill_parser(world, killer)
        jobs = [await _queued(world, name) for name in ("poisoned.csv", "hanger.csv")]
        poisoned, hanger = [await _ended(world, job_id) for job_id in jobs]
        report.ends = _code(await _ended(world, killer)), _code(hanger)
        report.faults = tuple(_faults(world, report, poisoned, planted))
        world.end_workers()
    return report


def is_parser(pid: int) -> bool:
    """Say whether a process parses a file."""
    try:
        return PARSER in Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return False


async def _kill_parser(world: World, job_id: Any) -> None:
    """Kill the process that parses a file, as the kernel kills who takes the last memory."""
    while not is_over(await world.job(job_id)):
        for pid in (one for worker in world.workers for one in worker.descendants()):
            if is_parser(pid):
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
        await asyncio.sleep(0.02)


async def _queued(world: World, name: str) -> Any:
    task = {"file_id": "00000000-0000-0000-0000-000000000000", "file": name, "options": {"mapping": MAPPING}}
    return (await world.queue("poison", "ledger", task))[0]


async def _ended(world: World, job_id: Any) -> Any:
    for _ in range(1_800):
        job = await world.job(job_id)
        if is_over(job):
            break
        await asyncio.sleep(0.1)
    return job


def _code(job: Any) -> str:
    outcome = json.loads(job["outcome"])
    return str(outcome.get("error", {}).get("code", job["state"]))


def _faults(world: World, report: PoisonReport, job: Any, planted: dict[int, str]) -> list[str]:
    if job["state"] != "completed":
        return [f"the ledger's job is {job['state']}: {job['outcome']}"]
    with (world.folder / "results" / str(job["id"]) / "rejects.csv").open(newline="") as file:
        told = {int(row["line"]): row["code"] for row in csv.DictReader(file)}
    counts = json.loads(job["outcome"])["counts"]
    report.codes, report.rows_in = Counter(told.values()), counts["lines"]
    faults = [
        f"line {line}: {told.get(line)}, not {code}"
        for line, code in planted.items()
        if told.get(line) != code
    ]
    faults += [f"line {line} is reported, and was good" for line in told if line not in planted]
    if counts["lines"] != report.rows - len(planted):
        faults.append(f"{counts}: {report.rows - len(planted)} rows were good")
    wanted = {"parser_out_of_memory"}, {"parser_out_of_time"}
    faults += [
        f"{code} is not among {one}" for code, one in zip(report.ends, wanted, strict=True) if code not in one
    ]
    return faults[:20]
