"""The factors at hand: found by words, by everyday name, and one by its id."""

import asyncio
from collections.abc import Sequence
from enum import StrEnum
from typing import Annotated, Final

import orjson
from fastapi import APIRouter, Path, Query, Response
from pydantic import BaseModel, Field

from vcci.domain.factor import EmissionFactor
from vcci.edge.descriptions import described
from vcci.edge.factor_answers import factor_as_json
from vcci.edge.permissions import Reader, TheService
from vcci.edge.problems import ProblemError
from vcci.edge.strict_route import StrictRoute
from vcci.runtime.factor_catalogue import FactorCatalogue
from vcci.services.activity_request import WRITABLE

router = APIRouter(prefix="/api/v1/factors", tags=["factors"], route_class=StrictRoute)

MOST_FACTORS: Final = 200
PUBLIC: Final = {"Cache-Control": "public, max-age=3600"}
PRIVATE: Final = {"Cache-Control": "private, max-age=3600"}


class FactorCategory(StrEnum):
    """The everyday names that factors go by."""

    ELECTRICITY = "electricity"
    NATURAL_GAS = "natural_gas"
    DIESEL = "diesel"
    GASOLINE = "gasoline"


class PackOfFactor(BaseModel):
    """The publication that a factor is from; `standing` marks one to be used with care."""

    name: str
    version: str
    publisher: str
    licence: str
    attribution: str
    source: str
    standing: str


class FactorNotice(BaseModel):
    """What a reader should know of a factor."""

    code: str
    meaning: str


class FactorAnswer(BaseModel):
    """A factor: kg CO2e per `unit`, as an exact decimal; `activity` is what a calculation names it by."""

    id: str
    activity: str
    name: str
    value_kg_co2e: str
    unit: str
    region: str
    gwp_set: str
    year: int | None
    price_year: int | None
    price_basis: str | None
    gases_kg_co2e: dict[str, str]
    biogenic_kg_co2: str | None
    notices: list[FactorNotice]
    pack: PackOfFactor


class FactorsAnswer(BaseModel):
    """Factors, and how many there are in all."""

    data: list[FactorAnswer]
    found: int = Field(description="How many there are, of which `data` has the first.")


Words = Annotated[
    str,
    Query(min_length=1, max_length=200, pattern=WRITABLE, description="Words of a title, or a NAICS code."),
]
Limit = Annotated[int, Query(ge=1, le=MOST_FACTORS)]
Region = Annotated[
    str, Query(pattern="^([A-Z]{2})?$", description="ISO 3166 code of the country that they are for.")
]
Packs = Annotated[
    list[str],
    Query(
        default_factory=list,
        max_length=20,
        description="Packs to search; without, all that ship without a mark.",
    ),
]
Pack = Annotated[str, Path(max_length=100, pattern=WRITABLE, examples=["epa-supply-chain-1.3.0"])]
Code = Annotated[str, Path(max_length=300, pattern=WRITABLE, examples=["541511/purchaser"])]


@router.get("", response_model=FactorsAnswer, responses=described(404))
async def search_factors(
    service: TheService, _: Reader, *, q: Words, pack: Packs, region: Region = "", limit: Limit = 20
) -> Response:
    """Return the factors whose titles share words with a text, the best first."""
    catalogue = FactorCatalogue(service.library)
    if pack and not set(pack) <= set(await asyncio.to_thread(service.library.names)):
        raise ProblemError("not_found", "There is no such pack.", pointer="/pack")
    found = await asyncio.to_thread(catalogue.search, q, packs=pack, region=region)
    return _answer(catalogue, found, limit=limit)


@router.get("/{category}", response_model=FactorsAnswer)
async def factors_of_category(
    category: FactorCategory, service: TheService, _: Reader, *, region: Region = "", limit: Limit = 100
) -> Response:
    """Return the factors that an everyday name means, of the newest packs; of combustion for fuels."""
    catalogue = FactorCatalogue(service.library)
    found = await asyncio.to_thread(catalogue.of_category, category, region=region)
    return _answer(catalogue, found, limit=limit)


@router.get("/{pack}/{code:path}", response_model=FactorAnswer)
async def get_factor(pack: Pack, code: Code, service: TheService, _: Reader) -> Response:
    """Return one factor of a pack, with its licence and source."""
    catalogue = FactorCatalogue(service.library)
    found = await asyncio.to_thread(catalogue.by_id, pack, code)
    if found is None:
        raise ProblemError("not_found")
    headers = PUBLIC if catalogue.is_free(found) else PRIVATE
    content = orjson.dumps(factor_as_json(catalogue, found))
    return Response(content, media_type="application/json", headers=headers)


def _answer(catalogue: FactorCatalogue, found: Sequence[EmissionFactor], *, limit: int) -> Response:
    shown = found[:limit]
    content = {"data": [factor_as_json(catalogue, factor) for factor in shown], "found": len(found)}
    headers = PUBLIC if all(map(catalogue.is_free, shown)) else PRIVATE
    return Response(orjson.dumps(content), media_type="application/json", headers=headers)
