"""What a data file holds, kind by kind, and how it reads in the domain's words.

Figures lie in a pack as the publisher's texts or as decimals and become exact decimals, never by a float.
"""

from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal
from difflib import get_close_matches
from io import BytesIO
from pathlib import Path
from typing import Final

import polars as pl

from vcci.domain.factor import EmissionFactor, PackManifest, PriceBasis
from vcci.errors import PackError

TYPES: Final[dict[str, Callable[[pl.DataType], bool]]] = {
    "text": lambda found: found == pl.String,
    "exact figure": lambda found: found in (pl.String, pl.Decimal) or found.is_integer(),
    "exact figure or none": lambda found: TYPES["exact figure"](found) or found == pl.Null,
    "whole number": lambda found: found.is_integer(),
    "date": lambda found: found == pl.Date,
}
"""What a column may hold; a float is no exact figure."""

COLUMNS: Final[dict[str, dict[str, str]]] = {
    "factors": {
        "code": "text",
        "title": "text",
        "with_margins": "exact figure or none",
        "without_margins": "exact figure or none",
    },
    "rates": {"currency": "text", "date": "date", "per_euro": "exact figure"},
    "price_index": {
        "series": "text",
        "year": "whole number",
        "index": "exact figure",
        "months": "whole number",
    },
    "titles": {"code": "text", "title": "text", "parent": "text"},
    "physical_factors": {
        **dict.fromkeys(("id", "activity", "title", "path", "unit", "published_unit"), "text"),
        "value_kg_co2e": "exact figure or none",
        "co2_kg": "exact figure or none",
        "ch4_kg_co2e": "exact figure or none",
        "n2o_kg_co2e": "exact figure or none",
        "biogenic_co2_kg": "exact figure or none",
        "region": "text",
        "year": "whole number",
        "scope": "text",
    },
    "gas_factors": {
        **dict.fromkeys(("code", "title", "gas", "species"), "text"),
        **dict.fromkeys(("with_margins", "without_margins", "margins"), "exact figure"),
    },
    "gwp": {"species": "text", "set": "text", "value": "exact figure"},
    "crosswalk": dict.fromkeys(("from_code", "to_code", "from_title", "to_title"), "text"),
    "airports": {
        **dict.fromkeys(("iata", "country", "name"), "text"),
        "latitude": "exact figure",
        "longitude": "exact figure",
    },
}
"""The columns that a data file of each kind must have, and what they hold; it may have more."""

OF_DEFLATION: Final = {"bea_code": pl.lit(""), "bea_codes": pl.lit(0)}
"""Columns of factors that may be left out, with what stands for them: no industry price index."""

BASES: Final = {PriceBasis.PURCHASER: "with_margins", PriceBasis.BASIC: "without_margins"}
"""The column of factors for each price basis: margins of trade and transport are what parts the two."""

OVER_100_YEARS: Final = ("AR6", "AR5", "AR4", "TAR", "SAR")
"""The sets of GWP-100 that give factors, the latest first: it answers where no set is asked for."""

GWP_SETS: Final = (
    *OVER_100_YEARS,
    "AR5 with feedbacks",
    "TAR GWP-20",
    "AR6 GWP-20",
    "TAR GWP-500",
    "AR6 GWP-500",
    "AR6 GTP-100",
)
"""All sets that a pack of GWPs may have, in the order of its rows."""

EURO: Final = "EUR"

PLAIN_DECIMAL: Final = r"^-?[0-9]+(\.[0-9]+)?$"


def check_kind(manifest: PackManifest, folder: Path) -> None:
    """Raise PackError unless the kind is one that the library reads."""
    if manifest.kind not in COLUMNS:
        near = get_close_matches(manifest.kind, COLUMNS, n=1)
        raise PackError(
            f"The pack in {folder} is of kind {manifest.kind!r}, which is unknown.",
            remedy=f"Did you mean '{near[0]}'?" if near else f"Kinds are: {', '.join(COLUMNS)}.",
            code="pack_manifest_damaged",
        )


def parsed(data: bytes, manifest: PackManifest) -> pl.DataFrame:
    """Return the rows of a Parquet file that has the columns of the manifest's kind, or raise PackError."""
    try:
        frame = pl.read_parquet(BytesIO(data))
    except pl.exceptions.PolarsError as error:
        raise _damaged(manifest, f"it is not a Parquet file ({error})") from error
    wrong = [w for name, kind in COLUMNS[manifest.kind].items() if (w := _wrong(frame, name, kind=kind))]
    if wrong:
        raise _damaged(manifest, "; ".join(wrong))
    if frame.height != manifest.rows:
        raise _damaged(manifest, f"it has {frame.height:,} rows, and the manifest says {manifest.rows:,}")
    return frame


def _wrong(frame: pl.DataFrame, name: str, *, kind: str) -> str:
    """Return what is wrong with a column, empty if nothing is."""
    if name not in frame.columns:
        return f"column {name} is missing"
    column = frame[name]
    if not TYPES[kind](column.dtype):
        return f"column {name} holds {column.dtype}, not {kind}"
    if column.null_count() and not kind.endswith("or none"):
        return f"column {name} has empty cells"
    if kind.startswith("exact figure") and not column.cast(pl.String).str.contains(PLAIN_DECIMAL).all():
        return f"column {name} has texts that are no plain decimals"
    return ""


def factors(frame: pl.DataFrame, manifest: PackManifest) -> tuple[EmissionFactor, ...]:
    """Return a factor for each commodity and price basis that has a value, in the order of the rows."""
    absent = [value.alias(name) for name, value in OF_DEFLATION.items() if name not in frame.columns]
    rows = frame.with_columns(absent).select("code", "title", *BASES.values(), *OF_DEFLATION)
    return tuple(
        _factor(row, basis, manifest)
        for row in rows.iter_rows(named=True)
        for basis, column in BASES.items()
        if row[column] is not None
    )


def _factor(row: Mapping[str, str], basis: PriceBasis, manifest: PackManifest) -> EmissionFactor:
    several = int(row["bea_codes"] or 0) > 1
    return EmissionFactor(
        id=f"{manifest.name}/{row['code']}/{basis}",
        activity=f"naics2017:{row['code']}",
        name=row["title"],
        value_kg_co2e=Decimal(row[BASES[basis]]),
        unit=manifest.currency,
        region=manifest.region,
        gwp_set=manifest.gwp_set,
        pack=manifest.name,
        price_year=manifest.price_year,
        price_basis=basis,
        price_index=row["bea_code"] or "",
        has_several_price_indices=several,
    )


def physical_factors(frame: pl.DataFrame, manifest: PackManifest) -> tuple[EmissionFactor, ...]:
    """Return a factor for each row that has a figure of CO2e; biogenic CO2 is in none."""
    price_basis = {basis.value: basis for basis in PriceBasis}.get(manifest.price_basis)
    return tuple(
        EmissionFactor(
            id=f"{manifest.name}/{row['id']}",
            activity=row["activity"],
            name=f"{row['path']} > {row['title']}" if row["path"] else row["title"],
            value_kg_co2e=Decimal(row["value_kg_co2e"]),
            unit=row["unit"],
            region=row["region"],
            gwp_set=manifest.gwp_set,
            pack=manifest.name,
            price_year=manifest.price_year,
            price_basis=price_basis,
            year=row["year"],
            gases_kg_co2e=_gases(row),
            biogenic_kg_co2=Decimal(row["biogenic_co2_kg"]) if row["biogenic_co2_kg"] else None,
        )
        for row in frame.filter(pl.col("value_kg_co2e").is_not_null()).iter_rows(named=True)
    )


GASES: Final = {"CO2": "co2_kg", "CH4": "ch4_kg_co2e", "N2O": "n2o_kg_co2e"}
"""The gases of physical factors and their columns."""


def _gases(row: Mapping[str, str | None]) -> dict[str, Decimal]:
    return {gas: Decimal(figure) for gas, column in GASES.items() if (figure := row[column])}


def gwp_factors(frame: pl.DataFrame, manifest: PackManifest) -> tuple[EmissionFactor, ...]:
    """Return a factor per kg for each species and set over 100 years, the latest set of a species first."""
    return tuple(
        EmissionFactor(
            id=f"{manifest.name}/{species}/{gwp_set}",
            activity=f"gwp:{species}",
            name=f"{species}, GWP-100",
            value_kg_co2e=Decimal(value),
            unit="kg",
            region="",
            gwp_set=gwp_set,
            pack=manifest.name,
        )
        for species, gwp_set, value in sorted(
            frame.filter(pl.col("set").is_in(OVER_100_YEARS)).select("species", "set", "value").iter_rows(),
            key=lambda row: (row[0], OVER_100_YEARS.index(row[1])),
        )
    )


FACTORS_OF: Final[dict[str, Callable[[pl.DataFrame, PackManifest], tuple[EmissionFactor, ...]]]] = {
    "factors": factors,
    "physical_factors": physical_factors,
    "gwp": gwp_factors,
}
"""How each kind of pack that gives factors reads as such."""


class RatesByCurrency(Mapping[str, Mapping[str, Decimal]]):
    """Units per euro by currency and ISO date; a currency is read when it is first asked for.

    A run asks for a handful of forty currencies; the two hundred thousand rates of all of them would be
    most of the time that it takes to start.
    """

    def __init__(self, frame: pl.DataFrame) -> None:
        self._frame = frame
        self._codes = (*frame["currency"].unique().sort(), EURO)
        self._read: dict[str, Mapping[str, Decimal]] = {}

    def __getitem__(self, currency: str) -> Mapping[str, Decimal]:
        if currency not in self._codes:
            raise KeyError(currency)
        if currency not in self._read:
            self._read[currency] = self._parity() if currency == EURO else self._series(currency)
        return self._read[currency]

    def __iter__(self) -> Iterator[str]:
        return iter(self._codes)

    def __len__(self) -> int:
        return len(self._codes)

    def _series(self, currency: str) -> Mapping[str, Decimal]:
        rows = self._frame.filter(pl.col("currency") == currency)
        return dict(zip(rows["date"].cast(pl.String).to_list(), rows["per_euro"].to_list(), strict=True))

    def _parity(self) -> Mapping[str, Decimal]:
        return dict.fromkeys(self._frame["date"].unique().sort().cast(pl.String), Decimal(1))


def price_indices(frame: pl.DataFrame) -> dict[str, dict[int, Decimal]]:
    """Return index values by series and year."""
    series: dict[str, dict[int, Decimal]] = {}
    for name, year, value in frame.select("series", "year", "index").iter_rows():
        series.setdefault(name, {})[year] = Decimal(value)
    return series


def partial_years(frame: pl.DataFrame) -> frozenset[int]:
    """Return the years that stand on fewer than twelve months."""
    return frozenset(frame.filter(pl.col("months") < 12)["year"].to_list())


def _damaged(manifest: PackManifest, why: str) -> PackError:
    return PackError(
        f"The data file of pack {manifest.name} cannot be used: {why}.",
        remedy="Build the pack again, or take it from its publisher again.",
        code="pack_data_damaged",
    )
