"""What a recalculation touches: nothing where nothing changes, and never more than has another answer."""

from decimal import Decimal
from fractions import Fraction
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.support.ledgers import calculator, factor

from vcci.domain.bridge import Bridge, Effect
from vcci.domain.factor import PriceBasis
from vcci.engine.columnar import KEY_COLUMNS
from vcci.engine.tables import ResolvedTables, resolved_tables
from vcci.services.factors import Parameters
from vcci.services.recalculation import (
    ANSWERS,
    RATE_ANSWERS,
    Changes,
    Touched,
    bridge_as_json,
    changed_keys,
    changed_rates,
)

KEYS = [
    (1, "naics2017:541511", "US", "USD", "2022", "spend-based"),
    (1, "naics2017:541511", "GB", "GBP", "2022", "spend-based"),
    (1, "naics2017:337214", "GB", "GBP", "2022", "spend-based"),
    (1, "naics2017:000000", "GB", "GBP", "2022", "spend-based"),
]
DATES = pl.DataFrame([("USD", "2022-03-01"), ("GBP", "2022-03-04")], schema=["unit", "date"], orient="row")


def tables(software: str = "0.125", furniture: str = "0.3", **other: Any) -> ResolvedTables:
    schema = dict.fromkeys(KEY_COLUMNS, pl.String) | {"category": pl.Int8}
    keys = pl.DataFrame(KEYS, schema=schema, orient="row")
    by_hand = calculator(factor("541511", software, **other), factor("337214", furniture))
    return resolved_tables(keys, DATES, by_hand)


def test_every_answer_is_compared_but_how_it_is_worded() -> None:
    assert {"mg_co2e_per_unit", "factor_id", "key_reason", "gwp_set", "ln_sigma", "notices"} <= set(ANSWERS)
    assert not {"steps", "tried", "key", *KEY_COLUMNS} & set(ANSWERS)
    assert RATE_ANSWERS == ("rate", "published", "rate_notices", "rate_reason")


def test_same_factors_touch_no_key_and_no_rate() -> None:
    assert changed_keys(tables(), tables()).is_empty()
    assert changed_rates(tables(), tables()).is_empty()


def test_another_factor_touches_its_own_keys_and_no_other() -> None:
    found = changed_keys(tables(), tables(furniture="0.4"))
    assert found.rows() == [KEYS[2]]


def test_factor_of_the_same_value_from_another_pack_is_another_answer() -> None:
    assert changed_keys(tables(), tables(pack="other-pack")).height == 2


def test_key_that_has_an_answer_now_is_touched() -> None:
    with_more = calculator(factor("541511", "0.125"), factor("337214", "0.3"), factor("000000", "1"))
    newer = resolved_tables(tables().multipliers.select(KEY_COLUMNS), DATES, with_more)
    assert changed_keys(tables(), newer).rows() == [KEYS[3]]


def test_another_published_rate_is_touched() -> None:
    newer = tables()
    doubled = newer.rates.with_columns(rate=pl.when(pl.col("unit") == "GBP").then(2.0).otherwise("rate"))
    found = changed_rates(tables(), ResolvedTables(newer.multipliers, doubled))
    assert found.rows() == [("GBP", "USD", "2022-03-04")]


amounts = st.decimals("0.001", "9", places=3).map(str)


@settings(deadline=None)
@given(amounts, amounts, amounts, amounts)
def test_keys_are_touched_where_and_only_where_the_multiplier_is_another(
    a: str, b: str, c: str, d: str
) -> None:
    older, newer = tables(a, b), tables(c, d)
    wanted = {KEYS[0], KEYS[1]} if Decimal(a) != Decimal(c) else set()
    wanted |= {KEYS[2]} if Decimal(b) != Decimal(d) else set()
    assert set(changed_keys(older, newer).rows()) == wanted


@given(
    st.builds(
        Changes,
        packs=st.none() | st.just(("b", "c")),
        year=st.none() | st.just(2024),
        price_basis=st.none() | st.just(PriceBasis.BASIC),
        gwp_set=st.none() | st.sampled_from(["", "AR6"]),
    )
)
def test_what_is_not_given_stays_as_it_was(changes: Changes) -> None:
    before = Parameters(("a",), 2023, PriceBasis.PURCHASER, "AR5")
    after = changes.applied(before)
    for name in ("packs", "year", "price_basis", "gwp_set"):
        wanted = getattr(changes, name)
        assert getattr(after, name) == (getattr(before, name) if wanted is None else wanted)


@pytest.mark.parametrize(("total", "share"), [(0, None), (400, 25.0), (-400, -25.0)])
def test_share_is_of_the_total_and_unknown_where_there_is_none(total: int, share: float | None) -> None:
    assert Touched(1, 0, 1, 0, emissions_mg_co2e=100, total_mg_co2e=total).share_percent == share


def test_only_rows_count_as_touched() -> None:
    assert Touched(3, 1, 0, 0, emissions_mg_co2e=0, total_mg_co2e=5).is_nothing
    assert not Touched(1, 0, 0, 1, emissions_mg_co2e=0, total_mg_co2e=5).is_nothing


def test_bridge_is_told_in_plain_values() -> None:
    assert bridge_as_json(Bridge(5, 7, (Effect(1, "factor", 2),))) == {
        "older_mg_co2e": 5,
        "newer_mg_co2e": 7,
        "effects": [{"category": 1, "effect": "factor", "emissions_mg_co2e": 2}],
    }


def test_share_is_exact_before_it_is_rounded() -> None:
    third = Touched(1, 0, 1, 0, emissions_mg_co2e=10**17, total_mg_co2e=3 * 10**17)
    assert third.share_percent == float(Fraction(100, 3))
