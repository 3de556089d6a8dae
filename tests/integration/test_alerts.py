"""Every alert fires when it should, is quiet when it should be, and says what to do."""

import re
import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml
from tests.support.promtool import promtool

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "deploy" / "prometheus"
RULES = FOLDER / "rules.yaml"
CASES = sorted(FOLDER.glob("*_test.yaml"))

BROKEN = {
    "HighLatency": 'greenlang_http_request_duration_seconds{quantile="0.95"} > 0.5',
    "LowCacheHitRate": "greenlang_cache_hit_rate < 70",
    "HighPoolUtilization": 'greenlang_database_connection_pool_size{state="checked_out"} / '
    'greenlang_database_connection_pool_size{state="total"} > 0.9',
}
"""Rules that are well formed: two of them can never fire, and one fires when nothing goes on."""


def alerts(path: Path = RULES) -> list[dict[str, Any]]:
    groups = yaml.safe_load(path.read_text("utf-8"))["groups"]
    return [rule for group in groups for rule in group["rules"] if "alert" in rule]


def cases() -> list[dict[str, Any]]:
    return [case for path in CASES for case in yaml.safe_load(path.read_text("utf-8"))["tests"]]


NAMES = sorted({alert["alert"] for alert in alerts()})


def test_rules_and_the_configuration_that_names_them_are_well_formed() -> None:
    code, said = promtool("check", "config", FOLDER / "prometheus.yaml")
    assert (code, "FAILED" in said) == (0, False), said


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.name)
def test_every_case_of_the_alerts_holds(path: Path) -> None:
    code, said = promtool("test", "rules", path)
    assert code == 0, said


@pytest.mark.parametrize("name", BROKEN)
def test_a_rule_that_cannot_do_its_work_fails_a_case(tmp_path: Path, name: str) -> None:
    shutil.copytree(FOLDER, tmp_path, dirs_exist_ok=True)
    told = yaml.safe_load(RULES.read_text("utf-8"))
    for rule in (rule for group in told["groups"] for rule in group["rules"]):
        if rule.get("alert") == name:
            rule["expr"] = BROKEN[name]
    (tmp_path / "rules.yaml").write_text(yaml.safe_dump(told), "utf-8")
    assert promtool("check", "rules", tmp_path / "rules.yaml")[0] == 0
    code, said = promtool("test", "rules", tmp_path / "rules_test.yaml")
    assert code != 0
    assert set(re.findall(r"alertname: (\w+)", said)) == {name}


@pytest.mark.parametrize("name", NAMES)
def test_every_alert_has_cases_in_which_it_fires_recovers_and_stays_quiet(name: str) -> None:
    own = {case["name"]: [bool(one["exp_alerts"]) for one in case["alert_rule_test"]]
           for case in cases() if case["name"].startswith(f"{name} ")}  # fmt: skip
    assert any(fires[-2:] == [True, False] for fires in own.values())
    assert any("stays quiet" in case and "idle" in case and not any(fires) for case, fires in own.items())
    told = [one["alertname"] for case in cases() for one in case["alert_rule_test"] if case["name"] in own]
    assert set(told) == {name}


def test_every_rule_of_a_name_fires_in_some_case() -> None:
    fired = {
        (one["alertname"], tuple(sorted((key, value) for key, value in alert["exp_labels"].items())))
        for case in cases()
        for one in case["alert_rule_test"]
        for alert in one["exp_alerts"]
    }
    quiet = [
        (rule["alert"], rule["labels"])
        for rule in alerts()
        if not any(
            name == rule["alert"] and rule["labels"].items() <= dict(labels).items() for name, labels in fired
        )
    ]
    assert quiet == []


@pytest.mark.parametrize("name", NAMES)
def test_every_alert_says_what_it_is_and_where_its_runbook_is(name: str) -> None:
    for alert in (one for one in alerts() if one["alert"] == name):
        assert alert["labels"]["severity"] in ("page", "ticket")
        assert alert["annotations"].keys() == {"summary", "description", "runbook_url"}
        text = (ROOT / alert["annotations"]["runbook_url"]).read_text("utf-8")
        assert re.findall(r"^## .*", text, re.MULTILINE) == [
            "## What it means", "## Look at", "## Do", "## It is over when",
        ]  # fmt: skip
        assert text.startswith(f"# {name}: ")


def test_no_runbook_is_without_its_alert_and_no_link_leads_nowhere() -> None:
    books = sorted((ROOT / "docs" / "runbooks").glob("*.md"))
    assert [path.stem for path in books] == NAMES
    links = [(path, link) for path in books for link in re.findall(r"\]\(([^)]+)\)", path.read_text("utf-8"))]
    assert [link for path, link in links if not (path.parent / link).is_file()] == []
