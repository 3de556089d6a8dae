"""`vcci db`: the embedded server by hand, and a server of one's own instead of it."""

from pathlib import Path

from tests.acceptance.conftest import Vcci
from tests.acceptance.test_run_command import RULES, SMALL
from tests.support.database import now, value

from vcci.database.migrate import newest_revision


def test_server_is_started_found_and_stopped_by_hand(vcci: Vcci, data_dir: Path) -> None:
    def db(command: str) -> tuple[int, str]:
        done = vcci("db", command, VCCI_DATA_DIR=str(data_dir))
        return done.returncode, done.stdout.splitlines()[0]

    assert db("status") == (1, "stopped")
    assert db("start") == (0, f"running, schema at {newest_revision()}")
    assert db("status")[1].startswith("running, pid ")
    assert now(value(db("url")[1], "SELECT count(*) FROM vcci.tenants")) == 0
    assert db("stop") == (0, "stopped")
    assert db("stop") == (0, "stopped")
    assert db("status") == (1, "stopped")


def test_server_of_ones_own_takes_the_run_and_no_other_is_started(
    vcci: Vcci, tmp_path: Path, url: str
) -> None:
    (tmp_path / "small.csv").write_text(SMALL.replace("1250.50", "8317.43"))
    (tmp_path / "rules.yaml").write_text(RULES)
    nowhere = tmp_path / "nowhere"
    done = vcci("run", "small.csv", "--map", "rules.yaml", DATABASE_URL=url, VCCI_DATA_DIR=str(nowhere))
    assert done.returncode == 0, done.stderr
    assert not nowhere.exists()
    assert now(value(url, "SELECT count(*) FROM vcci.activities WHERE quantity = 8317.43")) == 1
