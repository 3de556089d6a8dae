"""Any decimal, written in any supported convention, comes back digit for digit."""

from collections.abc import Callable

from hypothesis import given
from hypothesis import strategies as st

from vcci.domain.mapping import DecimalMark
from vcci.intake.numbers import decide_mark, read_amount

POINT, COMMA = DecimalMark.POINT, DecimalMark.COMMA

DIGITS = {
    "ascii": "0123456789",
    "Arabic-Indic": "٠١٢٣٤٥٦٧٨٩",
    "Persian": "۰۱۲۳۴۵۶۷۸۹",
    "full width": "０１２３４５６７８９",
}
SIGNS: dict[str, Callable[[str], str]] = {
    "in front": lambda text: f"-{text}",
    "behind": lambda text: f"{text}-",
    "brackets": lambda text: f"({text})",
    "minus": lambda text: f"\u2212{text}",
    "full width": lambda text: f"\uff0d{text}",
}
CURRENCIES = ("{}", "€{}", "{} €", "GBP {}", "{}USD", "\u00a0{}\u00a0")
CONVENTIONS = [
    (mark, group)
    for mark, groups in ((".", ",' \u00a0\u202f’٬"), (",", ".' \u00a0\u202f’٬"), ("٫", "٬' "))
    for group in ["", *groups]
]

WHOLES = st.integers(0, 10**18 - 1)
FRACTIONS = st.text("0123456789", max_size=18)
CONVENTION = st.sampled_from(CONVENTIONS)


def grouped(digits: str, group: str) -> str:
    first = len(digits) % 3 or 3
    return group.join([digits[:first], *(digits[i : i + 3] for i in range(first, len(digits), 3))])


def indian(digits: str) -> str:
    head, tail = digits[:-3], digits[-3:]
    first = len(head) % 2 or 2
    pairs = [head[:first], *(head[i : i + 2] for i in range(first, len(head), 2))] if head else []
    return ",".join([*pairs, tail])


@given(
    whole=WHOLES,
    fraction=FRACTIONS,
    convention=CONVENTION,
    sign=st.sampled_from(sorted(SIGNS)),
    negative=st.booleans(),
    currency=st.sampled_from(CURRENCIES),
    script=st.sampled_from(sorted(DIGITS)),
)
def test_decimal_in_any_convention_comes_back_digit_for_digit(
    whole: int,
    fraction: str,
    convention: tuple[str, str],
    sign: str,
    negative: bool,
    currency: str,
    script: str,
) -> None:
    mark, group = convention
    number = grouped(str(whole), group) + (mark + fraction if fraction else "")
    number = currency.format(number.translate(str.maketrans(DIGITS["ascii"], DIGITS[script])))
    read = read_amount(SIGNS[sign](number) if negative else number, COMMA if mark == "," else POINT)
    plain = f"{whole}.{fraction}" if fraction else str(whole)
    assert read is not None
    assert read.text == ("-" if negative else "") + plain


@given(whole=WHOLES, fraction=FRACTIONS)
def test_indian_grouping_comes_back_digit_for_digit(whole: int, fraction: str) -> None:
    read = read_amount(f"{indian(str(whole))}.{fraction or 0}", POINT)
    assert read is not None
    assert read.text == f"{whole}.{fraction or 0}"


AMOUNTS = st.lists(
    st.builds(
        lambda whole, fraction, convention: grouped(str(whole), convention[1]) + convention[0] + fraction,
        st.integers(0, 10**7),
        st.text("0123456789", min_size=1, max_size=4),
        CONVENTION,
    ),
    max_size=6,
)


@given(texts=AMOUNTS, data=st.data(), typed=st.booleans())
def test_order_and_repetition_of_rows_never_change_the_mark(
    texts: list[str], data: st.DataObject, typed: bool
) -> None:
    shuffled = data.draw(st.permutations(texts + texts[:2]))
    assert decide_mark(shuffled, typed=typed) == decide_mark(texts, typed=typed)


@given(texts=AMOUNTS)
def test_decided_mark_is_the_only_one_that_any_of_its_texts_allows(texts: list[str]) -> None:
    mark = decide_mark(texts).mark
    if mark is not None:
        other = COMMA if mark is POINT else POINT
        assert all(read_amount(text, mark) for text in texts if read_amount(text, other))


@given(text=st.text("0123456789.,'٫٬ -()€eExX_#\u2212", max_size=12), mark=st.sampled_from(DecimalMark))
def test_what_is_read_once_reads_as_itself(text: str, mark: DecimalMark) -> None:
    read = read_amount(text, mark)
    if read is not None:
        again = read_amount(read.text, POINT)
        assert again is not None
        assert again.text == read.text
