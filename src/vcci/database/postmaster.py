"""Is it alive? What /proc says of the processes on a data directory.

A zombie or a stranger that was given an old pid counts as dead: signals reach both, so asking by signal would
report a killed server as running (and PostgreSQL itself would then refuse to start).
"""

from pathlib import Path
from time import monotonic, sleep

PROC = Path("/proc")

ORPHAN_SECONDS = 30.0
"""How long backends of a killed postmaster may take to notice: they look up when they next wait."""


def live_pid(pgdata: Path) -> int | None:
    """Return the pid in postmaster.pid if that process is a PostgreSQL on this data directory."""
    pid = recorded_pid(pgdata)
    return pid if pid is not None and _works_in(pid, pgdata) else None


def recorded_pid(pgdata: Path) -> int | None:
    """Return the pid in postmaster.pid, whatever became of it."""
    try:
        return int((pgdata / "postmaster.pid").read_text().split("\n", 1)[0])
    except (FileNotFoundError, NotADirectoryError, ValueError):
        return None


def processes_in(pgdata: Path) -> list[int]:
    """Return the processes that work in the data directory: postmaster, backends, orphans."""
    return [int(p.name) for p in PROC.iterdir() if p.name.isdigit() and _works_in(int(p.name), pgdata)]


def clear_remains(pgdata: Path, *, socket_lock: Path) -> list[int]:
    """Make way for a start after a kill; returns processes that would not leave (then nothing is removed).

    The lock files go only when no process of the old server lives: with postmaster.pid PostgreSQL would lose
    the key of the shared memory by which it notices orphans.
    """
    deadline = monotonic() + ORPHAN_SECONDS
    while (left := processes_in(pgdata)) and monotonic() < deadline:
        sleep(0.05)
    if not left:
        (pgdata / "postmaster.pid").unlink(missing_ok=True)
        socket_lock.unlink(missing_ok=True)
    return left


def _works_in(pid: int, pgdata: Path) -> bool:
    """PostgreSQL changes into its data directory; a zombie has no directory at all."""
    try:
        return (PROC / str(pid) / "cwd").readlink() == pgdata and _name(pid) == "postgres"
    except OSError:
        return False


def _name(pid: int) -> str:
    return (PROC / str(pid) / "comm").read_text().strip()
