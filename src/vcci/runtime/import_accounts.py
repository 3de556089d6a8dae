"""The accounts of a ledger, by what was spent on them, each with what it buys as far as that is known."""

from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import polars as pl

from vcci.domain.mapping import Mapping
from vcci.domain.review import Decided
from vcci.engine.columnar import LARGEST_COUNTED_SPEND
from vcci.parameters import load
from vcci.services.account_choices import found_by, rule_key, rule_of
from vcci.services.classification import Classifier, LedgerText
from vcci.services.factors import FactorBroker

MOST_ACCOUNTS: Final = 5_000
"""Accounts that are listed, the largest; nobody goes through more, and the rest stays as found."""

HUNDREDTHS: Final = 100
SHOWN_CODES: Final = 3


@dataclass(slots=True)
class _Account:
    """An account that one rule decides: its names as written, codes, rows, and hundredths by unit."""

    account: str
    code: str
    codes: set[str] = field(default_factory=set)
    rows: int = 0
    hundredths: dict[str, int] = field(default_factory=lambda: defaultdict(int))


def account_rows(ledger: Path, mapping: Mapping, broker: FactorBroker, *, decided: Decided) -> dict[str, Any]:
    """Return in plain values the accounts of a ledger frame, the largest first, and how many there are.

    Amounts are hundredths by currency or unit, credits taken off; rows that are rejected have none.
    """
    accounts = _accounts(ledger, mapping)
    ordered = sorted(accounts, key=lambda one: (-_weight(one, broker), one.account, one.code))
    classifier = Classifier(
        rules=mapping.accounts,
        titles=broker.titles(),
        category_by_prefix=load.spend_categories(),
        vocabulary=load.everyday_words(),
        decided=decided,
    )
    listed = [_told(one, mapping, classifier) for one in ordered[:MOST_ACCOUNTS]]
    return {"count": len(ordered), "listed": listed}


def _accounts(ledger: Path, mapping: Mapping) -> list[_Account]:
    found: dict[tuple[str, str], _Account] = {}
    for account, code, unit, rows, hundredths in _sums(ledger).iter_rows():
        key = rule_key(account, code, mapping.accounts)
        one = found.setdefault(key, _Account(account, code))
        one.codes.add(code)
        one.rows += rows
        if unit:
            one.hundredths[unit] += hundredths
    return list(found.values())


def _sums(ledger: Path) -> pl.DataFrame:
    number = pl.col("quantity").cast(pl.Float64, strict=False).fill_null(0.0)
    counts = (pl.col("problem") == "") & (number.abs() < LARGEST_COUNTED_SPEND)
    hundredths = pl.when(counts).then((number * HUNDREDTHS + 0.5).floor()).otherwise(0.0).cast(pl.Int64)
    unit = pl.when(counts).then("unit").otherwise(pl.lit(""))
    return (
        pl.scan_parquet(ledger)
        .group_by("account", "account_code", unit.alias("unit"))
        .agg(pl.len().alias("rows"), hundredths.sum().alias("hundredths"))
        .sort("account", "account_code", "unit")
        .collect()
    )


def _weight(account: _Account, broker: FactorBroker) -> float:
    """Return about how many euros an account is; what is no currency counts as it is."""
    return sum(abs(amount) / _per_euro(unit, broker) for unit, amount in account.hundredths.items())


def _per_euro(unit: str, broker: FactorBroker) -> float:
    rates = broker.per_euro(unit.upper())
    return float(rates[max(rates)]) if rates else 1.0


def _told(one: _Account, mapping: Mapping, classifier: Classifier) -> dict[str, Any]:
    found = classifier.classify(LedgerText(one.account, one.code, "", capital=False))
    rule = rule_of(mapping, one.account, one.code)
    return {
        "account": one.account,
        "code": one.code,
        "codes": sorted(filter(None, one.codes))[:SHOWN_CODES],
        "rows": one.rows,
        "hundredths": dict(one.hundredths),
        "activity": found.activity,
        "category": found.category,
        "exclusion": found.exclusion,
        "confidence": found.score,
        "by": found_by(found, has_rule=rule is not None),
    }
