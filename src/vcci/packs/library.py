"""The library: finds packs by name or folder, and lets no altered byte in.

A pack that ships is named by its name, a pack of the user's own by its folder, written with a slash
(`./my-pack`). Every load compares the SHA-256 of the data file with the manifest; what was loaded is kept.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from difflib import get_close_matches
from pathlib import Path
from typing import Final

import polars as pl

from vcci.domain.factor import FACTOR_KINDS, EmissionFactor, PackManifest
from vcci.errors import PackError
from vcci.packs import contents
from vcci.packs.manifest import DATA, MANIFEST, read_manifest

__all__ = ["DATA", "MANIFEST", "SHIPPED", "PackLibrary", "default_names"]

SHIPPED: Final = Path(__file__).parent / "data"
"""The folder of the packs that ship, one folder each."""

DEFAULTS: Final = (
    "epa-supply-chain-1.3.0",
    "ecb-rates",
    "bea-price-index",
    "us-cpi",
    "naics-2017-titles",
)
"""The packs of a run that names none. Older vintages ship too, and are used only when named."""


def default_names() -> tuple[str, ...]:
    """Return the packs in use where none is named, in order of preference."""
    return DEFAULTS


@dataclass(frozen=True, slots=True)
class PackLibrary:
    """All packs at hand; satisfies `services.ports.FactorPacks`."""

    shipped: Path = SHIPPED
    _manifests: dict[str, PackManifest] = field(default_factory=dict)
    _folders: dict[str, Path] = field(default_factory=dict)
    _frames: dict[str, pl.DataFrame] = field(default_factory=dict)
    _factors: dict[str, tuple[EmissionFactor, ...]] = field(default_factory=dict)
    _rates: dict[str, Mapping[str, Mapping[str, Decimal]]] = field(default_factory=dict)

    def names(self) -> tuple[str, ...]:
        """Return the names of the packs that ship, in alphabetical order."""
        return tuple(sorted(path.parent.name for path in self.shipped.glob(f"*/{MANIFEST}")))

    def unmarked_names(self) -> tuple[str, ...]:
        """Return the packs that ship without a mark: first the defaults, then the newest."""
        others = (self.manifest(name) for name in self.names() if name not in DEFAULTS)
        unmarked = sorted((m for m in others if not m.standing), key=lambda m: (-m.year, m.name))
        return (*DEFAULTS, *(m.name for m in unmarked))

    def folder(self, name: str) -> Path:
        """Return the folder of a pack; PackError with the nearest name where there is none."""
        if name in self._folders:
            return self._folders[name]
        if "/" in name or "\\" in name:
            return Path(name)
        if name in self.names():
            return self.shipped / name
        raise _unknown(name, self.names())

    def manifest(self, name: str) -> PackManifest:
        """Return what a pack says of itself; from then on the pack goes by the name in its manifest, too."""
        if name not in self._manifests:
            folder = self.folder(name)
            manifest = read_manifest(folder)
            contents.check_kind(manifest, folder)
            self._claim(manifest, folder)
            self._manifests[name] = manifest
        return self._manifests[name]

    def frame(self, name: str) -> pl.DataFrame:
        """Return the rows of a pack as they lie in its data file, after checking every byte of it."""
        if name not in self._frames:
            manifest = self.manifest(name)
            data = _checked(self.folder(name) / DATA, manifest)
            self._frames[name] = contents.parsed(data, manifest)
        return self._frames[name]

    def factors(self, name: str) -> Sequence[EmissionFactor]:
        """Return the factors of a pack: per money, per physical unit, or per kg of a gas."""
        if name not in self._factors:
            manifest = self.manifest(name)
            kind = manifest.kind if manifest.kind in FACTOR_KINDS else "factors"
            self._factors[name] = contents.FACTORS_OF[kind](self._of_kind(name, kind), manifest)
        return self._factors[name]

    def is_of_factors(self, name: str) -> bool:
        """Say whether a pack gives emission factors."""
        return self.manifest(name).kind in FACTOR_KINDS

    def rates(self, name: str) -> Mapping[str, Mapping[str, Decimal]]:
        """Return units per euro by currency and ISO date; the euro itself is 1 on every published day."""
        if name not in self._rates:
            self._rates[name] = contents.RatesByCurrency(self._of_kind(name, "rates"))
        return self._rates[name]

    def price_indices(self, name: str) -> Mapping[str, Mapping[int, Decimal]]:
        """Return index values by series and year."""
        return contents.price_indices(self._of_kind(name, "price_index"))

    def partial_years(self, name: str) -> frozenset[int]:
        """Return the years that stand on fewer than twelve months."""
        return contents.partial_years(self._of_kind(name, "price_index"))

    def titles(self, name: str) -> Mapping[str, str]:
        """Return titles by code."""
        return dict(self._of_kind(name, "titles").select("code", "title").iter_rows())

    def _of_kind(self, name: str, kind: str) -> pl.DataFrame:
        manifest = self.manifest(name)
        if manifest.kind != kind:
            raise PackError(
                f"Pack {name} is of kind '{manifest.kind}', not '{kind}'.",
                remedy=f"Name a pack of kind '{kind}'; `vcci factors list` shows the kind of each.",
                code="pack_of_other_kind",
            )
        return self.frame(name)

    def _claim(self, manifest: PackManifest, folder: Path) -> None:
        taken = self._folders.get(manifest.name)
        if taken is None and manifest.name in self.names():
            taken = self.shipped / manifest.name
        if taken is not None and taken.resolve() != folder.resolve():
            raise PackError(
                f"Two packs are called {manifest.name}: {taken} and {folder}.",
                remedy="Give one of them another name in its manifest, so that a line says which it is from.",
                code="pack_name_taken",
            )
        self._folders[manifest.name] = folder


def _checked(path: Path, manifest: PackManifest) -> bytes:
    try:
        data = path.read_bytes()
    except OSError as error:
        raise PackError(
            f"The data file of pack {manifest.name} cannot be read: {error}.",
            remedy="Build the pack again, or take it from its publisher again.",
            code="pack_missing",
        ) from error
    digest = hashlib.sha256(data).hexdigest()
    if digest != manifest.digest:
        raise PackError(
            f"The data of pack {manifest.name} are not those that its manifest vouches for: "
            f"SHA-256 is {digest[:12]}..., not {manifest.digest[:12]}....",
            remedy="Nothing was calculated. Take the pack from its publisher again, or build it again "
            "if the change is yours.",
            code="pack_altered",
        )
    return data


def _unknown(name: str, names: Sequence[str]) -> PackError:
    near = get_close_matches(name, names, n=1)
    hint = f"Did you mean {near[0]}?" if near else f"Packs that ship: {', '.join(names)}."
    return PackError(
        f"No factor pack is called {name!r}.",
        remedy=f"{hint} A pack of your own is named by its folder, with a slash: ./my-pack.",
        code="pack_unknown",
    )
