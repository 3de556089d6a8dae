"""Factors as they are told over HTTP, by the API and by the pages."""

from typing import Any, Final

from vcci.domain.factor import EmissionFactor
from vcci.domain.finding import NOTICES
from vcci.runtime.factor_catalogue import FactorCatalogue

OF_PACK: Final = ("name", "version", "publisher", "licence", "attribution", "source", "standing")
"""What a factor's answer says of its pack."""


def factor_as_json(catalogue: FactorCatalogue, factor: EmissionFactor) -> dict[str, Any]:
    """Return a factor in plain values: kg CO2e per `unit`, as exact decimals."""
    manifest = catalogue.manifest(factor)
    biogenic = factor.biogenic_kg_co2
    return {
        "id": factor.id,
        "activity": factor.activity,
        "name": factor.name,
        "value_kg_co2e": format(factor.value_kg_co2e, "f"),
        "unit": factor.unit,
        "region": factor.region,
        "gwp_set": factor.gwp_set,
        "year": factor.year,
        "price_year": factor.price_year,
        "price_basis": factor.price_basis,
        "gases_kg_co2e": {gas: format(kg, "f") for gas, kg in factor.gases_kg_co2e.items()},
        "biogenic_kg_co2": None if biogenic is None else format(biogenic, "f"),
        "notices": [{"code": code, "meaning": NOTICES[code]} for code in factor.notices],
        "pack": {name: getattr(manifest, name) for name in OF_PACK},
    }
