"""From the stored parts of a row to its derivation; its line is worked out again and must be the same."""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from vcci.domain.derivation import Derivation
from vcci.domain.finding import NOTICES, REASONS
from vcci.domain.inventory import PackInUse
from vcci.domain.line import quantised_mg
from vcci.domain.quality import INDICATORS
from vcci.errors import AccountingError

READ: Final = (
    "source", "line", "supplier_id", "supplier", "account_code", "account", "description", "date",
    "quantity", "unit", "region", "part", "formula",
)  # fmt: skip
"""What a row says of itself, as it was read."""

FACTOR: Final = {
    "factor_id": "id",
    "factor_name": "name",
    "factor_value": "value",
    "factor_unit": "unit",
    "factor_year": "year",
    "factor_region": "region",
    "gwp_set": "GWP set",
    "method": "method",
}
"""What a derivation says of the factor, by the columns of the multiplier table."""


@dataclass(frozen=True, slots=True)
class FoundRow:
    """A row of a run with what belongs to it, each as a dictionary by column; empty where there is none.

    `rate` holds the exchange rate of the row's date; `reason` is empty for a row with a line.
    """

    activity: Mapping[str, Any]
    line: Mapping[str, Any]
    multiplier: Mapping[str, Any]
    rate: Mapping[str, Any]
    reason: str = ""


def derivation_of(found: FoundRow, *, run_digest: str, packs: Iterable[PackInUse]) -> Derivation:
    """Return the derivation of a row; raises `AccountingError` if its line does not come out again."""
    activity = found.activity
    row = int(activity["row"])
    read = {name: str(activity[name]) for name in READ if str(activity.get(name) or "")}
    told = _notices(found)
    classified = {
        "activity": str(activity["activity"]) or "not known",
        "category": str(activity["category"]),
        "how": "by words" if "commodity_matched" in dict(told) else "by a rule or the row itself",
    }
    if found.reason:
        why = REASONS[found.reason]
        return Derivation(
            run_digest,
            row,
            read=read,
            classified=classified,
            outcome=why.outcome.value,
            reason=found.reason,
            meaning=why.meaning,
            remedy=why.remedy,
            notices=told,
        )
    key, line = found.multiplier, found.line
    _worked_out_again(row, line, key)
    sigma, emissions = key["ln_sigma"], int(line["co2e_mg"])
    reach = math.exp(2 * sigma) if sigma is not None else 0.0
    return Derivation(
        run_digest,
        row,
        read=read,
        classified=classified,
        outcome="line",
        factor={label: str(key[name]) for name, label in FACTOR.items() if key[name] not in ("", None)},
        quality={name: key[f"dq_{name}"] for name in INDICATORS if key[f"dq_{name}"] is not None},
        pack=next((pack for pack in packs if pack.name == key["pack"]), None),
        steps=_steps(found),
        notices=told,
        emissions_mg_co2e=emissions,
        interval_mg_co2e=(round(emissions / reach), round(emissions * reach)) if reach else None,
    )


def _steps(found: FoundRow) -> tuple[str, ...]:
    activity, line, key = found.activity, found.line, found.multiplier
    amount, multiplier = line["amount"], key["mg_co2e_per_unit"]
    steps = str(key["steps"]).split("\n")
    if found.rate.get("published"):
        rate = f"{found.rate['rate']!r} {key['factor_currency']} per {activity['unit']}"
        steps.append(f"{activity['quantity']} {activity['unit']} x {rate} of {found.rate['published']}")
    steps.append(f"{amount!r} x {multiplier!r} = {line['co2e_mg']} mg CO2e, rounded to the nearest")
    return tuple(steps)


def _notices(found: FoundRow) -> tuple[tuple[str, str], ...]:
    texts = (
        found.activity.get("notices"),
        found.rate.get("rate_notices") if found.line else "",
        found.multiplier.get("notices") if found.line else "",
    )
    codes = dict.fromkeys(code for text in texts for code in (text or "").split(";") if code)
    return tuple((code, NOTICES[code]) for code in codes)


def _worked_out_again(row: int, line: Mapping[str, Any], key: Mapping[str, Any]) -> None:
    again = quantised_mg(line["amount"], key["mg_co2e_per_unit"])
    if again != line["co2e_mg"]:
        raise AccountingError(
            f"Row {row} is stored as {line['co2e_mg']} mg CO2e, but its amount and factor give {again}.",
            remedy="The results were changed after the run; `vcci verify` says where.",
            code="line_does_not_recompute",
        )
