"""What is declared is exposed, what is exposed is declared, and somebody reads it."""

import importlib.util
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from prometheus_client import CollectorRegistry, Counter
from prometheus_client.metrics_core import Metric
from prometheus_client.parser import text_string_to_metric_families
from tests.support.api import Api, running
from tests.support.promtool import promtool

from vcci.monitoring.declared import OTHER
from vcci.monitoring.metrics import METRICS, Metrics, described, exposition
from vcci.monitoring.performance import PerformanceMetrics
from vcci.monitoring.table import TABLE

ROOT = Path(__file__).parents[2]
RULES = ROOT / "deploy" / "prometheus" / "rules.yaml"
BUILD = ROOT / "deploy" / "grafana" / "build.py"
NAME = re.compile(r"\b(?:job:)?greenlang_[a-z_]+(?::rate5m)?")
PARTS = re.compile(r"_(bucket|count|sum)$")
DECLARED = {one.name: one for one in TABLE}


def undeclared(text: str) -> list[str]:
    """Return what an exposition has and the table has not: names, kinds, labels and their values, series."""
    found = []
    for family in text_string_to_metric_families(text):
        name = family.name + ("_total" if family.type == "counter" else "")
        one = DECLARED.get(name)
        if one is None or one.kind.value != family.type:
            found.append(f"{name}: {family.type}")
            continue
        sets = {tuple(sorted((key, value) for key, value in sample.labels.items() if key != "le"))
                for sample in family.samples}  # fmt: skip
        found += [f"{name}: {labels}" for labels in sets if dict(labels).keys() != one.labels.keys()]
        found += [f"{name}: {key}={value}" for labels in sets for key, value in labels
                  if one.labels.get(key) and value not in (*one.labels[key], OTHER)]  # fmt: skip
        found += [f"{name}: {len(sets)} series"] if len(sets) > one.most_series + 1 else []
    return found


@pytest.fixture
async def exposed(url: str) -> str:
    """What a running application exposes after answers of all kinds."""
    async with running(url) as api, api.client(await api.key()) as client:
        await asked(api, client)
        return (await client.get("/metrics")).text


async def asked(_api: Api, client: Any) -> None:
    for path in (
        "/livez",
        "/api/v1/suppliers",
        "/api/v1/suppliers",
        "/wp-login.php",
        "/api/v1/emissions/none",
    ):
        await client.get(path)
    await client.post("/api/v1/calculator/calculate", content=b"{")
    await client.request("BREW", "/api/v1/suppliers")


async def test_every_series_of_a_running_application_is_declared(exposed: str) -> None:
    assert undeclared(exposed) == []
    assert 'endpoint="unmatched"' in exposed
    assert "wp-login" not in exposed


async def test_prometheus_finds_nothing_to_say_against_what_is_exposed(exposed: str) -> None:
    assert promtool("check", "metrics", given=exposed.encode()) == (0, "")


async def test_pool_of_a_running_application_is_shown_by_its_states(exposed: str) -> None:
    families = {family.name: family.samples for family in text_string_to_metric_families(exposed)}
    samples = families["greenlang_database_connection_pool_size"]
    sizes = {sample.labels["state"]: sample.value for sample in samples}
    assert set(sizes) == {"checked_out", "available", "overflow", "total"}
    assert 0 < sizes["checked_out"] + sizes["available"] <= sizes["total"]


def test_a_series_that_is_not_declared_is_found() -> None:
    registry = CollectorRegistry()
    Counter("greenlang_surprises_total", "Not in the table.", registry=registry).inc()
    Counter("greenlang_http_requests_total", "Other labels.", ("route",), registry=registry).labels("/").inc()
    assert undeclared(exposition(registry).decode())[:2] == [
        "greenlang_surprises_total: counter",
        "greenlang_http_requests_total: (('route', '/'),)",
    ]


def test_values_of_labels_that_are_not_declared_are_counted_as_other() -> None:
    metrics = PerformanceMetrics(Metrics(CollectorRegistry()))
    metrics.track_cache_operation("factor", "get", "perhaps")
    for number in range(1_000):
        metrics.metrics.counter("database_slow_queries_total")[(f"query {number}",)].inc()
    text = exposition(metrics.metrics.registry).decode()
    assert undeclared(text) == []
    assert 'greenlang_database_slow_queries_total{query_type="other"} 900.0' in text


def test_every_declared_metric_is_exposed_with_its_labels() -> None:
    made = {name for name in DECLARED if not DECLARED[name].is_derived}
    families: list[Metric] = list(METRICS.registry.collect())
    assert {family.name + ("_total" if family.type == "counter" else "") for family in families} == made


def queries() -> Iterator[tuple[str, str]]:
    """Yield who reads, and what: alerts with what their recorded series are made of, and dashboards."""
    rules = [rule for group in yaml.safe_load(RULES.read_text("utf-8"))["groups"] for rule in group["rules"]]
    recorded = {rule["record"]: rule["expr"] for rule in rules if "record" in rule}
    for rule in (rule for rule in rules if "alert" in rule):
        text = rule["expr"]
        while names := [name for name in recorded if name in text]:
            for name in names:
                text = text.replace(name, f"({recorded[name]})")
        yield rule["alert"], text
    for path in sorted(BUILD.parent.glob("*.json")):
        told = json.loads(path.read_text("utf-8"))
        for target in (target for panel in told["panels"] for target in panel["targets"]):
            yield told["title"].replace("VCCI", "dashboard"), target["expr"]


def test_who_reads_a_metric_is_who_it_is_declared_for() -> None:
    read: dict[str, set[str]] = {name: set() for name in DECLARED}
    for reader, text in queries():
        for name in NAME.findall(text):
            read.setdefault(name if name in DECLARED else PARTS.sub("", name), set()).add(reader)
    assert read == {name: set(one.read_by) for name, one in DECLARED.items()}
    assert all(read.values())


def test_every_query_of_a_dashboard_is_one_that_prometheus_understands(tmp_path: Path) -> None:
    shown = [text for reader, text in queries() if reader.startswith("dashboard")]
    given = [text.replace("$__rate_interval", "5m").replace("$job", ".*") for text in shown]
    rules = [{"record": f"query:{number}", "expr": text} for number, text in enumerate(given)]
    (tmp_path / "queries.yaml").write_text(yaml.safe_dump({"groups": [{"name": "queries", "rules": rules}]}))
    code, said = promtool("check", "rules", tmp_path / "queries.yaml")
    assert (code, f"{len(rules)} rules found" in said) == (0, True), said


def test_dashboards_are_what_their_code_makes() -> None:
    spec = importlib.util.spec_from_file_location("dashboards", BUILD)
    assert spec is not None and spec.loader is not None  # noqa: PT018
    build = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(build)
    made = {name: build.rendered(content) for name, content in build.dashboards().items()}
    assert made == {path.name: path.read_text("utf-8") for path in BUILD.parent.glob("*.json")}


def test_table_of_the_metrics_is_documented_as_it_is_declared() -> None:
    text = (ROOT / "docs" / "monitoring.md").read_text("utf-8")
    rows = ["| " + " | ".join((f"`{name}`", *rest)) + " |" for name, *rest in described()]
    assert [line for line in text.splitlines() if line.startswith("| `greenlang_")] == rows
