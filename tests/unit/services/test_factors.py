"""The broker: packs in the order in which they are named, and what a run needs of them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import pytest
from tests.support.ledgers import factor

from vcci.domain.activity import ActivityData
from vcci.domain.factor import EmissionFactor, PackManifest
from vcci.domain.line import EmissionLine
from vcci.domain.selection import Unresolved
from vcci.errors import PackError
from vcci.parameters import load
from vcci.services.factors import FactorBroker, Parameters
from vcci.services.ports import FactorPacks

DAY = "2022-03-01"


@dataclass
class PacksInMemory:
    """Packs as dictionaries: each name with its kind and contents."""

    packs: Mapping[str, tuple[str, Any]]
    loaded: list[str] = field(default_factory=list)

    def manifest(self, name: str) -> PackManifest:
        kind, _ = self.packs[name]
        said = name.removeprefix("./")
        return PackManifest(
            said, "1", kind, "Title", "We", 2024, "own", "no", "by us", "books", f"sha of {said}"
        )

    def factors(self, name: str) -> Sequence[EmissionFactor]:
        self.loaded.append(name)
        return list(self.packs[name][1])

    def rates(self, name: str) -> Mapping[str, Mapping[str, Decimal]]:
        return dict(self.packs[name][1])

    def price_indices(self, name: str) -> Mapping[str, Mapping[int, Decimal]]:
        return dict(self.packs[name][1])

    def partial_years(self, name: str) -> frozenset[int]:
        return frozenset({2024})

    def titles(self, name: str) -> Mapping[str, str]:
        return dict(self.packs[name][1])


PACKS_HELD: dict[str, tuple[str, Any]] = {
    "new": ("factors", [factor("541511", "0.084", pack="new")]),
    "old": (
        "factors",
        [
            factor("541511", "0.097", pack="old", price_year=2021),
            factor("561720", "0.3", pack="old", price_year=2021),
        ],
    ),
    "rates": ("rates", {"EUR": {DAY: Decimal(1)}, "USD": {DAY: Decimal("1.25")}}),
    "other-rates": ("rates", {"USD": {DAY: Decimal(9)}, "GBP": {DAY: Decimal("0.8")}}),
    "industries": ("price_index", {"5415": {2021: Decimal(100), 2022: Decimal(105)}}),
    "us-cpi": ("price_index", {"all": {2021: Decimal(200), 2022: Decimal(210), 2024: Decimal(220)}}),
}
PACKS: FactorPacks = PacksInMemory(PACKS_HELD)


def broker(*packs: str, **parameters: Any) -> FactorBroker:
    return FactorBroker(PACKS, Parameters(packs, **parameters))


def line(asked: FactorBroker, *, unit: str = "USD", year: int = 2022) -> EmissionLine | Unresolved:
    calculator = asked.calculator(load.units(asked.currencies()), {})
    return calculator.calculate(
        ActivityData("naics2017:541511", "100", unit, date="2022-03-01", price_year=year)
    )


def kg(answer: EmissionLine | Unresolved) -> float:
    assert isinstance(answer, EmissionLine), answer
    return answer.emissions_kg_co2e


def test_pack_named_first_answers_first() -> None:
    assert kg(line(broker("new", "old", "rates"))) == 8.4
    assert [f.pack for f in broker("old", "new", "rates").factors("naics2017:541511")] == ["old", "new"]


def test_later_pack_answers_what_the_first_does_not_know() -> None:
    assert [f.pack for f in broker("new", "old").factors("naics2017:561720")] == ["old"]


def test_pack_that_is_not_named_is_not_loaded() -> None:
    library = PacksInMemory({"new": ("factors", []), "old": ("factors", [])})
    FactorBroker(library, Parameters(("new",))).factors("naics2017:541511")
    assert set(library.loaded) == {"new"}


def test_titles_are_those_of_all_packs_named() -> None:
    assert broker("new", "old").titles() == {"541511": "Commodity 541511", "561720": "Commodity 561720"}


def physical(activity: str, unit: str = "kWh") -> EmissionFactor:
    return EmissionFactor(f"f/{activity}", activity, "Gas", Decimal("0.2"), unit, "GB", "AR5", "physical")


def test_physical_factors_alone_will_do_and_quantities_are_converted() -> None:
    library = PacksInMemory(
        {"physical": ("physical_factors", [physical("uk:gas")]), "rates": PACKS_HELD["rates"]}
    )
    asked = FactorBroker(library, Parameters(("physical", "rates")))
    answer = asked.calculator(load.units(()), {}).calculate(ActivityData("uk:gas", "3", "MWh", category=3))
    assert kg(answer) == 600.0


def test_only_commodities_have_titles_that_texts_are_matched_with() -> None:
    library = PacksInMemory(
        {
            "new": ("factors", [factor("541511", "0.084", pack="new")]),
            "physical": ("physical_factors", [physical("uk:gas")]),
        }
    )
    assert FactorBroker(library, Parameters(("new", "physical"))).titles() == {"541511": "Commodity 541511"}


def test_run_without_factors_is_refused() -> None:
    with pytest.raises(PackError, match=r"No pack of kind 'factors' is in use\. Tried: rates") as caught:
        broker("rates").factors("naics2017:541511")
    assert caught.value.code == "pack_kind_missing"


def test_run_without_rates_is_refused() -> None:
    with pytest.raises(PackError, match=r"No pack of kind 'rates' is in use\. Tried: new, us-cpi"):
        broker("new", "us-cpi").currencies()


def test_money_of_another_currency_is_changed_at_the_rate_of_its_day() -> None:
    assert kg(line(broker("new", "rates"), unit="EUR")) == 10.5  # 100 x 1.25 x 0.084


def test_rates_are_of_the_first_pack_that_knows_the_currency() -> None:
    asked = broker("new", "rates", "other-rates")
    assert (asked.per_euro("USD")[DAY], asked.per_euro("GBP")[DAY]) == (Decimal("1.25"), Decimal("0.8"))
    assert asked.per_euro("XXX") == {}


def test_industry_prices_are_taken_before_consumer_prices() -> None:
    answer = line(broker("new", "rates", "us-cpi", "industries"), year=2021)
    assert isinstance(answer, EmissionLine)
    assert (answer.emissions_kg_co2e, answer.notices) == (8.82, ())  # 100 x 105 / 100 x 0.084


def test_consumer_prices_stand_in_with_a_notice() -> None:
    answer = line(broker("new", "rates", "us-cpi"), year=2024)
    assert isinstance(answer, EmissionLine)
    assert answer.notices == ("deflated_with_cpi", "cpi_of_partial_year")
    assert answer.emissions_kg_co2e == 8.018182  # 100 x 210 / 220 x 0.084


def test_without_price_index_money_of_another_year_is_not_covered() -> None:
    answer = line(broker("new", "rates"), year=2021)
    assert answer == Unresolved("price_index_missing", ("USD of 2021 to 2022",))


def test_another_gwp_set_than_that_of_the_factors_is_not_guessed() -> None:
    assert line(broker("new", "rates", gwp_set="AR6")) == Unresolved("gwp_not_available", ("new is AR5",))


def test_report_names_every_pack_in_use_with_its_licence_and_digest() -> None:
    used = broker("new", "rates").packs_in_use()
    assert [(p.name, p.licence, p.digest) for p in used] == [
        ("new", "own", "sha of new"),
        ("rates", "own", "sha of rates"),
    ]


def test_pack_named_by_its_folder_goes_by_its_own_name() -> None:
    library = PacksInMemory({"./ours": ("factors", []), "ours": ("factors", [])})
    asked = FactorBroker(library, Parameters(("./ours",), year=2024))
    assert asked.described()["packs"] == "ours"
    assert [m.name for m in asked.factor_manifests()] == ["ours"]
