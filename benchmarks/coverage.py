"""Measure, for each published ledger, the share of its purchases that has lines; draw a sample of matches.

    vcci bench coverage DATA [LEDGER ...]

DATA is the folder of published data. Every ledger is run with its committed mapping, all its files,
without being stored. Amounts count by their size, so that a credit note does not raise the share of what is
covered by lowering what is not. Writes benchmarks/results/coverage.json, and docs/coverage.md with a sample
of what texts were taken for, drawn by value with a fixed seed, for readers to judge; no supplier is shown.
Where ledgers are named, only those are run, and nothing is written.
"""

import random
import sys
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Final

import polars as pl
from benchmarks.record import write_record

from vcci import runtime, settings
from vcci.domain.display import visible
from vcci.domain.finding import Outcome
from vcci.domain.inventory import RowCounts
from vcci.domain.mapping import Conventions, Mapping
from vcci.engine.columnar import outcome_of
from vcci.engine.matching import Matcher
from vcci.events import ignore
from vcci.intake import load_mapping
from vcci.packs import PackLibrary, default_names
from vcci.parameters import load
from vcci.services.classification import COMMODITY_PREFIX
from vcci.services.factors import FactorBroker, Parameters
from vcci.services.runs import Run, RunRequest

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "coverage.md"
SAMPLED: Final = 200
SEED: Final = 20_261_125
"""Any number, as long as it stays: the sample may not be drawn again until it pleases."""

OPEN: Final = ("account", "description")
ACCOUNTS: Final = ("account",)
NOTHING: Final = ()


@dataclass(frozen=True, slots=True)
class Ledger:
    """A published ledger: its files, its mapping, and which of its texts may be shown.

    Where a licence is not confirmed, accounts at most; where the account is a merchant, nothing. Files that
    have to be read in another way than the rest stand in `apart`, and are run by themselves.
    """

    name: str
    title: str
    files: str
    mapping: str
    shown: tuple[str, ...] = OPEN
    apart: Sequence[tuple[frozenset[str], Conventions]] = ()

    def runs(self, data: Path) -> Iterator[tuple[list[Path], Mapping]]:
        """Yield the files of each run, in order, and the mapping that reads them."""
        mapping = load_mapping(ROOT / "examples" / self.mapping)
        paths = sorted((data / "activity").glob(self.files))
        named = {name for names, _ in self.apart for name in names}
        yield [path for path in paths if path.name not in named], mapping
        for names, how in self.apart:
            conventions = replace(
                mapping.conventions, **{k: v for k, v in asdict(how).items() if v is not None}
            )
            yield [path for path in paths if path.name in names], replace(mapping, conventions=conventions)


LEDGERS: Final = (
    Ledger(
        "oxford",
        "Oxford City Council, quarters harmonised and raw",
        "uk_oxford_city_council_spend*",
        "oxford-city-council/mapping.yaml",
    ),
    Ledger(
        "hyndburn",
        "Hyndburn Borough Council",
        "uk_hyndburn*/*.csv",
        "mappings/hyndburn.yaml",
        apart=(
            (frozenset({"2020-11.csv"}), Conventions(encoding="cp850")),
            (frozenset({"2025-04.csv", "2025-09.csv"}), Conventions(header_row=0)),
        ),
    ),
    Ledger("gla", "Greater London Authority", "uk_gla*", "mappings/greater-london-authority.yaml"),
    Ledger("phoenix", "City of Phoenix", "us_phoenix*", "mappings/phoenix.yaml", ACCOUNTS),
    Ledger(
        "birmingham",
        "Birmingham City Council, purchase cards",
        "uk_birmingham*.parquet",
        "mappings/birmingham-purchase-cards.yaml",
    ),
    Ledger(
        "birmingham_month",
        "Birmingham City Council, one month as published",
        "uk_birmingham*.xls",
        "mappings/birmingham-purchase-cards.yaml",
        NOTHING,
    ),
    Ledger("treasury", "HM Treasury", "uk_hm_treasury*", "mappings/hm-treasury.yaml"),
    Ledger(
        "oxford_cards",
        "Oxford City Council, purchase cards",
        "uk_oxford_city_council_purchase_cards*",
        "oxford-city-council/purchase-cards.yaml",
        NOTHING,
    ),
    Ledger("usaid", "USAID, freight of shipments", "us_usaid*", "mappings/usaid-shipments.yaml"),
    Ledger(
        "parliament",
        "Australian parliamentarians, travel",
        "au_parliamentarian*",
        "mappings/australian-parliamentary-travel.yaml",
        NOTHING,
    ),
)
"""All published ledgers; the month of Birmingham is in its other file as well."""


@dataclass(frozen=True, slots=True)
class Measured:
    """What a run of a ledger left: rows by outcome, and the size of its amounts by outcome."""

    ledger: Ledger
    unit: str
    counts: RowCounts
    spend: dict[Outcome, float]
    matches: pl.DataFrame

    @property
    def purchases(self) -> float:
        """Return the size of all purchases, covered or not."""
        return self.spend[Outcome.LINE] + self.spend[Outcome.NOT_COVERED]

    @property
    def covered_share(self) -> float:
        """Return the share of the purchases that has lines, 0 to 1."""
        return self.spend[Outcome.LINE] / self.purchases

    @property
    def excluded_share(self) -> float:
        """Return the share of all spend that is no purchase, 0 to 1."""
        excluded = self.spend[Outcome.EXCLUDED]
        return excluded / (excluded + self.purchases)

    @property
    def unaccounted(self) -> int:
        """Return the rows without an outcome."""
        c = self.counts
        return c.rows - c.lines - c.excluded - c.not_covered - c.rejected


def measure(ledger: Ledger, data: Path, broker: FactorBroker) -> Measured:
    """Run a ledger with its mapping; sum over the runs that its files need."""
    runs = [_measure(ledger, paths, mapping, broker=broker) for paths, mapping in ledger.runs(data)]
    counts = [asdict(run.counts) for run in runs]
    return Measured(
        ledger,
        runs[0].unit,
        RowCounts(**{name: sum(count[name] for count in counts) for name in counts[0]}),
        {outcome: sum(run.spend[outcome] for run in runs) for outcome in Outcome},
        _summed(pl.concat([run.matches for run in runs])),
    )


def _measure(ledger: Ledger, paths: Sequence[Path], mapping: Mapping, *, broker: FactorBroker) -> Measured:
    """Run files into a folder that is thrown away."""
    action = Run(
        runtime.LocalRooms(settings.load(), paths, mapping, broker),
        broker,
        units=load.units(broker.currencies()),
        category_by_prefix=load.spend_categories(),
        vocabulary=load.everyday_words(),
        hook=ignore,
    )
    codes = {rule.code for rule in mapping.accounts if rule.code}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        inventory = action.execute(RunRequest(ledger.title, True, runtime.parameter_digests()), folder)
        matches = matches_of(folder, ledger, titles=broker.titles(), codes=codes)
        return Measured(ledger, mapping.currency, inventory.counts, spend_by_outcome(folder), matches)


def spend_by_outcome(folder: Path) -> dict[Outcome, float]:
    """Return the sums of the sizes of amounts."""
    size = pl.col("spend_hundredths").abs().sum() / 100
    lines = pl.scan_parquet(folder / "lines" / "*.parquet").select(size).collect().item()
    unlined = pl.scan_parquet(folder / "unlined" / "*.parquet").group_by("reason").agg(size).collect()
    found = dict.fromkeys(Outcome, 0.0) | {Outcome.LINE: lines}
    for reason, spent in unlined.iter_rows():
        found[outcome_of(reason)] += spent
    return found


def matches_of(folder: Path, ledger: Ledger, *, titles: dict[str, str], codes: set[str]) -> pl.DataFrame:
    """Return distinct texts that may be shown, with what they were taken for, by what, and their amounts."""
    by_code = pl.col("account_code").is_in(codes)
    by = pl.when(by_code).then(pl.lit("rule for a code")).otherwise(pl.lit("rule"))
    is_match = pl.col("notices").str.contains("commodity_matched")
    spent = pl.scan_parquet(folder / "lines" / "*.parquet").select("row", "spend_hundredths")
    rows = pl.scan_parquet(folder / "activities.parquet").join(spent, on="row")
    accounts = rows.filter(is_match).select("account").unique().collect()["account"]
    matcher = Matcher(titles, load.everyday_words())
    left_open = [account for account in accounts if not matcher.best(account)]
    by_description = is_match & pl.col("account").is_in(left_open)
    return (
        rows.filter(pl.lit(bool(ledger.shown)) & pl.col("activity").str.starts_with(COMMODITY_PREFIX))
        .filter(~by_description | pl.lit("description" in ledger.shown))
        .with_columns(
            text=pl.when(by_description).then("description").otherwise("account"),
            commodity=pl.col("activity").str.strip_prefix(COMMODITY_PREFIX).replace(titles),
            by=pl.when(is_match).then(pl.lit("match")).otherwise(by),
            ledger=pl.lit(ledger.name),
        )
        .filter(pl.col("text") != "")
        .select("text", "commodity", "ledger", "by", amount=pl.col("spend_hundredths").abs() / 100)
        .collect()
    )


def _summed(matches: pl.DataFrame) -> pl.DataFrame:
    """Return matches by text, without regard to case, with the sums of their amounts, in a fixed order."""
    return (
        matches.with_columns(pl.col("text").str.strip_chars())
        .group_by("commodity", "ledger", "by", folded=pl.col("text").str.to_lowercase())
        .agg(pl.col("text").min(), pl.col("amount").sum().round(2))
        .sort("folded", "commodity", "by")
        .drop("folded")
    )


def sample(matches: pl.DataFrame) -> pl.DataFrame:
    """Draw SAMPLED of the matches without putting back, each as likely as its amount is large.

    Efraimidis and Spirakis (2006): the largest of u ** (1 / weight). Amounts stay in their own currencies.
    """
    draw = random.Random(SEED)
    keys = [draw.random() ** (1 / amount) if amount else 0.0 for amount in matches["amount"]]
    drawn = matches.with_columns(draw=pl.Series(keys)).sort("draw", descending=True).head(SAMPLED)
    return drawn.sort(["ledger", "amount", "text"], descending=[False, True, False])


def figures(measured: Iterable[Measured]) -> dict[str, float]:
    """Return the figures of the record."""
    found: dict[str, float] = {}
    for m in measured:
        name = m.ledger.name
        found[name] = round(m.covered_share, 4)
        found[f"{name}_excluded_share"] = round(m.excluded_share, 4)
        found[f"{name}_rows"] = m.counts.rows
        found[f"{name}_rejected"] = m.counts.rejected
        found[f"{name}_unaccounted"] = m.unaccounted
    return found


HEAD: Final = """# What is covered of the published ledgers

Made by `vcci bench coverage`, with `benchmarks/results/coverage.json`; do not edit. Each ledger is run with
its mapping in `examples/`. *Covered* is the share of the purchases, by value, that has a commodity and a
factor; *excluded* the share of all spend that is no purchase (grants, debt, taxes, own energy ...). Amounts
count by their size: a credit note counts like an invoice. A *rejected* row has no amount or no date that can
be read, and counts in neither share. Rows that are unaccounted for: {unaccounted}.

"""

SAMPLE_HEAD: Final = """
## A sample to judge by

{count} of {all:,} distinct texts with a commodity, drawn by value with a fixed seed: the more money, the more
likely, so that nearly all of the largest accounts are here. *By* says what decided: a rule of the mapping for
the account, a rule for a code that is not shown, or the [matcher](matching.md). Of a ledger without a
confirmed licence accounts are shown, or nothing; of one whose accounts are merchants, nothing. No supplier is
shown.

"""


def page(measured: Sequence[Measured], drawn: pl.DataFrame) -> str:
    """Return docs/coverage.md."""
    ledgers = table(
        ("ledger", "rows", "purchases", "covered", "excluded", "rejected rows"),
        (
            (
                f"{m.ledger.title} (`{m.ledger.name}`)",
                f"{m.counts.rows:,}",
                f"{m.unit} {m.purchases / 1e6:,.2f} m",
                f"{m.covered_share:.1%}",
                f"{m.excluded_share:.1%}",
                f"{m.counts.rejected:,}",
            )
            for m in measured
        ),
    )
    shown = table(
        ("ledger", "text", "taken for", "amount", "by"),
        (
            (row["ledger"], row["text"], row["commodity"], f"{row['amount']:,.0f}", row["by"])
            for row in drawn.iter_rows(named=True)
        ),
    )
    all_texts = sum(m.matches.height for m in measured)
    unaccounted = sum(m.unaccounted for m in measured)
    sample_head = SAMPLE_HEAD.format(count=drawn.height, all=all_texts)
    return HEAD.format(unaccounted=unaccounted) + ledgers + sample_head + shown


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a Markdown table; a text cannot break out of its cell."""
    lines = [head, ["---"] * len(head), *rows]
    return "".join(f"| {' | '.join(map(_cell, line))} |\n" for line in lines)


def _cell(text: str) -> str:
    return visible(text).replace("|", "\\|").replace("<", "&lt;")


def main(data: Path, *names: str) -> None:
    """Run all ledgers or those named; print, and where it was all of them, record and document."""
    broker = FactorBroker(PackLibrary(), Parameters(tuple(default_names())))
    wanted = [ledger for ledger in LEDGERS if not names or ledger.name in names]
    measured = [measure(ledger, data, broker) for ledger in wanted]
    found = figures(measured)
    print("\n".join(f"{name:32} {value:>12,}" for name, value in found.items()))
    if not names:
        write(measured, found)


def write(measured: Sequence[Measured], found: dict[str, float]) -> None:
    """Write the record and the page."""
    drawn = sample(pl.concat([m.matches for m in measured]))
    PAGE.write_text(page(measured, drawn), encoding="utf-8")
    config = {"mappings": {m.ledger.name: m.ledger.mapping for m in measured}, "seed": SEED}
    written = write_record("coverage", config=config, figures=found)
    print(f"written to {written.relative_to(ROOT)} and {PAGE.relative_to(ROOT)}")


if __name__ == "__main__":
    main(Path(sys.argv[1]), *sys.argv[2:])
