"""A footprint's two sums differ by what plants took up."""

from decimal import Decimal

import pytest

from vcci.domain.product_footprint import ProductFootprint, co2_of_carbon


def test_uptake_is_in_one_sum_and_not_in_the_other() -> None:
    footprint = ProductFootprint(
        Decimal("2.0"), biogenic_uptake=Decimal("-0.5"), biogenic_non_co2=Decimal("9")
    )
    assert (footprint.excluding_uptake, footprint.including_uptake) == (Decimal("2.0"), Decimal("1.5"))


def test_uptake_with_the_wrong_sign_is_refused() -> None:
    with pytest.raises(ValueError, match="zero or negative"):
        ProductFootprint(Decimal(1), biogenic_uptake=Decimal("0.1"))


def test_twelve_grams_of_carbon_are_forty_four_of_co2() -> None:
    assert co2_of_carbon(Decimal("0.012")) * 1000 == 44
