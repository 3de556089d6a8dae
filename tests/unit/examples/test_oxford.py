"""The shipped ledger of Oxford City Council and its mapping: whole, anonymous, nearly all of it mapped."""

import importlib.util
import re
import sys
from collections import Counter
from decimal import Decimal
from pathlib import Path
from types import ModuleType
from typing import Any

import polars as pl
import pytest
import yaml

from vcci.domain.finding import REASONS, Outcome
from vcci.domain.mapping import TARGETS
from vcci.domain.review import folded

ROOT = Path(__file__).parents[3]
EXAMPLE = ROOT / "examples" / "oxford-city-council"
PACK = ROOT / "src" / "vcci" / "packs" / "data" / "epa-supply-chain-1.3.0"
RAW_QUARTERS = ("jan-mar-2014", "apr-jun-2015", "apr-jun-2017", "oct-dec-2017")


@pytest.fixture(scope="module")
def build() -> ModuleType:
    spec = importlib.util.spec_from_file_location("oxford_build", EXAMPLE / "build.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def mapping() -> dict[str, Any]:
    read: dict[str, Any] = yaml.safe_load((EXAMPLE / "mapping.yaml").read_text(encoding="utf-8"))
    return read


def ledger(path: Path) -> pl.DataFrame:
    return pl.read_csv(path, infer_schema=False).fill_null("")


@pytest.fixture(scope="module")
def spend() -> pl.DataFrame:
    return ledger(EXAMPLE / "spend.csv")


def column_of(frame: pl.DataFrame, mapping: dict[str, Any], target: str) -> list[str]:
    (name,) = [c for c in frame.columns if c.casefold() in {n.casefold() for n in mapping["columns"][target]}]
    return frame[name].to_list()


def mapped_share(frame: pl.DataFrame, mapping: dict[str, Any]) -> Decimal:
    """The part of the purchases, by value, whose account has a commodity."""
    rules = {folded(rule["account"]): rule for rule in mapping["accounts"]}
    value = {"commodity": Decimal(0), "not_a_purchase": Decimal(0), "": Decimal(0)}
    accounts, amounts = (column_of(frame, mapping, target) for target in ("account", "quantity"))
    for account, amount in zip(accounts, amounts, strict=True):
        rule = rules.get(folded(account), {})
        answer = next((key for key in ("commodity", "not_a_purchase") if key in rule), "")
        value[answer] += Decimal(amount or "0")
    return value["commodity"] / (value["commodity"] + value[""])


def test_spend_is_what_the_builder_makes_of_the_published_rows(
    build: ModuleType, shared: Path, tmp_path: Path
) -> None:
    build.main(shared / "data", tmp_path / "spend.csv")
    assert (tmp_path / "spend.csv").read_bytes() == (EXAMPLE / "spend.csv").read_bytes()


def test_every_published_row_and_pound_is_there(build: ModuleType, shared: Path, spend: pl.DataFrame) -> None:
    source = pl.read_parquet(shared / "data" / build.SOURCE)
    assert spend.height == source.height == 42_042
    assert (
        sum(map(Decimal, spend["Amount"])) == sum(map(Decimal, source["amount"])) == Decimal("157163199.97")
    )


def test_no_name_is_left_that_the_builder_would_withhold(build: ModuleType, spend: pl.DataFrame) -> None:
    rows = spend.select("Expenditure Category", "Supplier ID", "Supplier Name").unique().rows()
    shown = [build.Supplier(*row) for row in rows if row[2] != build.WITHHELD]
    assert [supplier for supplier in shown if build.may_be_a_person(supplier)] == []


def test_no_title_of_a_person_is_left_in_any_column(spend: pl.DataFrame) -> None:
    texts = {text for column in spend.columns for text in spend[column].unique()}
    assert [t for t in texts if re.search(r"\b(mr|mrs|miss|ms|dr|messrs)\b", t, re.IGNORECASE)] == []


def test_a_withheld_name_keeps_no_number_of_the_publisher(build: ModuleType, spend: pl.DataFrame) -> None:
    withheld = spend.filter(pl.col("Supplier Name") == build.WITHHELD)["Supplier ID"]
    assert withheld.str.contains(r"^withheld-\d{4}$").all()


def test_most_of_the_spend_keeps_its_suppliers_name(build: ModuleType, spend: pl.DataFrame) -> None:
    value = pl.col("Amount").cast(pl.Decimal(38, 10)).sum()
    named = ~pl.col("Supplier Name").str.contains(f"(?i)^redacted|^$|^{re.escape(build.WITHHELD)}$")
    assert spend.filter(named).select(value).item() / spend.select(value).item() > Decimal("0.9")


def test_the_readme_counts_what_the_ledger_holds(build: ModuleType, spend: pl.DataFrame) -> None:
    names = spend["Supplier Name"]
    withheld = (names == build.WITHHELD).sum()
    redacted = names.str.contains("(?i)^redacted|^$").sum()
    text = (EXAMPLE / "README.md").read_text(encoding="utf-8")
    counts = (spend.height, withheld, redacted, spend.height - withheld - redacted)
    assert [n for n in counts if f"{n:,}" not in text] == []


@pytest.mark.parametrize(
    ("name", "account"),
    [
        ("JANE OTHER", "Consultants Fees"),
        ("Other", "Consultants Fees"),
        ("A B OTHER & SONS", "Materials"),
        ("AB & CD OTHER T/A MOBILE HIRE", "Special Events"),
        ("JOHN OTHER PHOTOGRAPHY SERVICES", "Special Events"),
        ("JOHN OTHER LTD", "Materials"),
        ("A OTHER LTD", "Materials"),
        ("OTHER PROPERTY SERVICES (RE DR OTHER)", "Rent"),
        ("CHAMBERS (ANN OTHER)", "Counsel & External Legal Fees"),
        ("OTHER LETTINGS LTD", "Homeless Prevention"),
    ],
)
def test_a_name_that_could_be_a_person_is_withheld(build: ModuleType, name: str, account: str) -> None:
    assert build.may_be_a_person(build.Supplier(account, "1", name))


@pytest.mark.parametrize(
    "name",
    ["OTHER LTD", "UNIVERSITY OF OTHER", "Royal Mail", "G P FABRICATIONS", "ST OTHER PCC", "QA LTD", ""],
)
def test_the_name_of_an_organisation_is_kept(build: ModuleType, name: str) -> None:
    assert not build.may_be_a_person(build.Supplier("Materials", "1", name))


def test_a_supplier_keeps_one_withheld_number(build: ModuleType) -> None:
    rows = [build.Supplier("Rent", "7", "JANE OTHER"), build.Supplier("Grants", "7", "JANE OTHER")]
    assert list(build.without_persons(rows)) == [("withheld-0001", build.WITHHELD)] * 2


def test_the_builder_withholds_under_the_name_that_the_mapping_knows(
    build: ModuleType, mapping: dict[str, Any], spend: pl.DataFrame
) -> None:
    known = {name.casefold() for name in mapping["redacted_suppliers"]}
    redacted = spend.filter(pl.col("Supplier Name").str.contains("(?i)^redacted"))["Supplier Name"]
    assert {build.WITHHELD.casefold(), *redacted.str.to_lowercase()} <= known


def test_no_account_has_two_rules(mapping: dict[str, Any]) -> None:
    times = Counter(folded(rule["account"]) for rule in mapping["accounts"])
    assert [account for account, count in times.items() if count > 1] == []


def test_every_rule_gives_one_answer_and_every_reason_excludes(mapping: dict[str, Any]) -> None:
    rules = mapping["accounts"]
    reasons = {rule["not_a_purchase"] for rule in rules if "not_a_purchase" in rule}
    assert [rule for rule in rules if ("commodity" in rule) == ("not_a_purchase" in rule)] == []
    assert {REASONS[reason].outcome for reason in reasons} == {Outcome.EXCLUDED}


def test_every_column_is_one_that_a_ledger_has(mapping: dict[str, Any]) -> None:
    assert set(mapping["columns"]) <= set(TARGETS)


def test_every_commodity_has_a_factor(mapping: dict[str, Any]) -> None:
    codes = set(pl.read_parquet(PACK / "*.parquet", columns=["code"])["code"])
    assert {rule["commodity"] for rule in mapping["accounts"] if "commodity" in rule} - codes == set()


def test_the_mapping_covers_the_purchases_of_the_example(
    mapping: dict[str, Any], spend: pl.DataFrame
) -> None:
    assert mapped_share(spend, mapping) > Decimal("0.99")


@pytest.mark.parametrize("quarter", RAW_QUARTERS)
def test_the_mapping_covers_the_quarters_as_published(
    mapping: dict[str, Any], shared: Path, quarter: str
) -> None:
    path = shared / "data" / "activity" / f"uk_oxford_city_council_spend_over_500_{quarter}_raw.csv"
    assert mapped_share(ledger(path), mapping) > Decimal("0.99")
