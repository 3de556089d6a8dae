"""What people decide of texts of ledgers: which commodity they are, that they are no purchase, or neither.

A text is an account, or a description under an account. Decisions are never changed: a later one of the same
text takes the place of the earlier, which stays.
"""

import hashlib
import string
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

_PUNCTUATION: Final = string.punctuation + "–—‘’“”… "
_HALF: Final = 32
"""Hexadecimal digits of the digests of account and description, which together are the key of a text."""


class Verdict(StrEnum):
    """What somebody decided."""

    ACCEPTED = "accepted"
    CHANGED = "changed"
    NOT_A_PURCHASE = "not_a_purchase"
    LEFT_OPEN = "left_open"
    WITHDRAWN = "withdrawn"


NAMES_COMMODITY: Final = (Verdict.ACCEPTED, Verdict.CHANGED)
"""The verdicts that say which commodity a text is."""


@dataclass(frozen=True, slots=True)
class Decision:
    """A decision: `number` rises by one within a tenant. `by` is a name, `at` an ISO 8601 moment in UTC.

    `commodity` is a NAICS code, where the verdict names one; `reason` an excluding code of domain/finding.py,
    where it is no purchase. Account and description are as they stood in a ledger, cut where they are long.
    """

    number: int
    text_key: str
    account: str
    description: str
    verdict: Verdict
    commodity: str
    reason: str
    by: str
    at: str

    @property
    def on(self) -> str:
        """The day, in UTC."""
        return self.at[:10]

    @property
    def text(self) -> str:
        """The text that is decided on: the account, and the description where it is of one."""
        return f"{self.account} / {self.description}" if self.description else self.account

    @property
    def sentence(self) -> str:
        """Who decided, and when."""
        return f"decided by {self.by} on {self.on}"


def decisions_told(documents: Iterable[Mapping[str, Any]]) -> tuple[Decision, ...]:
    """Return decisions that were written down as plain values, as an inventory has them."""
    return tuple(Decision(**{**one, "verdict": Verdict(one["verdict"])}) for one in documents)


def folded(account: str) -> str:
    """Return an account's name without case, double spaces and punctuation at its ends."""
    return " ".join(account.casefold().split()).strip(_PUNCTUATION)


def account_key(account: str, account_code: str) -> str:
    """Return the half of a key that tells the account: by its name, or by its code where it has none."""
    return _digest(folded(account) or f"#{account_code}")


def text_key(account: str, account_code: str, description: str = "") -> str:
    """Return the key of a description under an account; of the account itself where there is none.

    Case, spaces and punctuation at the ends tell no two texts apart.
    """
    return account_key(account, account_code) + _digest(folded(description))


def in_force(decisions: Iterable[Decision]) -> dict[str, Decision]:
    """Return by key what holds of each text: its last decision, unless that withdrew it."""
    last = {one.text_key: one for one in sorted(decisions, key=lambda one: one.number)}
    return {key: one for key, one in last.items() if one.verdict is not Verdict.WITHDRAWN}


class Decided:
    """The decisions in force, for many texts: of a text itself, else of its account."""

    def __init__(self, decisions: Iterable[Decision] = ()) -> None:
        self._by_key: Mapping[str, Decision] = in_force(decisions)
        self._accounts = {key[:_HALF] for key in self._by_key}
        self._key_of: dict[tuple[str, str], str] = {}

    def __len__(self) -> int:
        return len(self._by_key)

    def of(self, account: str, account_code: str, description: str) -> Decision | None:
        """Return the decision that holds of a text, None where nobody has decided."""
        if not self._by_key:
            return None
        named = account, account_code
        if named not in self._key_of:
            self._key_of[named] = account_key(*named)
        key = self._key_of[named]
        if key not in self._accounts:  # descriptions are as many as rows: few are looked at
            return None
        return self._by_key.get(key + _digest(folded(description))) or self._by_key.get(key + NO_DESCRIPTION)

    def numbered(self, numbers: Iterable[int]) -> tuple[Decision, ...]:
        """Return the decisions of these numbers, in order."""
        wanted = frozenset(numbers)
        return tuple(sorted((d for d in self._by_key.values() if d.number in wanted), key=lambda d: d.number))


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:_HALF]


NO_DESCRIPTION: Final = _digest("")
"""The half of a key that tells no description."""
