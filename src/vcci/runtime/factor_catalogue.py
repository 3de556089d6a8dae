"""The factors of all packs at hand: found by words, by id, and by everyday name."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Final

from vcci.domain.factor import EmissionFactor, PackManifest
from vcci.packs import PackLibrary
from vcci.packs.search import search
from vcci.parameters import load

FREE: Final = ("public domain", "CC0")
"""How the licences begin that ask for nothing: such factors may be kept by whoever passes them on."""


@dataclass(frozen=True, slots=True)
class FactorCatalogue:
    """What a library has; packs with a mark are looked into only when they are named."""

    library: PackLibrary

    def pack_names(self) -> tuple[str, ...]:
        """Return the packs that are searched where none is named: the defaults first, then the newest."""
        return tuple(name for name in self.library.unmarked_names() if self.library.is_of_factors(name))

    def search(self, words: str, *, packs: Sequence[str] = (), region: str = "") -> list[EmissionFactor]:
        """Return the factors that share words with a text, best first; PackError for an unknown pack."""
        factors = [factor for name in packs or self.pack_names() for factor in self.library.factors(name)]
        mine = [factor for factor in factors if factor.region == region] if region else factors
        return search(mine, words, phrases=_phrases())

    def by_id(self, pack: str, code: str) -> EmissionFactor | None:
        """Return the factor of a pack by its own code, None where there is no such pack or factor."""
        if pack not in self.library.names() or not self.library.is_of_factors(pack):
            return None
        wanted = f"{pack}/{code}"
        return next((factor for factor in self.library.factors(pack) if factor.id == wanted), None)

    def of_category(self, category: str, *, region: str = "") -> list[EmissionFactor]:
        """Return the factors that an everyday name means; an empty list for a name that there is not."""
        return [
            factor
            for pack, begins in load.factor_categories().get(category, ())
            for factor in self.library.factors(pack)
            if factor.id.startswith(f"{pack}/{begins}") and region in ("", factor.region)
        ]

    def manifest(self, factor: EmissionFactor) -> PackManifest:
        """Return what the pack of a factor says of itself."""
        return self.library.manifest(factor.pack)

    def is_free(self, factor: EmissionFactor) -> bool:
        """Say whether a factor's licence asks for nothing, and nothing is doubtful about its pack."""
        manifest = self.manifest(factor)
        return manifest.licence.startswith(FREE) and not manifest.standing


@cache
def _phrases() -> dict[str, str]:
    return dict(load.everyday_words().phrases)
