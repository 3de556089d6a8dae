"""What the forms of an import say, as a mapping: each step's answers put into what is in force."""

import re
from collections.abc import Mapping as Document
from dataclasses import replace
from typing import Any, Final

from vcci.domain.category import Category
from vcci.domain.factor import PriceBasis
from vcci.domain.finding import REASONS
from vcci.domain.mapping import TARGETS, AccountRule, DateOrder, DecimalMark, Mapping
from vcci.edge.problems import ProblemError
from vcci.edge.what_if import completed
from vcci.intake.mapping_file import NOT_A_PURCHASE
from vcci.packs import PackLibrary, default_names
from vcci.packs.contents import OVER_100_YEARS
from vcci.services.account_choices import with_rule, without_rule
from vcci.services.classification import COMMODITY_PREFIX
from vcci.services.ledger_options import MADE_WITH

YEARS: Final = range(1900, 2201)
MOST_ROWS: Final = 1_000_000
MOST_CHARACTERS: Final = 5_000
MOST_ACCOUNTS_A_FORM: Final = 200

AS_WORDS: Final = "words"
"""The choice of what the account's words say: a rule that it has is taken back."""

DELIMITERS: Final = {"": "found out", ",": "comma", ";": "semicolon", "tab": "tabulator", "|": "bar"}

Said = Document[str, Any]


def text_of(said: Said, name: str, *, most: int = MOST_CHARACTERS) -> str:
    """Return a field of a form; raises the problem of one that no form of ours has."""
    found = said.get(name, "")
    if not isinstance(found, str) or len(found) > most:
        raise ProblemError("request_invalid", f"The field {name} is not as the form has it.")
    return found.strip()


def with_layout(mapping: Mapping, said: Said) -> Mapping:
    """Return the mapping with sheet, header row, delimiter and encoding; other ones mean other columns."""
    encoding = text_of(said, "encoding") if "encoding" in said else mapping.conventions.encoding
    row = text_of(said, "header_row")
    delimiter = text_of(said, "delimiter")
    conventions = replace(
        mapping.conventions,
        sheet=text_of(said, "sheet") or None,
        header_row=_number(row, range(MOST_ROWS), "The row of the header is a number, 0 if there is none."),
        delimiter="\t" if delimiter == "tab" else delimiter or None,
        encoding=encoding or None,
    )
    is_same = conventions == mapping.conventions
    return mapping if is_same else replace(mapping, conventions=conventions, columns={})


def with_columns(mapping: Mapping, said: Said) -> Mapping:
    """Return the mapping with the column of each target; names that other files have for it are kept."""
    columns: dict[str, tuple[str, ...]] = {}
    for target in TARGETS:
        name, names = text_of(said, f"column-{target}"), mapping.columns.get(target, ())
        columns[target] = names if name in names else (name,) if name else ()
    return replace(mapping, columns=columns)


def with_conventions(mapping: Mapping, said: Said) -> Mapping:
    """Return the mapping with the answers that were given to what is ambiguous; others stay as they are."""
    currency, region = text_of(said, "currency").upper(), text_of(said, "region").upper()
    _match("^([A-Z]{3})?$", currency, "A currency is written as three letters (ISO 4217), such as EUR.")
    _match("^([A-Z]{2})?$", region, "A country is written as two letters (ISO 3166), such as DE.")
    decimal, order = text_of(said, "decimal"), text_of(said, "date_order")
    _one_of({"", *DecimalMark}, decimal)
    _one_of({"", *DateOrder}, order)
    conventions = replace(
        mapping.conventions,
        decimal=DecimalMark(decimal) if decimal else mapping.conventions.decimal,
        date_order=DateOrder(order) if order else mapping.conventions.date_order,
    )
    return replace(
        mapping,
        conventions=conventions,
        currency=currency if "currency" in said else mapping.currency,
        region=region if "region" in said else mapping.region,
    )


def year_of(said: Said) -> int:
    """Return the reporting year, 0 for none."""
    told = "A year is written with four digits."
    return _number(text_of(said, "year"), YEARS, told) or 0


def with_accounts(mapping: Mapping, said: Said) -> Mapping:
    """Return the mapping with a rule for each account of which something else was said than was found."""
    for number in range(MOST_ACCOUNTS_A_FORM):
        if f"choice-{number}" not in said:
            break
        choice = text_of(said, f"choice-{number}")
        account, code = text_of(said, f"account-{number}"), text_of(said, f"code-{number}")
        if choice == AS_WORDS:
            mapping = without_rule(mapping, account, code)
        elif choice:
            category = (
                _number(text_of(said, f"category-{number}"), range(1, 16), "A category is 1 to 15.") or 0
            )
            mapping = with_rule(mapping, _rule(account, code, choice, category=category))
    return mapping


def _rule(account: str, code: str, choice: str, *, category: int) -> AccountRule:
    known = AccountRule(account=account, code="" if account else code, category=category)
    kind, _, what = choice.partition(":")
    if kind == "not_a_purchase":
        _one_of(set(NOT_A_PURCHASE), what)
        return replace(known, not_a_purchase=what, category=0)
    if kind == "activity" and what.startswith(COMMODITY_PREFIX):
        kind, what = "commodity", what.removeprefix(COMMODITY_PREFIX)
    if kind == "commodity":
        _match("^[0-9]{2,6}$", what, "A commodity is a NAICS code of two to six digits.")
        return replace(known, commodity=what)
    if kind != "activity" or not what or not (account or code):
        raise ProblemError("request_invalid", "There is no such choice.")
    if not category:
        raise ProblemError("request_invalid", "A physical factor needs the Scope 3 category that it is for.")
    return replace(known, activity=what)


def made_with(said: Said, library: PackLibrary) -> dict[str, str]:
    """Return what a form says that a run is to be made with; empty is the default.

    Packs of kinds that none is named of are those in use by default. Raises `PackError` and
    `ProblemError` for what there is not.
    """
    made = {name: text_of(said, name, most=1_000) for name in MADE_WITH if name in said}
    _one_of({"", *PriceBasis}, made.get("price_basis", ""))
    _one_of({"", *OVER_100_YEARS}, made.get("gwp", ""))
    if made.get("packs", "").strip(" ,"):
        made["packs"] = completed(library, made["packs"], default_names())
    return made


def choices(library: PackLibrary) -> dict[str, Any]:
    """Return what a run can be made with: packs that ship, those in use by default, GWP sets, price bases."""
    return {
        "known_packs": [library.manifest(name) for name in library.names()],
        "default_packs": default_names(),
        "gwp_sets": OVER_100_YEARS,
        "bases": [basis.value for basis in PriceBasis],
    }


def reasons() -> dict[str, str]:
    """Return why an account is no purchase, and what that means."""
    return {code: REASONS[code].meaning for code in NOT_A_PURCHASE}


def categories() -> dict[int, str]:
    """Return the categories by number."""
    return {category.value: category.title for category in Category}


def _number(text: str, allowed: range, otherwise: str) -> int | None:
    if not text:
        return None
    if not text.isascii() or not text.isdigit() or len(text) > 7 or int(text) not in allowed:
        raise ProblemError("request_invalid", otherwise)
    return int(text)


def _match(pattern: str, text: str, otherwise: str) -> None:
    if not re.fullmatch(pattern, text):
        raise ProblemError("request_invalid", otherwise)


def _one_of(known: set[str], text: str) -> None:
    if text not in known:
        raise ProblemError("request_invalid", "There is no such choice.")
