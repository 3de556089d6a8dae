"""The bridge between two inventories, exact in integers.

Within a category, and among what is counted in the same unit, emissions of a group are

    purchases in all x share of them with lines x share of the group x amount per volume x factor

and the change of the product is shared out among its factors by averaging over all orders in which they could
have changed (Shapley): volume, data, mix, price and factor. What is calculated by another method goes to the
method as a whole, a category of one inventory only to the boundary. The effects of each group are rounded to
whole milligrams that add up to its change; so all of them do, and the way back is the way there negated.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from fractions import Fraction
from itertools import combinations
from math import factorial, lcm, prod
from typing import Final

from vcci.domain.bridge import EFFECTS, NOTHING, Bridge, Effect, Group, State

PRODUCT: Final = ("volume", "data", "mix", "price", "factor")
"""The effects of the product's factors, in their order."""

Factors = tuple[Fraction, ...]
Inventory = Mapping[Group, State]
Coverage = Mapping[str, Fraction]
"""By currency: the share of purchases, by value, that have lines."""
Pair = tuple[State, State]
Pairs = Mapping[Group, Pair]
Pools = Mapping[tuple[int, str], tuple[Fraction, Fraction]]
"""By category and what it is counted in: the volume in all, in the older and the newer inventory."""

NOT_TOLD: Final[Coverage] = {}


def bridge(
    older: Inventory, newer: Inventory, *, coverage: tuple[Coverage, Coverage] = (NOT_TOLD, NOT_TOLD)
) -> Bridge:
    """Return what leads from the total of `older` to that of `newer`; `coverage` is of either, if told."""
    sums: dict[tuple[int, str], int] = defaultdict(int)
    merged: dict[Group, Pair] = defaultdict(lambda: (NOTHING, NOTHING))
    moved = _moved(older, newer)
    for group, pair in _pairs(older, newer).items():
        whole = moved(group, pair)
        if whole:
            sums[group.category, whole] += _change(pair)
        else:
            one, other = merged[replace(group, partner="")]
            merged[replace(group, partner="")] = one.plus(pair[0]), other.plus(pair[1])
    pools = _pools(merged)
    for group, pair in merged.items():
        whole = _whole(pair)
        parts = {whole: _change(pair)} if whole else _parts(group, pair, pools=pools, coverage=coverage)
        for effect, mg_co2e in parts.items():
            sums[group.category, effect] += mg_co2e
    order = sorted(sums, key=lambda key: (key[0], EFFECTS.index(key[1])))
    return Bridge(_total(older), _total(newer), tuple(Effect(*key, sums[key]) for key in order if sums[key]))


def _total(side: Inventory) -> int:
    return sum(state.emissions_mg_co2e for state in side.values())


def _pairs(older: Inventory, newer: Inventory) -> Pairs:
    groups = {*older, *newer}
    return {group: (older.get(group, NOTHING), newer.get(group, NOTHING)) for group in groups}


def _change(pair: Pair) -> int:
    return pair[1].emissions_mg_co2e - pair[0].emissions_mg_co2e


def _moved(older: Inventory, newer: Inventory) -> Callable[[Group, Pair], str]:
    """Return what says whether a group goes as a whole to its category, or its partner's method, moving."""
    shared = {group.category for group in older} & {group.category for group in newer}
    methods = [_methods_of_partners(side) for side in (older, newer)]

    def effect(group: Group, pair: Pair) -> str:
        if group.category not in shared:
            return "boundary"
        before, after = (side.get((group.category, group.partner), frozenset()) for side in methods)
        is_of_one = pair[0].methods | pair[1].methods <= before ^ after
        return "method" if group.partner and before and after and is_of_one else ""

    return effect


def _methods_of_partners(side: Inventory) -> Mapping[tuple[int, str], frozenset[str]]:
    found: dict[tuple[int, str], frozenset[str]] = defaultdict(frozenset)
    for group, state in side.items():
        found[group.category, group.partner] |= state.methods
    return found


def _whole(pair: Pair) -> str:
    """Return the effect that takes the change as a whole, or nothing where it is a product's."""
    if all(state.methods for state in pair) and pair[0].methods != pair[1].methods:
        return "method"
    if any(state.emissions_mg_co2e and not state.is_whole for state in pair):
        return "volume"  # credits cancel the amount, not the emissions: there is nothing to divide by
    has_factor_of_zero = any(state.volume and not state.is_whole for state in pair)
    return "factor" if has_factor_of_zero else ""


def _pools(pairs: Pairs) -> Pools:
    """Return the volumes of what is a product; the rest would shift the shares of the others."""
    found: dict[tuple[int, str], tuple[Fraction, Fraction]] = defaultdict(lambda: (Fraction(0), Fraction(0)))
    for group, pair in pairs.items():
        if not _whole(pair):
            older, newer = found[group.category, group.counted_in]
            found[group.category, group.counted_in] = older + pair[0].volume, newer + pair[1].volume
    return found


def _parts(group: Group, pair: Pair, *, pools: Pools, coverage: tuple[Coverage, Coverage]) -> dict[str, int]:
    """Return the effects on a group whose emissions are a product on both sides, or there on one only."""
    before, after = pair
    if not before.is_whole and not after.is_whole:
        return {}
    if before.is_whole and after.is_whole and before.bases != after.bases:
        # Prices of other years or currencies: their indices and the factors cannot be told apart.
        before, after = (replace(state, amount=state.volume) for state in pair)
    pool = pools[group.category, group.counted_in]
    if min(pool) <= 0:  # one side has nothing, or more credits than purchases: shares say nothing
        pool = (Fraction(0), Fraction(0))
    covered = [side.get(group.counted_in, Fraction(0)) for side in coverage]
    if min(covered) <= 0:
        covered = [Fraction(1), Fraction(1)]
    told = before if before.is_whole else after
    old = _factors(before, told, in_all=pool[0], covered=covered[0])
    new = _factors(after, after if after.is_whole else before, in_all=pool[1], covered=covered[1])
    exact = dict(zip(PRODUCT, _shapley(old, new), strict=True))
    return _rounded(exact)


def _factors(state: State, told: State, *, in_all: Fraction, covered: Fraction) -> Factors:
    """Return the product's factors; where the group is not there, `told` has its price and factor."""
    volume, share = (in_all, state.volume / in_all) if in_all else (state.volume, Fraction(1))
    price, factor = told.amount / told.volume, told.emissions_mg_co2e / told.amount
    return volume / covered, covered, share, price, factor


def _shapley(old: Factors, new: Factors) -> list[Fraction]:
    """Return each factor's part of the change of the product, averaged over all orders of change.

    Each factor is brought to whole numbers over one denominator: thousands of groups cost no gcd each step.
    """
    changed = [place for place, factor in enumerate(old) if factor != new[place]]
    below = [lcm(one.denominator, other.denominator) for one, other in zip(old, new, strict=True)]
    before, after = ([int(f * d) for f, d in zip(side, below, strict=True)] for side in (old, new))
    fixed = prod(number for place, number in enumerate(before) if place not in changed)
    parts = [Fraction(0)] * len(old)
    for place in changed:
        others = [other for other in changed if other != place]
        mean = sum(weight * product for weight, product in _orders(others, before, after))
        part = fixed * (after[place] - before[place]) * mean
        parts[place] = Fraction(part, prod(below) * factorial(len(changed)))
    return parts


def _orders(others: list[int], before: list[int], after: list[int]) -> Iterator[tuple[int, int]]:
    """Yield each set of factors that may have changed first: the number of such orders, and the product."""
    for size in range(len(others) + 1):
        orders = factorial(size) * factorial(len(others) - size)
        for first in combinations(others, size):
            yield orders, prod(after[place] if place in first else before[place] for place in others)


def _rounded(exact: Mapping[str, Fraction]) -> dict[str, int]:
    """Return whole milligrams with the same sum: cut towards zero, the rest to the largest remainders."""
    cut = {effect: int(value) for effect, value in exact.items()}
    missing = int(sum(exact.values(), Fraction(0))) - sum(cut.values())
    sign = 1 if missing > 0 else -1
    by_remainder = sorted(exact, key=lambda effect: (sign * (cut[effect] - exact[effect]), effect))
    return cut | {effect: cut[effect] + sign for effect in by_remainder[: abs(missing)]}
