"""`vcci calculate` and `vcci schema`, as a user runs them."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from vcci.services import activity_request

PER_KG = {"value": "2", "unit": "kg", "source": "made up"}
STEEL = {"id": "steel", "category": 1, "quantity": "1.5", "unit": "kg", "factor": PER_KG}
TRIP = {
    "id": "trip",
    "category": 6,
    "method": "distance-based",
    "inputs": {"distance": "50 km", "persons": 10},
    "factor": {"value": 0.12, "unit": "pkm", "source": "railway"},
}
NO_FACTOR = {"id": "none", "category": 1, "quantity": 1, "unit": "kg"}


def calculate(text: str | bytes, *arguments: str) -> subprocess.CompletedProcess[bytes]:
    given = text.encode() if isinstance(text, str) else text
    return subprocess.run(
        [sys.executable, "-m", "vcci", "calculate", "-", *arguments],
        input=given,
        capture_output=True,
        timeout=120,
        check=False,
    )


def answered(request: Any, *arguments: str, exit_code: int = 0) -> Any:
    done = calculate(request if isinstance(request, str) else json.dumps(request), *arguments)
    assert (done.returncode, done.stderr) == (exit_code, b"")
    return json.loads(done.stdout)


def test_one_activity_gets_one_answer() -> None:
    found = answered(TRIP)
    assert (found["id"], found["total_kg_co2e"]) == ("trip", "60.000000")
    assert found["lines"][0]["derivation"][0] == "travel: distance x persons = 50 km x 10 = 500 pkm"


def test_an_array_is_answered_in_its_order() -> None:
    found = answered([TRIP, STEEL, TRIP | {"id": "again"}])
    assert [(a["id"], a["total_kg_co2e"]) for a in found] == [
        ("trip", "60.000000"),
        ("steel", "3.000000"),
        ("again", "60.000000"),
    ]


def test_a_bad_activity_among_others_exits_with_one_and_touches_none() -> None:
    found = answered([STEEL, NO_FACTOR, 7, {"category": 99}, TRIP], exit_code=1)
    assert [a.get("total_kg_co2e") for a in found] == ["3.000000", None, None, None, "60.000000"]
    assert [a["finding"]["code"] for a in found[1:4]] == [
        "commodity_unknown",
        "request_malformed",
        "request_malformed",
    ]


def test_no_activities_are_no_answers() -> None:
    assert answered("[]") == []


def test_a_file_is_read_like_standard_input(tmp_path: Path) -> None:
    (tmp_path / "trip.json").write_text(json.dumps([TRIP, NO_FACTOR]))
    done = subprocess.run(
        [sys.executable, "-m", "vcci", "calculate", "trip.json"],
        cwd=tmp_path,
        capture_output=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 1
    assert done.stdout == calculate(json.dumps([TRIP, NO_FACTOR])).stdout


def test_numbers_with_many_digits_stay_as_they_are_written() -> None:
    per_kg = '{"value": 0.123456789012345678, "unit": "kg", "source": "s"}'
    found = answered(f'{{"category": 1, "quantity": 1000000.1, "unit": "kg", "factor": {per_kg}}}')
    assert found["lines"][0]["derivation"][0] == "0.123456789012345678 kg CO2e per kg"
    assert found["total_kg_co2e"] == "123456.801358"  # 0.123456789012345678 x 1000000.1


def test_a_tenth_and_two_tenths_are_three_tenths() -> None:
    inputs = {"landfill_share": 0.1, "recycling_share": 0.2, "incineration_share": 0.7, "waste": "1 t"}
    found = answered({"category": 5, "method": "average-data", "inputs": inputs, "factor": PER_KG})
    assert [line["amount"] for line in found["lines"]] == [100.0, 700.0, 200.0]
    over = inputs | {"incineration_share": 0.7000000000000001}
    refused = answered(
        {"category": 5, "method": "average-data", "inputs": over, "factor": PER_KG}, exit_code=1
    )
    assert refused["finding"]["code"] == "share_over_one"


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b'{"category": 1',
        b'"an activity"',
        b"7",
        b"null",
        b"\xff\xfe",
        b"[" * 100_000,
        b"[" * 100_000 + b"]" * 100_000,
        b'{"id":' * 50_000 + b"1" + b"}" * 50_000,
    ],
    ids=["nothing", "cut off", "text", "number", "null", "binary", "open", "too deep", "too deep objects"],
)
def test_what_is_no_request_is_refused_with_a_remedy(text: bytes) -> None:
    done = calculate(text)
    assert (done.returncode, done.stdout) == (3, b"")
    assert done.stderr.decode().rstrip().endswith("`vcci schema` prints the form. [request_not_json]")
    assert b"Traceback" not in done.stderr


def test_a_file_that_is_not_there_is_told() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "vcci", "calculate", "no such.json"], capture_output=True, check=False
    )
    assert done.returncode == 3
    assert done.stderr.startswith(b"vcci: no such.json cannot be read")


def test_the_gwp_set_that_is_asked_for_weighs_the_gases() -> None:
    leak = {"unit": "kg", "source": "meter", "gases": {"CH4": 1}}
    request = {"category": 3, "quantity": 2, "unit": "kg", "factor": leak}
    totals = [answered(request, "--gwp", gwp)["total_kg_co2e"] for gwp in ("AR4", "AR5")]
    assert totals == ["50.000000", "56.000000"]
    assert answered(request, exit_code=1)["finding"]["code"] == "gwp_not_available"


def test_a_pack_in_another_gwp_set_than_its_own_says_so() -> None:
    request = {"category": 11, "quantity": 1, "unit": "t", "factor": "desnz2025:1_100_1000_15_1"}
    packs = ("--pack", "desnz-2025", "--pack", "ipcc-gwp", "--pack", "ecb-rates")
    (own,), (other,) = (answered(request, *packs, *gwp)["lines"] for gwp in ([], ["--gwp", "AR4"]))
    assert [notice["code"] for notice in other["notices"]] == ["gwp_set_changed"]
    methane, nitrous = 2_520_000, 1_600_670  # mg CO2e per t in AR5: 28 and 265 times the gas
    change = methane * 25 / 28 + nitrous * 298 / 265 - methane - nitrous
    assert other["emissions_mg_co2e"] - own["emissions_mg_co2e"] == round(change)


def test_an_activity_as_the_schema_has_it_is_answered() -> None:
    done = subprocess.run([sys.executable, "-m", "vcci", "schema"], capture_output=True, check=False)
    form = json.loads(done.stdout)
    assert (done.returncode, form["$schema"]) == (0, "https://json-schema.org/draft/2020-12/schema")
    assert form == activity_request.schema()
    one = form["$defs"]["ActivityRequest"]
    assert set(TRIP) | set(STEEL) <= set(one["properties"])
    assert form["anyOf"] == [
        {"$ref": "#/$defs/ActivityRequest"},
        {"type": "array", "items": {"$ref": "#/$defs/ActivityRequest"}},
    ]
