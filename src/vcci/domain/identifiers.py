"""What companies are known by: LEI (ISO 17442), D-U-N-S number, country (ISO 3166-1)."""

import re
from typing import Final

from vcci.domain.iso3166 import ALPHA_2
from vcci.domain.region import COUNTRIES

LEI: Final = re.compile(r"[0-9A-Z]{18}[0-9]{2}")
DUNS: Final = re.compile(r"[0-9]{2}-?[0-9]{3}-?[0-9]{4}")


def lei_code(text: str) -> str:
    """Return an LEI; raises `ValueError` for a text that is none.

    Its last two digits check the rest (ISO 7064, MOD 97-10): letters count as 10 to 35, and the whole number
    leaves 1 when divided by 97.
    """
    code = text.strip().upper()
    if not LEI.fullmatch(code):
        raise ValueError("an LEI has 18 letters or digits and two check digits")
    if int("".join(str(int(letter, 36)) for letter in code)) % 97 != 1:
        raise ValueError("the check digits of the LEI do not fit the rest of it")
    return code


def duns_number(text: str) -> str:
    """Return a D-U-N-S number as nine digits; raises `ValueError`. It has no check digit."""
    number = text.strip()
    if not DUNS.fullmatch(number):
        raise ValueError("a D-U-N-S number has nine digits")
    return number.replace("-", "")


def country_code(text: str) -> str:
    """Return the two letters of a country that is given by two or three; raises `ValueError`."""
    code = text.strip().upper()
    found = ALPHA_2.get(code, code)
    if found not in COUNTRIES:
        raise ValueError("a country is two or three letters of ISO 3166-1, such as DE or DEU")
    return found
