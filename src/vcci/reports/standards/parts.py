"""Parts that reports by several standards share: each says what there is of one thing, or why not."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from vcci.domain.category import STATED_APART, Category
from vcci.domain.display import coverage_percents, exact_tonnes, money, percent, spend_in_order
from vcci.domain.finding import REASONS, Outcome
from vcci.domain.inventory import CategoryStatus, Inventory, SourceTotal
from vcci.reports.standards.view import Row, missing
from vcci.services.reported import Reported

NO_DATA: Final = "The rows that were read have none of this category."
GIVE_DATA: Final = (
    "Import activity data of it, or state in the mapping (`left_out`) why it is outside the inventory."
)
NO_SOURCES: Final = "A run of this report was stored without its sums by method and pack."
NO_FACTOR_SUMS: Final = "A run of this report was stored without its sums by factor."
NO_FACTOR_SUMS_HERE: Final = "Sums by factor are kept with stored runs, and not in a folder of results."
NOTHING: Final = "No emissions were calculated."
RUN_AGAIN: Final = "Run its files again, or recalculate it; sums by method and pack are then kept with it."


def name_of(category: Category) -> str:
    """Return a category with its number: `1. Purchased goods and services`."""
    return f"{int(category)}. {category.title}"


def categories(reported: Reported) -> list[Row]:
    """Return the emissions of all fifteen categories; a category without a figure says why."""
    totals = {row.category: row for row in reported.inventory.categories}
    statuses = _statuses(reported.inventory)
    rows = []
    for category in Category:
        if category in totals:
            found = totals[category]
            share = percent(found.emissions_mg_co2e, reported.inventory.total_mg_co2e)
            told = f"{found.lines:,} lines" + (f", {share} of the total" if share else "")
            rows.append(Row(name_of(category), found.emissions_mg_co2e, told))
        else:
            rows.append(_without_figure(category, statuses))
    return rows


def included(reported: Reported) -> list[Row]:
    """Return of each category whether it is in the inventory, left out for a stated reason, or neither."""
    statuses = _statuses(reported.inventory)
    calculated = {row.category for row in reported.inventory.categories}
    rows = []
    for category in Category:
        reason = statuses[category].reason if category in statuses else ""
        if category in calculated:
            rows.append(
                Row(
                    name_of(category), text=f"Included. In part left out: {reason}" if reason else "Included."
                )
            )
        else:
            rows.append(_without_figure(category, statuses))
    return rows


def outcomes(reported: Reported) -> list[Row]:
    """Return what became of the rows that went in, with the money where rows have any."""
    inventory, rows = reported.inventory, []
    counts = inventory.counts
    rows.append(
        Row(
            "All rows",
            text=f"{counts.rows:,} rows: {counts.lines:,} with lines, {counts.excluded:,} excluded,"
            f" {counts.not_covered:,} not covered, {counts.rejected:,} rejected.",
        )
    )
    for unit, share in coverage_percents(inventory).items():
        rows.append(Row(f"Coverage by value, {unit}", text=f"{share} of purchases in {unit} have lines."))
    for found in spend_in_order(inventory):
        if found.outcome is not Outcome.LINE:
            known = REASONS[found.reason]
            amount = f", {money(found.spend_hundredths)} {found.unit}" if found.spend_hundredths else ""
            label = f"{found.outcome.value.capitalize()}: {known.meaning}"
            rows.append(Row(label, text=f"{found.rows:,} rows{amount}."))
    return rows


def biogenic(reported: Reported) -> list[Row]:
    """Return the biogenic CO2 of all fifteen categories, as far as factors tell it."""
    return [_biogenic(category, found) for category, found in _by_category(reported)]


def methods(reported: Reported) -> list[Row]:
    """Return the methods, packs and GWP sets of all fifteen categories."""
    publishers = {pack.name: f"{pack.publisher}, version {pack.version}" for pack in reported.inventory.packs}
    return [_method(category, found, publishers) for category, found in _by_category(reported)]


def primary(reported: Reported) -> list[Row]:
    """Return the share of emissions that stands on data of partners: of the whole, and of each category."""
    if not reported.has_sources:
        return [missing("All categories", NO_SOURCES, RUN_AGAIN)]
    counted = [row for row in reported.inventory.by_source if row.category != STATED_APART]
    rows = [_share("All categories", counted)]
    return rows + [_share(name_of(category), found) for category, found in _by_category(reported)]


def gwp(reported: Reported) -> list[Row]:
    """Return the GWP sets that factors were weighed in, and how much of the total each stands for."""
    asked = reported.inventory.parameters.get("GWP set", "")
    rows = [Row("Asked for", text=asked)] if asked else []
    if not reported.has_sources:
        return [*rows, missing("In use", NO_SOURCES, RUN_AGAIN)]
    sums: dict[str, int] = {}
    for row in reported.inventory.by_source:
        if row.category != STATED_APART:
            sums[row.gwp_set] = sums.get(row.gwp_set, 0) + row.emissions_mg_co2e
    return rows + [
        Row(f"GWP values of {name}", mg) if name else _without_gwp(mg) for name, mg in sorted(sums.items())
    ]


def quality(reported: Reported) -> list[Row]:
    """Return the mean score of each data quality indicator."""
    scored = [row for row in reported.inventory.quality if row.score_hundredths]
    if not scored:
        why = "No factor in use was assessed."
        if len(reported.runs) > 1:
            why = "Scores are kept for single runs, and are not worked out for several together."
        return [
            missing("All indicators", why, "See the report of a single run, or use packs with an assessment.")
        ]
    total = reported.inventory.total_mg_co2e
    return [
        Row(
            row.indicator.capitalize(),
            text=f"{row.score_hundredths / 100:.2f} (1 best, 5 worst), by emissions;"
            f" {percent(row.assessed_mg_co2e, total) or '0%'} of the total has a score.",
        )
        for row in scored
    ]


def quality_by_category(reported: Reported) -> list[Row]:
    """Return the mean score of each data quality indicator of all fifteen categories."""
    if reported.quality is None:
        return [missing("By category", NO_FACTOR_SUMS_HERE, "Store the run, and report it from there.")]
    calculated = {row.category for row in reported.inventory.categories}
    return [
        _quality(name_of(category), reported.quality.get(category))
        if category in calculated
        else Row(name_of(category), text=NOTHING)
        for category in Category
    ]


def base_year() -> list[Row]:
    """Return what is asked of the base year, which no run knows of."""
    remedy = (
        "State it in the report; `vcci compare --threshold` says whether changes call for a recalculation."
    )
    return [
        missing("Base year, and why it was chosen", "No base year is recorded with a run.", remedy),
        missing(
            "Emissions of the base year",
            "No base year is recorded with a run.",
            "Report the run of that year.",
        ),
        missing(
            "Recalculation policy",
            "The threshold is the company's own.",
            "State the policy and its threshold.",
        ),
    ]


def own_scopes() -> list[Row]:
    """Return what is asked of the company's own scopes, which are not calculated here."""
    why, remedy = "Only Scope 3 is calculated here.", "Take the figure from the system that has it."
    names = ("Gross Scope 1", "Gross Scope 2, location-based", "Gross Scope 2, market-based")
    return [missing(name, why, remedy) for name in names]


def beside(reported: Reported) -> list[Row]:
    """Return gases, the interval of the total, and what is stated apart."""
    inventory = reported.inventory
    gases = sum(row.emissions_mg_co2e for row in inventory.gases)
    if inventory.gases and gases == inventory.total_mg_co2e:
        rows = [
            Row(f"{row.gas}, as CO2e" if row.gas else "Not published by gas", row.emissions_mg_co2e)
            for row in inventory.gases
        ]
    else:
        rows = [missing("By gas", "Not every run has sums by gas.", "Use packs that are published by gas.")]
    rows.append(_interval(reported))
    return rows + [
        Row(f"Stated apart: {row.what}", row.emissions_mg, f"{row.lines:,} lines, in no total")
        for row in inventory.apart
    ]


def _statuses(inventory: Inventory) -> Mapping[int, CategoryStatus]:
    return {row.category: row for row in inventory.boundary}


def _without_figure(category: Category, statuses: Mapping[int, CategoryStatus]) -> Row:
    """Return the row of a category without lines: left out for the reason that is stated, or missing."""
    reason = statuses[category].reason if category in statuses else ""
    if reason:
        return Row(name_of(category), text=f"Left out: {reason}")
    return missing(name_of(category), NO_DATA, GIVE_DATA)


def _by_category(reported: Reported) -> list[tuple[Category, Sequence[SourceTotal] | None]]:
    """Return the sources of each category, the largest first; None where a run was stored without them."""
    if not reported.has_sources:
        return [(category, None) for category in Category]
    rows = sorted(reported.inventory.by_source, key=lambda row: -row.emissions_mg_co2e)
    return [(category, [row for row in rows if row.category == category]) for category in Category]


def _biogenic(category: Category, found: Sequence[SourceTotal] | None) -> Row:
    label = name_of(category)
    if not found:
        return _nothing(label, found)
    told = [row for row in found if row.biogenic_mg_co2 is not None]
    if not told:
        remedy = "Use factors that tell biogenic CO2, or state it from another source."
        return missing(label, "No factor in use for this category tells its biogenic CO2.", remedy)
    lines, known = (sum(row.lines for row in rows) for rows in (found, told))
    rest = "" if lines == known else f"; the factors of {lines - known:,} lines do not tell it"
    return Row(label, sum(row.biogenic_mg_co2 or 0 for row in told), f"of {known:,} lines{rest}")


def _method(category: Category, found: Sequence[SourceTotal] | None, publishers: Mapping[str, str]) -> Row:
    label = name_of(category)
    if not found:
        return _nothing(label, found)
    return Row(label, text="; ".join(_source(row, publishers) for row in found) + ".")


def _source(row: SourceTotal, publishers: Mapping[str, str]) -> str:
    pack = (
        f"{row.pack} ({publishers[row.pack]})" if row.pack in publishers else row.pack or "given by the user"
    )
    gwp_set = row.gwp_set or "GWP set not told"
    lines = f"{row.lines:,} line{'' if row.lines == 1 else 's'}"
    return f"{row.method}, {pack}, {gwp_set}: {exact_tonnes(row.emissions_mg_co2e)} t CO2e, {lines}"


def _nothing(label: str, found: Sequence[SourceTotal] | None) -> Row:
    if found is None:
        return missing(label, NO_SOURCES, RUN_AGAIN)
    return Row(label, text=NOTHING)


def _share(label: str, found: Sequence[SourceTotal] | None) -> Row:
    """Return the share of primary data; none where credits leave nothing to be a share of."""
    if not found:
        return _nothing(label, found)
    whole, of_partners = _sum(found), _sum(row for row in found if row.is_primary)
    if whole <= 0 or not 0 <= of_partners <= whole:
        why = "Credits outweigh the emissions, so that there is no share of them."
        return missing(label, why, "State the figures of both sides in words.")
    return Row(label, of_partners, percent(of_partners, whole))


def _sum(rows: Iterable[SourceTotal]) -> int:
    return sum(row.emissions_mg_co2e for row in rows)


def _without_gwp(mg_co2e: int) -> Row:
    why = f"The factors of {exact_tonnes(mg_co2e)} t CO2e do not tell their GWP set."
    return missing("GWP values that are not told", why, "Use packs that tell their GWP set.")


def _quality(label: str, scores: Sequence[Mapping[str, Any]] | None) -> Row:
    if scores is None:
        return missing(label, NO_FACTOR_SUMS, "Run its files again, or recalculate it.")
    told = [
        f"{one['indicator']} {one['score_hundredths'] / 100:.2f}"
        + (f" ({one['assessed_percent']} of it assessed)" if one["assessed_percent"] else "")
        for one in scores
        if one["score_hundredths"] is not None
    ]
    if not told:
        why = "No factor in use for this category was assessed."
        return missing(label, why, "Use packs with an assessment, or describe the quality in words.")
    return Row(label, text=f"1 best, 5 worst, by emissions: {', '.join(told)}.")


def _interval(reported: Reported) -> Row:
    inventory = reported.inventory
    if inventory.interval is None:
        why = "No factor in use was assessed."
        if len(reported.runs) > 1:
            why = "Intervals are kept for single runs, and are not worked out for several together."
        return missing("Uncertainty of the total", why, "See the report of a single run.")
    low, high = inventory.interval.low_mg_co2e, inventory.interval.high_mg_co2e
    told = f"95 % interval {exact_tonnes(low)} to {exact_tonnes(high)} t CO2e"
    without = inventory.interval.without_mg_co2e
    rest = (
        f"; it is not known for {percent(without, inventory.total_mg_co2e)} of the total" if without else ""
    )
    return Row("Uncertainty of the total", text=f"{told}{rest}.")
