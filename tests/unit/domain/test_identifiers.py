"""What companies are known by; the LEIs are those of published examples (GLEIF)."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vcci.domain.identifiers import country_code, duns_number, lei_code

GLEIF = "506700GE1G29325QX363"
APPLE = "HWUPKR0MPOU8FGXBT394"


@pytest.mark.parametrize("code", [GLEIF, APPLE, GLEIF.lower(), f" {APPLE} "])
def test_published_lei_is_taken(code: str) -> None:
    assert lei_code(code) == code.strip().upper()


@given(st.sampled_from([GLEIF, APPLE]), st.integers(0, 19), st.integers(1, 25))
def test_lei_with_one_other_digit_or_one_other_letter_is_refused(code: str, place: int, step: int) -> None:
    alphabet = "0123456789" if code[place].isdigit() else "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
    other = alphabet[(alphabet.index(code[place]) + step) % len(alphabet)]
    if other != code[place]:
        with pytest.raises(ValueError, match="LEI"):
            lei_code(code[:place] + other + code[place + 1 :])


@given(st.text(max_size=25))
def test_text_that_is_no_identifier_is_refused_and_nothing_else_happens(text: str) -> None:
    for read in (lei_code, duns_number, country_code):
        with suppress(ValueError):
            assert read(read(text)) == read(text)


def test_duns_number_is_kept_without_hyphens() -> None:
    assert duns_number("15-048-3782") == duns_number("150483782") == "150483782"


@pytest.mark.parametrize(("given_as", "code"), [("DEU", "DE"), ("de", "DE"), ("XK", "XK"), ("LIE", "LI")])
def test_country_is_kept_as_two_letters(given_as: str, code: str) -> None:
    assert country_code(given_as) == code


@pytest.mark.parametrize("text", ["", "D", "ZZ", "Germany", "UK"])
def test_country_that_there_is_not_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="ISO 3166-1"):
        country_code(text)
