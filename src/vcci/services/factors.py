"""The broker: puts the resolver together from the packs that a run names."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from threading import RLock

from vcci.domain.factor import FACTOR_KINDS, EmissionFactor, OwnFactor, PackManifest, PriceBasis
from vcci.domain.inventory import PackInUse
from vcci.domain.quantity import UnitTable
from vcci.engine.assess import Assessor
from vcci.engine.calculate import Calculator
from vcci.engine.choose import FactorChoice
from vcci.engine.deflate import PriceIndices
from vcci.engine.exchange import Exchange
from vcci.engine.resolve import Resolver
from vcci.errors import PackError
from vcci.services.classification import COMMODITY_PREFIX
from vcci.services.ports import FactorPacks

CONSUMER_PRICES = "us-cpi"
"""The price index pack that stands in where no industry index reaches."""

ALL_YEARS = "all"
OF_EACH_FACTOR = "that of each factor"


@dataclass(frozen=True, slots=True)
class Parameters:
    """What a run is asked to hold to, beside its data."""

    packs: tuple[str, ...]
    year: int | None = None
    price_basis: PriceBasis = PriceBasis.PURCHASER
    gwp_set: str = ""

    def described(self) -> dict[str, str]:
        """Return the parameters as texts, as they enter the run's digest and its report."""
        return {
            "packs": ", ".join(self.packs),
            "year": str(self.year or ALL_YEARS),
            "price basis": self.price_basis.value,
            "GWP set": self.gwp_set or OF_EACH_FACTOR,
        }

    @classmethod
    def from_described(cls, texts: Mapping[str, str]) -> "Parameters":
        """Return the parameters that were described as `texts`."""
        year, gwp_set = texts["year"], texts["GWP set"]
        return cls(
            tuple(texts["packs"].split(", ")),
            None if year == ALL_YEARS else int(year),
            PriceBasis(texts["price basis"]),
            "" if gwp_set == OF_EACH_FACTOR else gwp_set,
        )


@dataclass(frozen=True, slots=True)
class FactorBroker:
    """Looks factors up in the packs of a run, in the order in which they are named.

    A pack of `on_demand` comes into use when an activity is asked for that only it has.
    """

    library: FactorPacks
    parameters: Parameters
    assessor: Assessor | None = None
    on_demand: tuple[str, ...] = ()
    _by_activity: dict[str, list[EmissionFactor]] = field(default_factory=dict)
    _manifests: dict[str, PackManifest] = field(default_factory=dict)
    _per_euro: dict[str, Mapping[str, Decimal]] = field(default_factory=dict)
    _indices: list[PriceIndices] = field(default_factory=list)
    _turn: RLock = field(default_factory=RLock)

    def manifests(self) -> Mapping[str, PackManifest]:
        """Return the manifests of the packs in use, by the name that each gives itself."""
        if not self._manifests:
            named = (self.library.manifest(name) for name in self.parameters.packs)
            self._manifests.update({manifest.name: manifest for manifest in named})
        return self._manifests

    def described(self) -> dict[str, str]:
        """Return the parameters as texts, with the names of the packs where the caller named folders."""
        return self.parameters.described() | {"packs": ", ".join(self.manifests())}

    def factor_manifests(self) -> tuple[PackManifest, ...]:
        """Return the manifests of the packs of emission factors in use."""
        return tuple(self.manifests()[name] for name in self._of_kind(*FACTOR_KINDS))

    def packs_in_use(self) -> tuple[PackInUse, ...]:
        """Return what a report says of the packs in use."""
        return tuple(
            PackInUse(m.name, m.version, m.publisher, m.licence, m.attribution, m.digest, m.standing)
            for m in self.manifests().values()
        )

    def factors(self, activity: str) -> Sequence[EmissionFactor]:
        """Return the factors of an activity, of the first pack named first."""
        if activity in self._by_activity:
            return self._by_activity[activity]
        with self._turn:  # two threads that take one pack into use would have its factors twice
            self._take_into_use(activity)
        return self._by_activity.get(activity, ())

    def _take_into_use(self, activity: str) -> None:
        if not self._by_activity:
            found: dict[str, list[EmissionFactor]] = {}
            for name in self._of_kind(*FACTOR_KINDS):
                self._add(name, found)
            self._by_activity.update(found)
        if activity and activity not in self._by_activity and not activity.startswith(COMMODITY_PREFIX):
            self._ask_others(activity)

    def _add(self, name: str, found: dict[str, list[EmissionFactor]]) -> None:
        for factor in self.library.factors(name):
            found.setdefault(factor.activity, []).append(factor)

    def _ask_others(self, activity: str) -> None:
        """Take the first other pack that has an activity into use, if there is one."""
        for name in self.on_demand:
            manifest = self.library.manifest(name)
            if manifest.name in self.manifests():
                continue
            if any(factor.activity == activity for factor in self.library.factors(name)):
                self._manifests[manifest.name] = manifest
                self._add(name, self._by_activity)
                return

    def titles(self) -> dict[str, str]:
        """Return the titles of all commodities that a factor exists for, by NAICS code."""
        self.factors("")
        return {
            activity.removeprefix(COMMODITY_PREFIX): factors[0].name
            for activity, factors in self._by_activity.items()
            if activity.startswith(COMMODITY_PREFIX)
        }

    def calculator(self, units: UnitTable, own_factors: Mapping[str, OwnFactor]) -> Calculator:
        """Return the calculator over these packs."""
        choice = FactorChoice(self.factors, own_factors)
        if not self._indices:
            self._indices.append(self._price_indices())
        resolver = Resolver(choice, units, self._indices[0], self.assessor)
        exchange = Exchange(units, self.per_euro)
        return Calculator(resolver, exchange, self.parameters.price_basis, self.parameters.gwp_set)

    def currencies(self) -> tuple[str, ...]:
        """Return every currency that a rate pack in use knows."""
        return tuple(c for name in self._of_kind("rates") for c in self.library.rates(name))

    def per_euro(self, currency: str) -> Mapping[str, Decimal]:
        """Return the published rates of a currency by date."""
        if currency not in self._per_euro:
            known = (self.library.rates(name).get(currency) for name in self._of_kind("rates"))
            self._per_euro[currency] = next((series for series in known if series is not None), {})
        return self._per_euro[currency]

    def _price_indices(self) -> PriceIndices:
        industries: dict[str, Mapping[int, Decimal]] = {}
        names = self._of_kind("price_index")
        for name in names:
            if name != CONSUMER_PRICES:
                industries.update(self.library.price_indices(name))
        if CONSUMER_PRICES not in names:
            return PriceIndices(industries, {})
        (consumer,) = self.library.price_indices(CONSUMER_PRICES).values()
        return PriceIndices(industries, consumer, self.library.partial_years(CONSUMER_PRICES))

    def _of_kind(self, kind: str, *also: str) -> tuple[str, ...]:
        found = tuple(name for name, manifest in self.manifests().items() if manifest.kind in (kind, *also))
        if kind in ("factors", "rates") and not found:
            raise PackError(
                f"No pack of kind '{kind}' is in use.",
                tried=self.parameters.packs,
                remedy="Name one with --pack, or leave --pack out to use the packs that ship with VCCI.",
                code="pack_kind_missing",
            )
        return found
