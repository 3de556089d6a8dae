"""The factors of all packs at hand as one list: filtered, and the same activity found in several packs."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache, cached_property
from typing import Final

from vcci.domain.factor import EmissionFactor
from vcci.engine.assess import Assessment
from vcci.packs import PackLibrary
from vcci.parameters import load, quality
from vcci.runtime.factor_catalogue import FactorCatalogue
from vcci.runtime.factors import shipped_library
from vcci.services.classification import COMMODITY_PREFIX, category_of

EVERYDAY: Final = ("electricity", "natural_gas", "diesel", "gasoline")
"""Names that factors go by; a category is one of these, or the number of a Scope 3 category."""


@dataclass(frozen=True, slots=True)
class ShelfAsked:
    """Which factors: empty leaves a filter out. Marked packs are looked into only where they are named."""

    words: str = ""
    category: str = ""
    unit: str = ""
    region: str = ""
    pack: str = ""
    year: int | None = None


@dataclass(frozen=True, slots=True)
class Facets:
    """What there is to filter by, in order."""

    packs: tuple[str, ...]
    units: tuple[str, ...]
    regions: tuple[str, ...]
    years: tuple[int, ...]


@dataclass(frozen=True)
class FactorShelf:
    """The factors of a library; the first question reads every pack, so it is for a thread."""

    library: PackLibrary
    _categories: dict[str, frozenset[str]] = field(default_factory=dict)

    @property
    def catalogue(self) -> FactorCatalogue:
        """The catalogue over the same library."""
        return FactorCatalogue(self.library)

    @cached_property
    def facets(self) -> Facets:
        """What the packs without a mark can be filtered by, and all packs of factors."""
        factors = [one for name in self.catalogue.pack_names() for one in self.library.factors(name)]
        packs = [name for name in self.library.names() if self.library.is_of_factors(name)]
        return Facets(
            tuple(packs),
            tuple(sorted({one.unit for one in factors})),
            tuple(sorted({one.region for one in factors if one.region})),
            tuple(sorted({year for one in factors if (year := self.year(one)) is not None}, reverse=True)),
        )

    def year(self, factor: EmissionFactor) -> int | None:
        """Return the year that a factor is for: its own, else that of its prices, else its pack's."""
        return factor.year or factor.price_year or self.library.manifest(factor.pack).year or None

    def found(self, asked: ShelfAsked) -> list[EmissionFactor]:
        """Return the factors that fit: the best first where words are asked for, else pack by pack.

        Raises `PackError` for a pack that there is not.
        """
        packs = (asked.pack,) if asked.pack else self.catalogue.pack_names()
        if asked.words:
            listed: Sequence[EmissionFactor] = self.catalogue.search(asked.words, packs=packs)
        else:
            listed = [one for name in packs for one in self.library.factors(name)]
        return [one for one in listed if self._fits(one, asked)]

    def _fits(self, factor: EmissionFactor, asked: ShelfAsked) -> bool:
        return (
            asked.unit in ("", factor.unit)
            and asked.region in ("", factor.region)
            and (asked.year is None or self.year(factor) == asked.year)
            and (not asked.category or self._is_of(factor, asked.category))
        )

    def _is_of(self, factor: EmissionFactor, category: str) -> bool:
        if not category.isdecimal():
            if category not in self._categories:
                named = self.catalogue.of_category(category)
                self._categories[category] = frozenset(one.id for one in named)
            return factor.id in self._categories[category]
        if not factor.activity.startswith(COMMODITY_PREFIX):
            return False
        code = factor.activity.removeprefix(COMMODITY_PREFIX)
        return category_of(code, load.spend_categories()) == int(category)

    def same(self, activity: str, packs: Sequence[str]) -> list[EmissionFactor]:
        """Return the factors of an activity in packs, in their order; in all of them where none is named.

        Where a pack numbers its activities anew each year, it is the one of the same title and unit.
        """
        named = packs or self.facets.packs
        first = self._with(activity)
        found: list[EmissionFactor] = []
        for name in named:
            own = self.library.factors(name)
            same = [one for one in own if one.activity == activity]
            if not same and first is not None:
                alike = (first.name.casefold(), first.unit)
                same = [one for one in own if (one.name.casefold(), one.unit) == alike]
            found += same
        return found

    def _with(self, activity: str) -> EmissionFactor | None:
        factors = (one for name in self.facets.packs for one in self.library.factors(name))
        return next((one for one in factors if one.activity == activity), None)


@cache
def shipped_shelf() -> FactorShelf:
    """Return the factors that ship, each pack read once in a process."""
    return FactorShelf(shipped_library())


def assessment_of(pack: str) -> Assessment | None:
    """Return what is assessed of the quality of a pack's factors; None where nothing is."""
    return next((one for one in quality.assessments() if pack.startswith(one.prefix)), None)
