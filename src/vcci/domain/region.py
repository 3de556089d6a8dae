"""Regions: countries by ISO 3166-1, and their parts by ISO 3166-2 as publishers write them."""

from typing import Final

from vcci.domain.iso3166 import ALPHA_2

COUNTRIES: Final = frozenset(ALPHA_2.values())
"""Two letters of every country."""


def is_region(text: str) -> bool:
    """Say whether a text names a country (`AU`), or a part of one after a hyphen (`AU-NSW`)."""
    country, _, _ = text.partition("-")
    return country in COUNTRIES
