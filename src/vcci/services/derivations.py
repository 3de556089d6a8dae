"""From the stored parts of a row to its derivation; its line is worked out again and must be the same."""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from vcci.domain.category import STATED_APART, Category
from vcci.domain.derivation import Derivation
from vcci.domain.finding import NOTICES, REASONS
from vcci.domain.inventory import PackInUse
from vcci.domain.line import amount_in_factor_unit, quantised_mg
from vcci.domain.quality import INDICATORS
from vcci.domain.review import Decided, Decision
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

ASKED: Final = ("category", "activity", "region", "unit", "asked_method")
"""What a row asks a multiplier by, beside its year: both have to say the same."""


@dataclass(frozen=True, slots=True)
class FoundRow:
    """A row of a run with what belongs to it, each as a dictionary by column; empty where there is none.

    `rate` holds the exchange rate of the row's date, where it was kept; `reason` is empty for a row with a
    line.
    """

    activity: Mapping[str, Any]
    line: Mapping[str, Any]
    multiplier: Mapping[str, Any]
    rate: Mapping[str, Any]
    reason: str = ""


def derivation_of(
    found: FoundRow,
    *,
    run_digest: str,
    packs: Iterable[PackInUse],
    decisions: Iterable[Decision] = (),
) -> Derivation:
    """Return the derivation of a row; raises `AccountingError` if its line does not come out again.

    `decisions` are those that texts of the run were placed by.
    """
    activity, key = found.activity, found.multiplier
    told = _notices(found)
    decision = _decision(found, dict(told), decisions)
    plain = Derivation(
        run_digest,
        int(activity["row"]),
        read={name: str(activity[name]) for name in READ if str(activity.get(name) or "")},
        classified=_classified(found, dict(told), decision),
        outcome="line",
        notices=told,
    )
    if found.reason:
        why = REASONS[found.reason]
        return replace(
            plain,
            outcome=why.outcome.value,
            reason=found.reason,
            meaning=why.meaning,
            remedy=why.remedy,
        )
    _work_out_again(found)
    emissions = int(found.line["co2e_mg"])
    return replace(
        plain,
        factor={label: str(key[name]) for name, label in FACTOR.items() if key[name] not in ("", None)},
        quality={name: key[f"dq_{name}"] for name in INDICATORS if key[f"dq_{name}"] is not None},
        pack=next((pack for pack in packs if pack.name == key["pack"]), None),
        steps=_steps(found),
        emissions_mg_co2e=emissions,
        interval_mg_co2e=_interval(emissions, key["ln_sigma"]),
    )


def _decision(found: FoundRow, notices: Mapping[str, str], decisions: Iterable[Decision]) -> Decision | None:
    """Return the decision that the row was placed by; a row without a line may have kept only its reason."""
    names = ("account", "account_code", "description")
    decision = Decided(decisions).of(*(str(found.activity.get(name) or "") for name in names))
    if decision is None or "commodity_decided" in notices:
        return decision
    is_reason = bool(found.reason) and found.reason == (decision.reason or "commodity_unknown")
    return decision if is_reason and not decision.commodity else None


def _classified(found: FoundRow, notices: Mapping[str, str], decision: Decision | None) -> dict[str, str]:
    """Return what the row was taken for; empty where only the rows with lines keep that."""
    activity = found.activity
    if "activity" not in activity:
        return {"how": decision.sentence} if decision else {}
    category = int(activity["category"])
    is_apart = category == STATED_APART and bool(found.line)
    return {
        "activity": str(activity["activity"]) or "not known",
        "category": str(category),
        "category title": "stated apart, in no total" if is_apart else _title(category),
        "how": decision.sentence if decision else _how(activity, notices),
    }


def _title(category: int) -> str:
    return Category(category).title if category in tuple(Category) else "no category"


def _how(activity: Mapping[str, Any], notices: Mapping[str, str]) -> str:
    """Say who decided; matches by words and by likeness carry the same notice, and are told as one."""
    if activity.get("part") is not None and activity.get("formula"):
        return "by the row itself"
    if "commodity_decided" in notices:
        return "by a decision in the review queue"
    if "commodity_matched" in notices:
        return "by words or likeness, since no rule speaks of it"
    if activity["activity"] or activity["exclusion"]:
        return "by a rule or the row itself"
    return "by nothing: no rule and no confident match"


def _steps(found: FoundRow) -> tuple[str, ...]:
    """Return the conversions, the amount and the product, each in numbers that give the next."""
    line, key = found.line, found.multiplier
    amount, multiplier = line["amount"], key["mg_co2e_per_unit"]
    return (
        *str(key["steps"]).split("\n"),
        _amount_step(found),
        f"{amount!r} x {multiplier!r} = {amount * multiplier!r} mg CO2e",
        f"{amount * multiplier!r} + 0.5, floored = {line['co2e_mg']} mg CO2e",
    )


def _amount_step(found: FoundRow) -> str:
    activity, amount, currency = found.activity, found.line["amount"], found.multiplier["factor_currency"]
    given, unit = f"{activity['quantity']} {activity['unit']}", currency or activity["unit"]
    if not found.rate:
        return f"{given} = {amount!r} {unit}"
    rate, day = found.rate["rate"], found.rate["published"]
    per = f"{rate!r} {unit} per {activity['unit']} of {day}" if day else f"{rate!r}"
    return f"{given} x {per} = {amount!r} {unit}"


def _notices(found: FoundRow) -> tuple[tuple[str, str], ...]:
    of_line = (found.line, found.rate, found.multiplier) if found.line else ()
    names = ("notices", "rate_notices")
    texts = (one.get(name) for one in (found.activity, *of_line) for name in names)
    codes = dict.fromkeys(code for text in texts for code in (text or "").split(";") if code)
    return tuple((code, NOTICES[code]) for code in codes)


def _interval(emissions_mg_co2e: int, ln_sigma: float | None) -> tuple[int, int] | None:
    if ln_sigma is None:
        return None
    reach = math.exp(2 * ln_sigma)
    return round(emissions_mg_co2e / reach), round(emissions_mg_co2e * reach)


def _work_out_again(found: FoundRow) -> None:
    """Hold every number that is shown against the one before it."""
    activity, line, key = found.activity, found.line, found.multiplier
    asked = {name: activity[name] for name in ASKED} | {"year": str(activity["date"])[:4]}
    other = [name for name, value in asked.items() if key[name] != value]
    if other:
        raise _differs(activity, f"its multiplier is for another {' and '.join(other)}")
    if found.rate:
        amount = amount_in_factor_unit(quantity=float(activity["quantity"]), rate=found.rate["rate"])
        if amount != line["amount"]:
            raise _differs(
                activity, f"its amount is stored as {line['amount']!r}, but quantity x rate is {amount!r}"
            )
    again = quantised_mg(line["amount"], key["mg_co2e_per_unit"])
    if again != line["co2e_mg"]:
        raise _differs(
            activity, f"it is stored as {line['co2e_mg']} mg CO2e, but amount x multiplier is {again}"
        )


def _differs(activity: Mapping[str, Any], what: str) -> AccountingError:
    return AccountingError(
        f"Row {activity['row']} does not come out again: {what}.",
        remedy="The results were changed after the run; `vcci verify` says where.",
        code="line_does_not_recompute",
    )
