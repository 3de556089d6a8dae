"""The mapping file is loaded strictly, with every fault named by line, and saved to read the same."""

import re
import string
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from vcci.domain.factor import OwnFactor
from vcci.domain.mapping import TARGETS, AccountRule, Conventions, DateOrder, DecimalMark, Mapping
from vcci.errors import MappingError
from vcci.intake import load_mapping, save_mapping

DOCS = Path(__file__).parents[3] / "docs" / "mapping.md"

FULL = Mapping(
    source="Example Ltd, payments",
    columns={"supplier": ("Vendor", "Payee: name"), "date": (), "quantity": ("Net",)},
    conventions=Conventions(DecimalMark.COMMA, DateOrder.DMY, "cp1252", "\t", 4, "Sheet 1"),
    currency="GBP",
    region="GB",
    capital_values=("Capital", "No"),
    redacted_suppliers=("Redacted, personal data",),
    accounts=(
        AccountRule(account="Software", commodity="511210"),
        AccountRule(code="0047", not_a_purchase="tax", why="Duty: 'stamps'"),
        AccountRule(account="Steel", own_factor="our steel", category=2),
    ),
    own_factors={"our steel": OwnFactor("1.90", "kg", "Supplier's declaration, 2024", 2024)},
)


def load(text: str, folder: Path) -> Mapping:
    path = folder / "mapping.yaml"
    path.write_text(text, encoding="utf-8")
    return load_mapping(path)


def test_saved_mapping_loads_as_the_same(tmp_path: Path) -> None:
    save_mapping(FULL, tmp_path / "mapping.yaml")
    assert load_mapping(tmp_path / "mapping.yaml") == FULL


def test_saved_mapping_has_no_empty_keys_and_one_line_for_each_rule(tmp_path: Path) -> None:
    save_mapping(Mapping(currency="GBP", accounts=FULL.accounts), tmp_path / "mapping.yaml")
    assert (tmp_path / "mapping.yaml").read_text().splitlines()[1:] == [
        "currency: GBP",
        "accounts:",
        "- {account: Software, commodity: '511210'}",
        "- {code: '0047', not_a_purchase: tax, why: 'Duty: ''stamps'''}",
        "- {account: Steel, own_factor: our steel, category: 2}",
    ]


def test_empty_mapping_saves_and_loads(tmp_path: Path) -> None:
    save_mapping(Mapping(), tmp_path / "mapping.yaml")
    assert load_mapping(tmp_path / "mapping.yaml") == Mapping()


TEXTS = st.text(st.characters(exclude_categories=("Cs", "Cc")), min_size=1, max_size=12)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    columns=st.dictionaries(st.sampled_from(TARGETS), st.lists(TEXTS, max_size=3).map(tuple)),
    words=st.lists(TEXTS).map(tuple),
    codes=st.lists(st.text(string.digits, min_size=1), unique=True),
)
def test_any_texts_survive_saving_and_loading(
    tmp_path: Path, columns: dict[str, tuple[str, ...]], words: tuple[str, ...], codes: list[str]
) -> None:
    rules = tuple(AccountRule(code=code, commodity="511210") for code in codes)
    mapping = Mapping(columns=columns, redacted_suppliers=words, accounts=rules)
    save_mapping(mapping, tmp_path / "mapping.yaml")
    assert load_mapping(tmp_path / "mapping.yaml") == mapping


def test_values_are_the_texts_that_stand_there(tmp_path: Path) -> None:
    loaded = load("columns: {supplier: No, quantity: [1e5, 007]}\nsource: 2024-01-02\n", tmp_path)
    assert loaded.columns == {"supplier": ("No",), "quantity": ("1e5", "007")}
    assert loaded.source == "2024-01-02"


INVALID = {
    "colums: {supplier: A}": 'mapping.yaml:1: there is no key "colums"; did you mean "columns"?',
    "source: x\ncolumns:\n  suplier: A": 'there is no key "suplier"; did you mean "supplier"?',
    "accounts:\n- {acount: A, commodity: '511210'}": 'mapping.yaml:2: there is no key "acount"; did you mean',
    "source: x\nconventions:\n  decimal: dot": "mapping.yaml:3: conventions.decimal",
    "accounts:\n- {account: A}": "mapping.yaml:2: accounts.0: a rule needs exactly one",
    "accounts:\n- {account: A, commodity: '511210', not_a_purchase: tax}": "exactly one",
    "accounts:\n- {commodity: '511210'}": "an account or a code",
    "accounts:\n- {account: A, not_a_purchase: quantity_missing}": "not_a_purchase is one of grant, tax",
    "accounts:\n- {account: A, commodity: steel}": "mapping.yaml:2: accounts.0.commodity",
    "accounts:\n- {account: A, not_a_purchase: tax, category: 16}": "accounts.0.category",
    "accounts:\n- {account: A, own_factor: x}": "own_factors has no x",
    "accounts:\n- {account: A, not_a_purchase: tax}\n- {account: a., not_a_purchase: debt}": "3: the acc",
    "accounts:\n- {code: 1, not_a_purchase: tax}\n- {code: '1', not_a_purchase: tax}": "3: the code",
    "own_factors: {x: {value: 1e5, unit: kg, source: s}}": "own_factors.x.value",
    "own_factors: {x: {value: '1', unit: kg}}": "own_factors.x.source",
    "own_factors: {x: {unit: kg, source: s}}": "exactly one of value, gases and gases_kg_co2e",
    "accounts:\n- {account: A, activity: 'grid:FR'}": "a rule that names an activity needs its category",
    "currency: pounds": "mapping.yaml:1: currency",
    "currency: GBP\ncurrency: EUR": "mapping.yaml:2: a key stands here a second time",
    "columns: &a {supplier: x}\nown_factors: *a": "anchors and aliases",
    "- a": "it holds no keys",
}


@pytest.mark.parametrize("text", INVALID)
def test_fault_is_named_by_line_with_what_would_be_right(tmp_path: Path, text: str) -> None:
    with pytest.raises(MappingError) as refused:
        load(text, tmp_path)
    assert refused.value.code == "mapping_invalid"
    assert INVALID[text] in str(refused.value)


@pytest.mark.parametrize("content", [b"a: [", b"source: \xff", b"a: b: c", b"[" * 5000, b"x" * 4_000_001])
def test_file_that_cannot_be_parsed_is_unreadable(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "mapping.yaml").write_bytes(content)
    with pytest.raises(MappingError) as refused:
        load_mapping(tmp_path / "mapping.yaml")
    assert refused.value.code == "mapping_unreadable"


def test_missing_file_is_unreadable_by_its_name(tmp_path: Path) -> None:
    with pytest.raises(MappingError, match=r"nowhere\.yaml"):
        load_mapping(tmp_path / "nowhere.yaml")


def test_example_of_the_documentation_loads(tmp_path: Path) -> None:
    (example,) = re.findall(r"```yaml\n(.*?)```", DOCS.read_text(encoding="utf-8"), re.DOTALL)[:1]
    loaded = load(example, tmp_path)
    assert set(loaded.columns) == set(TARGETS)
    assert all((loaded.source, loaded.currency, loaded.region, loaded.capital_values, loaded.accounts))
    assert loaded.own_factors
