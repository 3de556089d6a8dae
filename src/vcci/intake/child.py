"""The process that touches a file's content: `python -I -m vcci.intake.child`.

parser_process.py starts it. It reads one request (JSON) from standard input, limits itself, reads the file
into the working folder, and answers in JSON lines on standard output: progress, then a table or a refusal.
"""

import ctypes
import hashlib
import json
import os
import resource
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import pyarrow as pa

from vcci.domain.mapping import Conventions
from vcci.errors import VcciError
from vcci.intake.archive import unpack_gzip, unpack_zip
from vcci.intake.job import OUT_OF_MEMORY, TABLE, Answer, Job, Members
from vcci.intake.json_file import read_json
from vcci.intake.kinds import kind_of
from vcci.intake.limits import IntakeLimits, unreadable
from vcci.intake.members import nested
from vcci.intake.parquet import read_parquet
from vcci.intake.peek import peeked
from vcci.intake.text import read_text
from vcci.intake.workbook import read_ods, read_xls, read_xlsb, read_xlsx

READERS: Final[dict[str, Callable[[Job], Answer]]] = {
    "text": read_text,
    "json": read_json,
    "parquet": read_parquet,
    "xlsx": read_xlsx,
    "xlsb": read_xlsb,
    "xls": read_xls,
    "ods": read_ods,
}
"""The reader of each kind of file that kinds.kind_of tells."""
UNPACKERS: Final[dict[str, Callable[[Job], Members]]] = {"zip": unpack_zip, "gzip": unpack_gzip}
"""What takes an archive of data apart; each member is then read by a child of its own."""
OPEN_FILES: Final = 64
LARGEST_SWELL: Final = 4
"""Bytes written at most per byte read: text of one byte a letter grows at most threefold, plus the format."""
SMALL_FILE: Final = 64_000_000
PR_SET_PDEATHSIG: Final = 1


def main() -> None:
    """Answer one request; a lack of memory ends with its own exit status, a defect with a traceback."""
    request = json.load(sys.stdin)
    limits = IntakeLimits(**request["limits"])
    try:
        source = Path(request["source"])
        limit_self(limits, size=source.stat().st_size)
        answer(read(request, source, limits))
    except VcciError as error:
        answer(refusal(error))
    except PermissionError:
        answer(refusal(unreadable(request["name"])))
    except MemoryError:
        os._exit(OUT_OF_MEMORY)


def read(request: dict[str, Any], source: Path, limits: IntakeLimits) -> dict[str, Any]:
    """Read the file and return the table's description, or an archive's members, as it goes to the parent."""
    name = request["name"]
    conventions = Conventions(**request["conventions"])
    job = Job(name, source, Path(TABLE), conventions, limits, lambda rows: answer({"rows": rows}))
    with source.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    kind = kind_of(source, name)
    if kind in UNPACKERS:
        if request["is_member"]:
            raise nested(name)
        members = UNPACKERS[kind](job)
        return {"members": members.files, "left_out": members.left_out}
    if request["is_peek"]:
        return {"kind": kind, "sheets": peeked(job, kind)}
    found = READERS[kind](job)
    return {
        "header": found.header,
        "rows": found.rows,
        "kind": found.kind,
        "found": found.found,
        "sha256": digest,
    }


def limit_self(limits: IntakeLimits, *, size: int) -> None:
    """Limit memory (beyond what is mapped by now), CPU, file sizes and files; die with the parent."""
    pa.set_cpu_count(1)
    pa.set_io_thread_count(1)
    written = LARGEST_SWELL * size + SMALL_FILE + limits.unpacked_bytes
    memory = mapped_bytes() + limits.memory_mb * 1_000_000
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    resource.setrlimit(resource.RLIMIT_CPU, (limits.cpu_seconds, limits.cpu_seconds + 1))
    resource.setrlimit(resource.RLIMIT_FSIZE, (written, written))
    resource.setrlimit(resource.RLIMIT_NOFILE, (OPEN_FILES, OPEN_FILES))
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def mapped_bytes() -> int:
    """Return the address space in use: the interpreter and its libraries, some 150 to 350 MB."""
    try:
        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0])
    except FileNotFoundError:
        return 0
    return pages * resource.getpagesize()


def refusal(error: VcciError) -> dict[str, Any]:
    """Return an error as it goes to the parent."""
    return {
        "refused": type(error).__name__,
        "what": error.what,
        "remedy": error.remedy,
        "code": error.code,
        "tried": error.tried,
    }


def answer(message: dict[str, Any]) -> None:
    """Write one JSON line to the parent."""
    sys.stdout.write(json.dumps(message) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
