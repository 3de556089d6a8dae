"""The library finds packs, lets no altered byte in, and gives exact figures."""

from decimal import Decimal
from pathlib import Path

import polars as pl
import pytest

from vcci.domain.factor import PriceBasis
from vcci.errors import PackError
from vcci.packs import PackLibrary, default_names
from vcci.packs.library import DATA, MANIFEST
from vcci.services.ports import FactorPacks

from .conftest import MakePack

SHIPPED: FactorPacks = PackLibrary()
EPA = "epa-supply-chain-1.3.0"


def refusal(name: str, *, library: PackLibrary | None = None) -> PackError:
    with pytest.raises(PackError) as caught:
        (library or PackLibrary()).factors(name)
    return caught.value


def test_every_default_pack_ships() -> None:
    assert set(default_names()) <= set(PackLibrary().names())


def test_older_vintage_ships_and_is_used_only_when_named() -> None:
    assert "epa-supply-chain-1.2.0" in set(PackLibrary().names()) - set(default_names())


def test_a_commodity_has_one_factor_with_and_one_without_margins() -> None:
    soybeans = [f for f in SHIPPED.factors(EPA) if f.activity == "naics2017:111110"]
    assert [(f.id, f.price_basis, f.value_kg_co2e) for f in soybeans] == [
        (f"{EPA}/111110/purchaser", PriceBasis.PURCHASER, Decimal("0.532")),
        (f"{EPA}/111110/basic", PriceBasis.BASIC, Decimal("0.488")),
    ]
    assert {(f.unit, f.price_year, f.gwp_set, f.region) for f in soybeans} == {("USD", 2022, "AR5", "US")}


def test_commodity_of_several_industries_is_deflated_by_the_first_with_a_notice() -> None:
    (building, _) = [f for f in SHIPPED.factors(EPA) if f.activity == "naics2017:236220"]
    assert (building.price_index, building.has_several_price_indices) == ("230301", True)


def test_every_commodity_has_an_industry_whose_prices_are_known() -> None:
    industries = SHIPPED.price_indices("bea-price-index")
    assert {f.price_index for f in SHIPPED.factors(EPA)} <= set(industries)


def test_rates_are_those_that_the_bank_published() -> None:
    rates = SHIPPED.rates("ecb-rates")
    assert rates["USD"]["2020-01-02"] == Decimal("1.1193")
    assert rates["GBP"]["2016-06-23"] == Decimal("0.76595")


def test_a_euro_is_a_euro_on_every_published_day() -> None:
    rates = SHIPPED.rates("ecb-rates")
    assert set(rates["EUR"].values()) == {1}
    assert rates["EUR"].keys() >= rates["USD"].keys()


def test_a_currency_without_rates_is_absent() -> None:
    assert SHIPPED.rates("ecb-rates").get("XXX") is None


def test_consumer_prices_are_published_averages_and_the_running_year_is_partial() -> None:
    (prices,) = SHIPPED.price_indices("us-cpi").values()
    assert (prices[2017], prices[2022]) == (Decimal("245.120"), Decimal("292.655"))
    assert SHIPPED.partial_years("us-cpi") == {max(prices)}


def test_titles_are_found_by_code() -> None:
    assert SHIPPED.titles("naics-2017-titles")["541511"] == "Custom Computer Programming Services"


def test_a_pack_of_ones_own_is_named_by_its_folder_then_also_by_its_name(make_pack: MakePack) -> None:
    library, folder = PackLibrary(), make_pack(name="ours", folder="anywhere")
    assert library.factors(folder)[0].pack == "ours"
    assert library.factors("ours") == library.factors(folder)


def test_industry_columns_and_one_of_the_price_bases_may_be_left_out(make_pack: MakePack) -> None:
    (factor,) = PackLibrary().factors(make_pack(without_margins=[None]))
    assert (factor.price_basis, factor.price_index, factor.notices) == (PriceBasis.PURCHASER, "", ())


def test_altered_data_are_refused(make_pack: MakePack) -> None:
    folder = make_pack()
    data = Path(folder, DATA)
    data.write_bytes(data.read_bytes().replace(b"PAR1", b"PAR2"))
    assert refusal(folder).code == "pack_altered"


def test_missing_data_are_refused(make_pack: MakePack) -> None:
    folder = make_pack()
    Path(folder, DATA).unlink()
    assert refusal(folder).code == "pack_missing"


def test_unknown_name_is_answered_with_the_nearest() -> None:
    error = refusal("epa-suply-chain-1.3.0")
    assert error.code == "pack_unknown"
    assert "Did you mean epa-supply-chain-1.3.0?" in error.remedy


def test_folder_without_manifest_is_no_pack(tmp_path: Path) -> None:
    assert refusal(f"{tmp_path}/none").code == "pack_missing"


def test_two_packs_of_one_name_are_refused(make_pack: MakePack) -> None:
    assert refusal(make_pack(name=EPA)).code == "pack_name_taken"


def test_asking_a_pack_for_what_it_does_not_hold_is_refused() -> None:
    assert refusal("us-cpi").code == "pack_of_other_kind"


@pytest.mark.parametrize(
    ("columns", "why"),
    [
        ({"with_margins": [0.084]}, "column with_margins holds Float64, not exact figure or none"),
        ({"with_margins": ["0,084"]}, "column with_margins has texts that are no plain decimals"),
        ({"code": [541511]}, "column code holds Int64, not text"),
        ({"code": pl.Series([None], dtype=pl.String)}, "column code has empty cells"),
        ({"title": [None]}, "column title holds Null, not text"),
    ],
)
def test_figures_that_are_not_exact_texts_are_refused(
    make_pack: MakePack, columns: dict[str, object], why: str
) -> None:
    error = refusal(make_pack(**columns))
    assert error.code == "pack_data_damaged"
    assert why in error.what


@pytest.mark.parametrize(
    ("before", "after", "why"),
    [
        ("year: 2024", "year: last", "field 'year' holds 'last', not a whole number"),
        ("licence: own", "license: own", "field 'license' is unknown; did you mean 'licence'?"),
        ("publisher: We\n", "", "field 'publisher' is missing"),
        ("kind: factors", "kind: factor", "is of kind 'factor', which is unknown"),
        ("name: my-pack", "name: [", "while parsing"),
    ],
)
def test_damaged_manifest_is_refused_with_the_field(
    make_pack: MakePack, before: str, after: str, why: str
) -> None:
    folder = make_pack()
    manifest = Path(folder, MANIFEST)
    manifest.write_text(manifest.read_text().replace(before, after))
    error = refusal(folder)
    assert error.code == "pack_manifest_damaged"
    assert why in error.what


def test_row_count_of_the_manifest_is_held(make_pack: MakePack) -> None:
    folder = make_pack()
    manifest = Path(folder, MANIFEST)
    manifest.write_text(manifest.read_text().replace("rows: 1", "rows: 2"))
    assert "it has 1 rows, and the manifest says 2" in refusal(folder).what
