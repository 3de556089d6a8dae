"""A real PgBouncer in transaction mode before the PostgreSQL of a test."""

import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from vcci.database.pgbouncer import pgbouncer_ini

PROGRAM = shutil.which("pgbouncer") or shutil.which("pgbouncer", path="/usr/sbin:/usr/local/sbin")
needs_pgbouncer = pytest.mark.skipif(PROGRAM is None, reason="PgBouncer is not installed")


@contextmanager
def running_pgbouncer(url: str, *, connections: int = 8, clients: int = 1_200) -> Iterator[str]:
    """Give the URL by which a database is reached through PgBouncer."""
    parts = urlsplit(url)
    place = Path(parse_qs(parts.query)["host"][0])
    owner = place.stat()
    folder = Path(tempfile.mkdtemp(prefix="vcci-pgbouncer-"))
    os.chown(folder, owner.st_uid, owner.st_gid)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    written = pgbouncer_ini(
        host=str(place),
        database=parts.path[1:],
        user="postgres",
        listen_port=port,
        connections=connections,
        clients=clients,
        auth_type="any",
    )
    (folder / "pgbouncer.ini").write_text(written)
    process = _started(folder, owner.st_uid, owner.st_gid)
    try:
        _wait(port, process)
        yield f"postgresql://postgres@127.0.0.1:{port}{parts.path}"
    finally:
        process.terminate()
        process.wait(20)
        shutil.rmtree(folder)


def _started(folder: Path, user: int, group: int) -> "subprocess.Popen[bytes]":
    drop = {"user": user, "group": group, "extra_groups": []} if os.geteuid() == 0 else {}
    log = (folder / "log").open("wb")
    return subprocess.Popen(  # type: ignore[call-overload, no-any-return]
        [PROGRAM, str(folder / "pgbouncer.ini")],
        **drop,
        cwd="/",
        stdout=log,
        stderr=log,
        stdin=subprocess.DEVNULL,
    )


def _wait(port: int, process: "subprocess.Popen[bytes]") -> None:
    for _ in range(200):
        assert process.poll() is None, "PgBouncer ended"
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise AssertionError("PgBouncer does not answer")
