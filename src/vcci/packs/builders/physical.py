"""Rows of physical factors: their columns, and the units in which publishers write them."""

import re
import unicodedata
from collections.abc import Iterable, Mapping
from typing import Any, Final

import polars as pl

from vcci.packs.contents import COLUMNS

SCHEMA: Final = {name: pl.Int16 if name == "year" else pl.String for name in COLUMNS["physical_factors"]}
TEXTS: Final = ("title", "path", "unit", "published_unit", "region", "scope")

UNITS: Final = {
    "GJ": "GJ",
    "MWh": "MWh",
    "Room per night": "room_night",
    "cubic metres": "m3",
    "gallon": "gal_us",
    "kWh": "kWh",
    "kWh (Gross CV)": "kWh",
    "kWh (Net CV)": "kWh_net",
    "kg": "kg",
    "km": "km",
    "litre": "L",
    "litres": "L",
    "miles": "mi",
    "million litres": "million_L",
    "mmBtu": "mmBtu",
    "passenger-km": "pkm",
    "passenger-mile": "passenger_mile",
    "passenger.km": "pkm",
    "per FTE Working Hour": "fte_hour",
    "scf": "scf",
    "short ton": "short_ton",
    "short ton material": "short_ton",
    "short ton-mile": "short_ton_mile",
    "ton-mile": "short_ton_mile",
    "tonne": "t",
    "tonne-km": "tkm",
    "tonne.km": "tkm",
    "tonnes": "t",
    "vehicle-mile": "mi",
}
"""What publishers call a unit of the parameters; fuel energy is gross there unless it says net."""

GASES: Final = "kg CO2e of each gas, in the GWP set of the pack"


def frame(rows: Iterable[Mapping[str, Any]], *, prefix: str) -> pl.DataFrame:
    """Return rows as a frame of physical factors; `prefix:id` is what each answers for.

    Figures left out are null, texts left out empty; `published_unit` becomes a known unit where it is one.
    """
    empty = dict.fromkeys(TEXTS, "")
    full = (
        {
            **empty,
            "activity": f"{prefix}:{row['id']}",
            "unit": UNITS.get(row["published_unit"], row["published_unit"]),
            **row,
        }
        for row in rows
    )
    return pl.DataFrame(list(full), schema=SCHEMA)


def slug(*texts: str) -> str:
    """Return an id made of texts: lower-case ASCII words with hyphens, one text from the next by `_`."""
    plain = (unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode() for text in texts)
    words = (re.sub(r"[^a-z0-9]+", "-", text.casefold()).strip("-") for text in plain)
    return "_".join(word for word in words if word)


def levels(*texts: str | None) -> tuple[str, str]:
    """Return path and title of a factor from its levels, top first; the last that is there is the title."""
    *path, title = (text for text in texts if text)
    return " > ".join(path), title
