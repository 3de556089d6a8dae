"""Runs the child process that reads one file, and turns its end, whatever it is, into an answer."""

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import IO, Any, Final

from vcci.domain.mapping import Conventions
from vcci.errors import FileRefusedError, InputError, QuestionError, VcciError
from vcci.intake.job import OUT_OF_MEMORY
from vcci.intake.limits import SETTINGS, IntakeLimits

CHILD: Final = (sys.executable, "-I", "-B", "-m", "vcci.intake.child")
ENVIRONMENT: Final = {
    "LC_ALL": "C.UTF-8",
    "PYTHONIOENCODING": "utf-8",
    "ARROW_DEFAULT_MEMORY_POOL": "system",
    "MALLOC_ARENA_MAX": "1",
    "OMP_NUM_THREADS": "1",
    "POLARS_MAX_THREADS": "1",
}
"""All that the child sees of the environment; one thread and one heap keep its address space small."""
WALL_SECONDS_PER_CPU_SECOND: Final = 3
WALL_SECONDS: Final = 30
"""Time that a child may take beyond its CPU time, for slow disks and busy machines."""
LONGEST_ANSWER: Final = 4_000_000
"""Characters of one line of the child's answer: a header of 500 names of 4 kB, escaped."""
LONGEST_COMPLAINT: Final = 4_000

ERRORS: Final[dict[str, type[VcciError]]] = {
    error.__name__: error for error in (FileRefusedError, InputError, QuestionError)
}
ENDS: Final[dict[int, str]] = {
    OUT_OF_MEMORY: "parser_out_of_memory",
    -signal.SIGKILL: "parser_out_of_memory",
    -signal.SIGXCPU: "parser_out_of_time",
}
"""What an exit status means; a kill that is not ours is the kernel's, of who took the last memory."""
MEMORY_COMPLAINTS: Final = ("memory allocation of", "bad_alloc", "MemoryError", "Cannot allocate memory")
"""What libraries print when they abort for lack of memory."""


def parse(
    source: Path,
    *,
    name: str,
    conventions: Conventions,
    limits: IntakeLimits,
    folder: Path,
    progress: Callable[[int], None],
    is_member: bool = False,
    is_peek: bool = False,
) -> dict[str, Any]:
    """Have `source` read into `folder` by a limited child; returns its description of the table.

    An archive comes back as `members`: files in `folder` by name, each to be read in its turn as `is_member`.
    With `is_peek` only a look is taken, at the first rows of its sheets (peek.py).

    Raises what the child refuses with, or `FileRefusedError` (parser_out_of_memory, parser_out_of_time,
    parser_crashed) if it does not come back.
    """
    request = {
        "source": str(source.absolute()),
        "name": name,
        "is_member": is_member,
        "is_peek": is_peek,
        "conventions": asdict(conventions),
        "limits": asdict(limits),
    }
    with (folder / "complaints").open("w+b") as complaints:
        with _child(folder, complaints) as child, _deadline(child, limits) as expired:
            message = _last_message(child, json.dumps(request), progress)
            status = child.wait()
        complaints.seek(0)
        complaint = complaints.read(LONGEST_COMPLAINT).decode("utf-8", errors="replace")
    if expired.is_set():
        raise _ended(name, "parser_out_of_time", limits)
    if status or message is None:
        raise _ended(name, end_of(status, complaint), limits, why=complaint)
    if "refused" in message:
        error = ERRORS[message["refused"]]
        raise error(message["what"], remedy=message["remedy"], code=message["code"], tried=message["tried"])
    return message


def end_of(status: int, complaint: str) -> str:
    """Return the error code for a child that ended with `status` and printed `complaint`."""
    if any(words in complaint for words in MEMORY_COMPLAINTS):
        return "parser_out_of_memory"
    return ENDS.get(status, "parser_crashed")


@contextmanager
def _child(folder: Path, complaints: IO[bytes]) -> Iterator[subprocess.Popen[str]]:
    """Start the child in its own group and folder; the group is gone when this ends, however it ends."""
    child = subprocess.Popen(
        CHILD,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=complaints,
        cwd=folder,
        env={**ENVIRONMENT, "HOME": str(folder), "TMPDIR": str(folder)},
        text=True,
        encoding="utf-8",
        start_new_session=True,
    )
    try:
        with child:
            try:
                yield child
            finally:
                _kill(child)
    finally:
        child.wait()


@contextmanager
def _deadline(child: subprocess.Popen[str], limits: IntakeLimits) -> Iterator[threading.Event]:
    """Kill the child when its time on the wall clock is over; the event then says so."""
    expired = threading.Event()

    def expire() -> None:
        expired.set()
        _kill(child)

    timer = threading.Timer(WALL_SECONDS + WALL_SECONDS_PER_CPU_SECOND * limits.cpu_seconds, expire)
    timer.daemon = True
    timer.start()
    try:
        yield expired
    finally:
        timer.cancel()


def _kill(child: subprocess.Popen[str]) -> None:
    if child.returncode is None:
        os.killpg(child.pid, signal.SIGKILL)


def _last_message(
    child: subprocess.Popen[str], request: str, progress: Callable[[int], None]
) -> dict[str, Any] | None:
    """Send the request, hand on progress, and return the message that is not progress."""
    if child.stdin is None or child.stdout is None:
        return None
    try:
        child.stdin.write(request)
        child.stdin.close()
    except BrokenPipeError:
        return None
    while (line := child.stdout.readline(LONGEST_ANSWER)).endswith("\n"):
        message: dict[str, Any] = json.loads(line)
        if message.keys() != {"rows"}:
            return message
        progress(message["rows"])
    return None


def _ended(name: str, code: str, limits: IntakeLimits, *, why: str = "") -> FileRefusedError:
    allowed = {
        "parser_out_of_memory": f"{limits.memory_mb:,} MB of memory",
        "parser_out_of_time": f"{limits.cpu_seconds} CPU seconds",
    }
    if code in allowed:
        return FileRefusedError(
            f"Reading {name} took more than {allowed[code]}.",
            remedy=f"Split it or export it as CSV, or raise {SETTINGS[code]} if you trust the file.",
            code=code,
        )
    last = why.strip().rpartition("\n")[2][:300]
    return FileRefusedError(
        f"The process that read {name} broke down{f': {last}' if last else ''}.",
        remedy="The file is probably damaged: save it again, or export it as CSV.",
        code="parser_crashed",
    )
