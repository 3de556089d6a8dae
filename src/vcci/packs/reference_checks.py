"""Questions put to by-gas factors, GWPs, crosswalks and airports."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Final

import polars as pl

from vcci.packs.contents import GWP_SETS
from vcci.packs.questions import Answer, Opened, Question, each_once, last_digit

GWP_PACK: Final = "ipcc-gwp"
OF_CO2: Final = {"CO2": Decimal(1), "CO2e": Decimal(1)}
"""What the pack of GWPs leaves out: CO2 is the measure, and some gases are printed as CO2e."""

SUMS: Final = {"epa-supply-chain-1.2.0-by-gas": ("epa-supply-chain-1.2.0", "AR4")}
"""By-gas packs with the pack that prints their sums, and the GWP set in which it does."""

SIGNIFICANT: Final = 3
"""Significant digits of EPA's figures by gas."""

TITLES_OF: Final = {
    "naics-2017-to-isic-4": ("naics-2017-titles", frozenset({"0"})),
    "naics-2017-to-bea": ("naics-2017-titles", frozenset({"S00201", "S00101", "S00202", "F01000"})),
}
"""Packs of titles for the codes that a crosswalk comes from, and its codes that are none of theirs: several
industries at once, and sectors of government."""

NORTH: Final = Decimal(90)
EAST: Final = Decimal(180)


def sums_of_gases(pack: Opened) -> Answer | None:
    """Ask whether the gases times their GWPs come to the printed CO2e, as far as all are rounded."""
    if pack.manifest.name not in SUMS:
        return None
    printed_in, gwp_set = SUMS[pack.manifest.name]
    printed = dict(pack.library.frame(printed_in).select("code", "with_margins").iter_rows())
    gwp = OF_CO2 | _gwps(pack, gwp_set)
    sums: dict[str, Decimal] = {}
    slack: dict[str, Decimal] = {}
    for code, species, figure in pack.rows.select("code", "species", "with_margins").iter_rows():
        kg = Decimal(figure)
        sums[code] = sums.get(code, Decimal(0)) + kg * gwp[species]
        slack[code] = slack.get(code, Decimal(0)) + _half_a_digit(kg) * gwp[species]
    gaps = {code: abs(total - Decimal(printed[code])) for code, total in sums.items()}
    beyond = [c for c, gap in gaps.items() if gap > slack[c] + last_digit(Decimal(printed[c])) / 2]
    return f"sum of gas x {gwp_set} = CO2e of {printed_in}", not beyond, _told(gaps, beyond)


def _told(gaps: Mapping[str, Decimal], beyond: list[str]) -> str:
    above = [sum(gap > Decimal(limit) for gap in gaps.values()) for limit in ("0.0005", "0.002", "0.01")]
    return (
        f"{above[0]:,} of {len(gaps):,} differ by more than 0.0005, {above[1]:,} by more than 0.002, "
        f"{above[2]:,} by more than 0.01, {max(gaps.values(), default=Decimal(0)):f} at most; "
        f"{len(beyond):,} by more than the rounding of the gases explains"
    )


def _gwps(pack: Opened, gwp_set: str) -> dict[str, Decimal]:
    rows = pack.library.frame(GWP_PACK).filter(pl.col("set") == gwp_set)
    return {species: Decimal(value) for species, value in rows.select("species", "value").iter_rows()}


def _half_a_digit(kg: Decimal) -> Decimal:
    return Decimal("0.5").scaleb(kg.adjusted() - SIGNIFICANT + 1) if kg else Decimal(0)


def gases_once(pack: Opened) -> Answer:
    """Ask whether every gas stands once for a commodity."""
    doubled = pack.rows.height - pack.rows.select("code", "gas").unique().height
    codes, gases = (pack.rows[column].n_unique() for column in ("code", "gas"))
    said = f"{codes:,} commodities, {gases} gases, {doubled} doubled"
    return "every gas stands once for a commodity", not doubled, said


def gwps_positive(pack: Opened) -> Answer:
    """Ask whether every GWP is above zero."""
    values = [Decimal(value) for value in pack.rows["value"]]
    said = f"{min(values)} to {max(values)}" if values else "no rows"
    return "every value is positive", all(value > 0 for value in values), said


def sets_known(pack: Opened) -> Answer:
    """Ask whether every set is a known one, and stands once for a species."""
    strange = sorted(set(pack.rows["set"]) - set(GWP_SETS))
    doubled = pack.rows.height - pack.rows.select("species", "set").unique().height
    said = (
        f"{pack.rows['set'].n_unique()} sets, {pack.rows['species'].n_unique()} species, {doubled} doubled; "
    )
    said += f"not known: {', '.join(strange) or 'none'}"
    return "every set is known and stands once", not strange and not doubled, said


def codes_have_titles(pack: Opened) -> Answer | None:
    """Ask whether the codes that a crosswalk comes from are those of the titles that are here."""
    if pack.manifest.name not in TITLES_OF:
        return None
    name, others = TITLES_OF[pack.manifest.name]
    codes = set(pack.rows["from_code"]) - others
    strange = sorted(codes - set(pack.library.titles(name)))
    said = f"{len(codes):,} codes, {len(strange)} without; {len(others)} stand for something else"
    return f"every code is in {name}", not strange, said


def links_once(pack: Opened) -> Answer:
    """Ask whether a crosswalk says every link once and leaves no side empty."""
    doubled = pack.rows.height - pack.rows.unique().height
    blank = pack.rows.filter((pl.col("from_code") == "") | (pl.col("to_code") == "")).height
    said = f"{pack.rows['from_code'].n_unique():,} codes to {pack.rows['to_code'].n_unique():,}, "
    said += f"{doubled} links doubled, {blank} with an empty side"
    return "every link stands once", not doubled and not blank, said


def iata_codes(pack: Opened) -> Answer:
    """Ask whether every airport has a code of three capitals."""
    wrong = pack.rows.filter(~pl.col("iata").str.contains("^[A-Z]{3}$"))["iata"].to_list()
    return "codes are three capitals", not wrong, f"{len(wrong)} are not"


def on_the_globe(pack: Opened) -> Answer:
    """Ask whether latitudes and longitudes are degrees of this globe."""
    bounds = {"latitude": NORTH, "longitude": EAST}
    off = sum(abs(Decimal(figure)) > bounds[side] for side in bounds for figure in pack.rows[side])
    return "coordinates are degrees", not off, f"{pack.rows.height:,} airports, {off} figures out of range"


QUESTIONS: Final[dict[str, tuple[Question, ...]]] = {
    "gas_factors": (gases_once, sums_of_gases),
    "gwp": (sets_known, gwps_positive),
    "crosswalk": (links_once, codes_have_titles),
    "airports": (each_once("iata", "code"), iata_codes, on_the_globe),
}
"""What is asked of each kind."""
