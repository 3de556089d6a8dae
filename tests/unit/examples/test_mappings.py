"""The committed mappings: each can be read and holds no mistake, and each ledger is covered by its own."""

from collections import Counter
from pathlib import Path

import pytest
from benchmarks.coverage import LEDGERS, Measured, measure, page, sample

from vcci.domain.finding import REASONS, Outcome
from vcci.domain.mapping import AccountRule, Mapping
from vcci.domain.review import folded
from vcci.intake import load_mapping
from vcci.packs import PackLibrary, default_names
from vcci.services.factors import FactorBroker, Parameters

EXAMPLES = Path(__file__).parents[3] / "examples"
MAPPINGS = sorted(str(path.relative_to(EXAMPLES)) for path in EXAMPLES.glob("*/*.yaml"))
COVERED = [  # ledger, published rows, least share of its purchases
    ("oxford", 57_802, 0.9),
    ("oxford_cards", 3_083, 0.75),
    ("gla", 20_635, 0.75),
    ("phoenix", 193_423, 0.75),
    ("birmingham", 116_484, 0.75),
    ("hyndburn", 14186, 0.6),
    ("treasury", 146, 0.75),
    ("birmingham_month", 2_062, 0.75),
    ("usaid", 7_400, 0.75),
    ("parliament", 61_060, 0.75),
]


@pytest.fixture(scope="module")
def broker() -> FactorBroker:
    return FactorBroker(PackLibrary(), Parameters(tuple(default_names())))


@pytest.fixture(params=MAPPINGS)
def mapping(request: pytest.FixtureRequest) -> Mapping:
    return load_mapping(EXAMPLES / request.param)


def measured(name: str, shared: Path, broker: FactorBroker) -> Measured:
    (ledger,) = [ledger for ledger in LEDGERS if ledger.name == name]
    return measure(ledger, shared / "data", broker)


def test_every_commodity_has_a_factor(mapping: Mapping, broker: FactorBroker) -> None:
    commodities = {rule.commodity for rule in mapping.accounts if rule.commodity}
    assert commodities - broker.titles().keys() == set()


def test_every_reason_excludes(mapping: Mapping) -> None:
    reasons = {rule.not_a_purchase for rule in mapping.accounts if rule.not_a_purchase}
    assert {REASONS[reason].outcome for reason in reasons} <= {Outcome.EXCLUDED}


def test_nothing_has_two_rules(mapping: Mapping) -> None:
    def named(rule: AccountRule) -> tuple[str, str]:
        return folded(rule.account), rule.code

    times = Counter(map(named, mapping.accounts))
    assert [name for name, count in times.items() if count > 1] == []


def test_every_mapping_says_whose_ledger_it_reads_and_in_which_currency(mapping: Mapping) -> None:
    assert mapping.source
    assert mapping.currency


@pytest.mark.parametrize(("name", "rows", "least"), COVERED)
def test_a_ledger_is_read_whole_and_covered_by_its_mapping(
    name: str, rows: int, least: float, shared: Path, broker: FactorBroker
) -> None:
    found = measured(name, shared, broker)
    assert (found.counts.rows, found.unaccounted) == (rows, 0)
    assert found.covered_share >= least


def test_the_sample_is_the_same_each_time_and_shows_no_text_that_may_not_be_shown(
    shared: Path, broker: FactorBroker
) -> None:
    cards, gla = (measured(name, shared, broker) for name in ("oxford_cards", "gla"))
    drawn = sample(gla.matches)
    assert cards.matches.height == 0
    assert drawn.equals(sample(gla.matches))
    assert page([cards, gla], drawn).count("\n| gla |") == drawn.height
