"""The inventory: totals of a run, in integers, and the account of every row that went in.

CO2e is counted in milligrams (1e-6 kg) as integers, so each table adds up to the total exactly.
Spend is counted in hundredths of its currency, as integers too.
"""

from dataclasses import dataclass

from vcci.domain.finding import Outcome
from vcci.domain.review import Decision
from vcci.errors import AccountingError


@dataclass(frozen=True, slots=True)
class RowCounts:
    """Rows in, and what became of them."""

    rows: int
    lines: int
    excluded: int
    not_covered: int
    rejected: int

    def assert_balanced(self) -> None:
        """Raise `AccountingError` unless every row has exactly one outcome."""
        accounted = self.lines + self.excluded + self.not_covered + self.rejected
        if accounted != self.rows:
            raise AccountingError(
                f"{self.rows} rows went in, but {accounted} are accounted for ({self}).",
                remedy="Please report this with the file's layout; nothing was stored.",
                code="rows_do_not_add_up",
            )


@dataclass(frozen=True, slots=True)
class Interval:
    """The 95 % interval of a total, its mean, and how much of it has no known uncertainty; in mg CO2e.

    What has none stands in the interval as it is. Where everything has none, there is no interval.
    """

    low_mg_co2e: int
    high_mg_co2e: int
    mean_mg_co2e: int
    without_mg_co2e: int


@dataclass(frozen=True, slots=True)
class CategoryTotal:
    """One Scope 3 category."""

    category: int
    title: str
    lines: int
    emissions_mg_co2e: int
    interval: Interval | None = None


@dataclass(frozen=True, slots=True)
class SupplierTotal:
    """One supplier, over all categories."""

    supplier: str
    lines: int
    emissions_mg_co2e: int
    interval: Interval | None = None


@dataclass(frozen=True, slots=True)
class FactorTotal:
    """One emission factor in use, with where it comes from."""

    activity: str
    name: str
    factor: str
    pack: str
    lines: int
    emissions_mg_co2e: int
    interval: Interval | None = None


@dataclass(frozen=True, slots=True)
class YearTotal:
    """One calendar year of the rows' dates; year 0 holds lines without a date."""

    year: int
    lines: int
    emissions_mg_co2e: int
    interval: Interval | None = None


@dataclass(frozen=True, slots=True)
class GasTotal:
    """One gas as CO2e; `gas` is empty for what the factors do not publish by gas. Biogenic CO2 is apart."""

    gas: str
    emissions_mg_co2e: int


@dataclass(frozen=True, slots=True)
class MethodTotal:
    """One calculation method; `is_primary` where it stands on data of suppliers or other partners."""

    method: str
    is_primary: bool
    lines: int
    emissions_mg_co2e: int
    interval: Interval | None = None


@dataclass(frozen=True, slots=True)
class SourceTotal:
    """What a category owes to one method and one pack, and in which GWP set; category 0 is stated apart.

    `biogenic_mg_co2` is apart from the emissions; None where no factor of these lines tells it.
    """

    category: int
    method: str
    is_primary: bool
    pack: str
    gwp_set: str
    lines: int
    emissions_mg_co2e: int
    biogenic_mg_co2: int | None


@dataclass(frozen=True, slots=True)
class RegionTotal:
    """One country of the rows; empty for rows that name none."""

    region: str
    lines: int
    emissions_mg_co2e: int
    interval: Interval | None = None


@dataclass(frozen=True, slots=True)
class IndicatorScore:
    """The mean score of a data quality indicator, by emissions, in hundredths (100 best, 500 worst).

    `assessed_mg_co2e` is how much of the total has a score.
    """

    indicator: str
    score_hundredths: int
    assessed_mg_co2e: int


@dataclass(frozen=True, slots=True)
class CategoryStatus:
    """What an inventory says of a category: calculated, left out with a reason, or without data."""

    category: int
    title: str
    status: str
    reason: str = ""


@dataclass(frozen=True, slots=True)
class CountedTwice:
    """Emissions that may stand in the totals twice: two sides of one partner, with what to do about it."""

    code: str
    meaning: str
    remedy: str
    about: str
    one_mg_co2e: int
    other_mg_co2e: int


@dataclass(frozen=True, slots=True)
class ApartTotal:
    """What is stated beside the totals: lifetime projections, removals, credits, biogenic CO2."""

    what: str
    lines: int
    emissions_mg: int


@dataclass(frozen=True, slots=True)
class SpendShare:
    """Rows and money with one outcome and one reason; `unit` is the currency, `reason` empty for lines.

    Credits are taken off spend; in turnover they count as what they are worth.
    """

    outcome: Outcome
    reason: str
    unit: str
    rows: int
    spend_hundredths: int
    turnover_hundredths: int


@dataclass(frozen=True, slots=True)
class UncoveredAccount:
    """An account with purchases that no factor covers, to be mapped next."""

    account: str
    reason: str
    unit: str
    rows: int
    spend_hundredths: int


@dataclass(frozen=True, slots=True)
class NoticeCount:
    """How many lines carry a notice, and what the notice means."""

    code: str
    meaning: str
    lines: int


@dataclass(frozen=True, slots=True)
class PackInUse:
    """A factor pack as a run used it, down to the digest of its bytes."""

    name: str
    version: str
    publisher: str
    licence: str
    attribution: str
    digest: str
    standing: str = ""


@dataclass(frozen=True, slots=True)
class Inventory:
    """Everything that a report may show; reports are views over it and compute nothing new.

    `successor_of` is the digest of the run whose place this one took, mended or recalculated, or empty;
    `decisions` are those of people that texts of it were placed by.
    """

    run_digest: str
    title: str
    year: int | None
    sources: tuple[str, ...]
    reading: dict[str, str]
    parameters: dict[str, str]
    counts: RowCounts
    total_mg_co2e: int
    categories: tuple[CategoryTotal, ...]
    suppliers: tuple[SupplierTotal, ...]
    factors: tuple[FactorTotal, ...]
    years: tuple[YearTotal, ...]
    spend: tuple[SpendShare, ...]
    uncovered: tuple[UncoveredAccount, ...]
    notices: tuple[NoticeCount, ...]
    packs: tuple[PackInUse, ...]
    successor_of: str = ""
    methods: tuple[MethodTotal, ...] = ()
    regions: tuple[RegionTotal, ...] = ()
    gases: tuple[GasTotal, ...] = ()
    apart: tuple[ApartTotal, ...] = ()
    interval: Interval | None = None
    quality: tuple[IndicatorScore, ...] = ()
    boundary: tuple[CategoryStatus, ...] = ()
    counted_twice: tuple[CountedTwice, ...] = ()
    decisions: tuple[Decision, ...] = ()
    by_source: tuple[SourceTotal, ...] = ()

    @property
    def lines_in_totals(self) -> int:
        """Lines without those that are stated apart."""
        return sum(category.lines for category in self.categories)

    @property
    def primary_data_mg_co2e(self) -> int:
        """The emissions that stand on data of suppliers or other partners."""
        return sum(m.emissions_mg_co2e for m in self.methods if m.is_primary)

    def turnover_hundredths(self, outcome: Outcome, unit: str) -> int:
        """Sum the money of one outcome in one currency, credits counted as what they are worth."""
        return sum(s.turnover_hundredths for s in self.spend if s.outcome == outcome and s.unit == unit)
