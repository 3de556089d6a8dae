"""The bridge between two inventories, exact in integers.

Within a category, and among what is counted in the same unit, emissions of a group are

    total volume x share of the group x amount per volume x emissions per amount

and the change of the product is shared out among its four factors by averaging over all orders in which
they could have changed (Shapley): volume, mix, price and factor. A group whose methods differ goes to the
method as a whole, a category that is in one inventory only to the boundary. All of it is exact; what is left
of a milligram by rounding goes to the largest remainders, so the effects add up to the difference.
"""

from collections import defaultdict
from collections.abc import Mapping
from fractions import Fraction
from itertools import permutations
from typing import Final

from vcci.domain.bridge import EFFECTS, Bridge, Effect, Group, State

NOTHING: Final = State(Fraction(0), Fraction(0), 0, frozenset())
PRODUCT: Final = ("volume", "mix", "price", "factor")
"""The effects of the product's four factors, in their order."""

Factors = tuple[Fraction, Fraction, Fraction, Fraction]
Inventory = Mapping[Group, State]


def bridge(older: Inventory, newer: Inventory) -> Bridge:
    """Return what leads from the total of `older` to that of `newer`."""
    exact: dict[tuple[int, str], Fraction] = defaultdict(Fraction)
    volumes = _volumes(older), _volumes(newer)
    shared = {group.category for group in older} & {group.category for group in newer}
    for group in sorted({*older, *newer}, key=lambda g: (g.category, g.activity, g.counted_in)):
        before, after = older.get(group, NOTHING), newer.get(group, NOTHING)
        for effect, mg_co2e in _effects(group, before, after, volumes=volumes, shared=shared).items():
            exact[group.category, effect] += mg_co2e
    totals = tuple(sum(state.emissions_mg_co2e for state in side.values()) for side in (older, newer))
    return Bridge(totals[0], totals[1], _rounded(exact, totals[1] - totals[0]))


def _volumes(side: Inventory) -> dict[tuple[int, str], Fraction]:
    """Return the total volume of what is counted alike within a category."""
    found: dict[tuple[int, str], Fraction] = defaultdict(Fraction)
    for group, state in side.items():
        found[group.category, group.counted_in] += state.volume
    return found


def _effects(
    group: Group,
    before: State,
    after: State,
    *,
    volumes: tuple[Mapping[tuple[int, str], Fraction], Mapping[tuple[int, str], Fraction]],
    shared: set[int],
) -> dict[str, Fraction]:
    change = Fraction(after.emissions_mg_co2e - before.emissions_mg_co2e)
    if group.category not in shared:
        return {"boundary": change}
    if before.methods and after.methods and before.methods != after.methods:
        return {"method": change}
    of_all = [side.get((group.category, group.counted_in), Fraction(0)) for side in volumes]
    factors = _factors(before, of_all[0]), _factors(after, of_all[1])
    sides = zip((before, after), factors, strict=True)
    if factors == (None, None) or any(found is None and state.emissions_mg_co2e for state, found in sides):
        return {"mix": change}
    old, new = _completed(*factors)
    return dict(zip(PRODUCT, _shapley(old, new), strict=True))


def _factors(state: State, of_all: Fraction) -> Factors | None:
    """Return the product's factors, or None where a group has no volume, amount or emissions to divide by."""
    if not (state.volume and state.amount and state.emissions_mg_co2e and of_all):
        return None
    return (
        of_all,
        state.volume / of_all,
        state.amount / state.volume,
        state.emissions_mg_co2e / state.amount,
    )


def _completed(old: Factors | None, new: Factors | None) -> tuple[Factors, Factors]:
    """Give a group that is on one side only the other side's price and factor, and no share."""
    told = old or new
    if told is None:
        raise ValueError("a group without emissions on both sides has no factors")
    absent: Factors = (told[0], Fraction(0), told[2], told[3])
    return old or absent, new or absent


def _shapley(old: Factors, new: Factors) -> tuple[Fraction, ...]:
    """Return each factor's part of the change of the product, averaged over all orders of change."""
    orders = list(permutations(range(len(old))))
    parts = [Fraction(0)] * len(old)
    for order in orders:
        now = list(old)
        product = _product(now)
        for place in order:
            now[place] = new[place]
            changed = _product(now)
            parts[place] += changed - product
            product = changed
    return tuple(part / len(orders) for part in parts)


def _product(factors: list[Fraction]) -> Fraction:
    found = Fraction(1)
    for factor in factors:
        found *= factor
    return found


def _rounded(exact: Mapping[tuple[int, str], Fraction], difference: int) -> tuple[Effect, ...]:
    """Return whole milligrams that add up to the difference: floors, and the largest remainders up."""
    floors = {key: value.numerator // value.denominator for key, value in exact.items()}
    missing = difference - sum(floors.values())
    by_remainder = sorted(exact, key=lambda key: (floors[key] - exact[key], key[0], EFFECTS.index(key[1])))
    for key in by_remainder[:missing]:
        floors[key] += 1
    order = sorted(floors, key=lambda key: (key[0], EFFECTS.index(key[1])))
    return tuple(Effect(*key, floors[key]) for key in order if floors[key])
