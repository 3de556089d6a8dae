"""The factors that a run or a request is answered with."""

from collections.abc import Sequence
from dataclasses import replace
from functools import cache

from vcci.domain.factor import PriceBasis
from vcci.engine.assess import Assessor
from vcci.packs import PackLibrary, default_names
from vcci.parameters import load, quality
from vcci.services.calculations import CalculatorFor
from vcci.services.factors import FactorBroker, Parameters


def calculator_for(
    packs: Sequence[str], *, gwp_set: str = "", price_basis: PriceBasis = PriceBasis.PURCHASER
) -> CalculatorFor:
    """Return what makes calculators over packs: those named, else all that ship without a mark."""
    return _calculator_for(Parameters(tuple(packs), gwp_set=gwp_set, price_basis=price_basis))


@cache
def shipped_library() -> PackLibrary:
    """Return the packs that ship, each read once for all who ask in this process."""
    return PackLibrary()


def broker_over(parameters: Parameters) -> FactorBroker:
    """Return the broker over the packs named; where none is, over the defaults, and others when asked for."""
    if parameters.packs:
        return FactorBroker(PackLibrary(), parameters, assessor())
    library = shipped_library()
    on_demand = tuple(name for name in library.unmarked_names() if library.is_of_factors(name))
    return FactorBroker(library, replace(parameters, packs=default_names()), assessor(), on_demand)


@cache
def _calculator_for(asked: Parameters) -> CalculatorFor:
    broker = broker_over(asked)
    units = load.units(broker.currencies())
    shared = broker.calculator(units, {})
    return lambda own: broker.calculator(units, own) if own else shared


def assessor() -> Assessor:
    """Return what assesses the data quality of lines."""
    return Assessor(quality.pedigree(), quality.assessments())
