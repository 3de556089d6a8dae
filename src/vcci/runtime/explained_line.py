"""How a stored line came about, with its exchange rate, which is not stored, found again in its pack."""

import json
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from vcci.database.ledger_rows import RunFacts
from vcci.domain.derivation import Derivation
from vcci.domain.inventory import PackInUse
from vcci.domain.line import amount_in_factor_unit
from vcci.domain.review import decisions_told
from vcci.domain.selection import Rate
from vcci.engine.exchange import Exchange
from vcci.packs import PackLibrary, default_names
from vcci.parameters import load
from vcci.services.derivations import FoundRow, derivation_of


def explained(found: FoundRow, run: RunFacts, library: PackLibrary) -> Derivation:
    """Return the derivation of a row; raises `AccountingError` if its line does not come out again.

    Reads packs, so it is for a thread.
    """
    packs = _packs(run, library, name=found.multiplier.get("pack", ""))
    rate = _rate(found, packs, library)
    decided = decisions_told(json.loads(run.decisions))
    return derivation_of(replace(found, rate=rate), run_digest=run.digest, packs=packs, decisions=decided)


def _packs(run: RunFacts, library: PackLibrary, *, name: str) -> list[PackInUse]:
    """Return the packs of a run; single activities name none, and are calculated with those that ship."""
    stored = [PackInUse(**pack) for pack in json.loads(run.packs)]
    if stored:
        return stored
    names = [one for one in dict.fromkeys((*default_names(), name)) if one in library.names()]
    manifests = [library.manifest(one) for one in names]
    return [
        PackInUse(m.name, m.version, m.publisher, m.licence, m.attribution, m.digest, m.standing)
        for m in manifests
    ]


def _rate(found: FoundRow, packs: Iterable[PackInUse], library: PackLibrary) -> dict[str, Any]:
    """Return the rate that gives the stored amount; empty where nothing was converted, or no pack has it."""
    activity, currency = found.activity, found.multiplier.get("factor_currency")
    if not currency or activity["unit"] == currency:
        return {}
    for pack in packs:
        if pack.name not in library.names() or library.manifest(pack.name).digest != pack.digest:
            continue
        if library.manifest(pack.name).kind != "rates":
            continue
        rates = library.rates(pack.name)
        exchange = Exchange(load.units(rates), lambda code, rates=rates: rates.get(code, {}))  # type: ignore[misc]
        rate = exchange.rate(activity["unit"], str(activity["date"]), to=currency)
        if isinstance(rate, Rate) and _gives(rate, found):
            return {"rate": rate.value, "published": rate.published, "notices": ";".join(rate.notices)}
    return {}


def _gives(rate: Rate, found: FoundRow) -> bool:
    amount = amount_in_factor_unit(quantity=float(found.activity["quantity"]), rate=rate.value)
    return bool(amount == found.line["amount"])
