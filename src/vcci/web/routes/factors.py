"""Emission factors: found in all packs, each with all that is known of it, and packs side by side."""

import asyncio
from dataclasses import dataclass
from typing import Annotated, Any, Final
from urllib.parse import quote, urlencode

from fastapi import Depends, Query, Request

from vcci.database.factor_use import FactorUse, uses_of
from vcci.domain.category import Category
from vcci.domain.factor import EmissionFactor, PackManifest
from vcci.domain.quality import INDICATORS
from vcci.edge.factor_answers import factor_as_json
from vcci.edge.permissions import TheService
from vcci.edge.problems import ProblemError
from vcci.runtime.factor_shelf import EVERYDAY, FactorShelf, ShelfAsked, assessment_of, shipped_shelf
from vcci.services.activity_request import WRITABLE
from vcci.services.factor_comparison import Compared, compared
from vcci.web.views import Reading, Table, View, pages, shown

router = pages()

HERE: Final = "/factors"
ROWS: Final = 50
MOST_ROWS: Final = 200
MOST_PAGES: Final = 10_000
MOST_PACKS: Final = 20

COLUMNS: Final = (
    "id", "name", "activity", "value_kg_co2e", "unit", "region", "year", "price_year", "price_basis",
    "gwp_set", "pack", "licence",
)  # fmt: skip
COMPARED: Final = (*COLUMNS, "ratio")
FACTS: Final = ("fact", "value")

STANDINGS: Final = {
    "share-alike": "Its licence binds what is made from it: what you publish of it carries the same.",
    "doubtful": "Something about it is doubtful; its notes say what. It is used only where it is named.",
}
"""What a mark of a pack means."""

Text = Annotated[str, Query(max_length=200, pattern=WRITABLE)]


@dataclass(frozen=True, slots=True)
class Asked:
    """Which factors, and which page of them."""

    of: ShelfAsked
    page: int
    rows: int

    def address(self, **also: Any) -> str:
        """Return the address of this list, with something else in it."""
        of = self.of
        told: dict[str, Any] = {
            "q": of.words,
            "category": of.category,
            "unit": of.unit,
            "region": of.region,
            "pack": of.pack,
        }
        told |= {"year": of.year or "", "rows": self.rows if self.rows != ROWS else "", **also}
        return f"{HERE}?{urlencode({name: str(value) for name, value in told.items() if value})}"


async def _asked(
    *,
    q: Text = "",
    category: Annotated[str, Query(pattern=f"^({'|'.join(EVERYDAY)}|[1-9]|1[0-5])?$")] = "",
    unit: Text = "",
    region: Text = "",
    pack: Text = "",
    year: Annotated[str, Query(pattern="^([12][0-9]{3})?$")] = "",
    rows: Annotated[int, Query(ge=1, le=MOST_ROWS)] = ROWS,
    page: Annotated[int, Query(ge=1, le=MOST_PAGES)] = 1,
) -> Asked:
    of = ShelfAsked(q.strip(), category, unit, region, pack, int(year) if year else None)
    return Asked(of, page, rows)


@shown(router, HERE)
async def factors(
    request: Request,
    viewer: Reading,
    *,
    asked: Annotated[Asked, Depends(_asked)],
) -> View:
    """Show the factors of all packs, as far as they fit."""
    shelf = shipped_shelf()
    if asked.of.pack and asked.of.pack not in await asyncio.to_thread(lambda: shelf.facets.packs):
        raise ProblemError("not_found", "There is no such pack of factors.")
    found, facets = await asyncio.to_thread(lambda: (shelf.found(asked.of), shelf.facets))
    first = (asked.page - 1) * asked.rows
    listed = [_row(shelf, one) for one in found[first : first + asked.rows]]
    told = {
        "listed": listed,
        "found": len(found),
        "asked": asked,
        "last_page": max(1, -(-len(found) // asked.rows)),
        "facets": facets,
        "everyday": EVERYDAY,
        "categories": [(one.value, one.title) for one in Category],
    }
    document = {"factors": listed, "found": len(found)}
    rows = [tuple(one[name] for name in COLUMNS) for one in listed]
    return View("factors", HERE, document, Table(COLUMNS, rows), told)


@shown(router, f"{HERE}/compare")
async def compare(
    request: Request,
    viewer: Reading,
    *,
    activity: Annotated[str, Query(max_length=300, pattern=WRITABLE)] = "",
    packs: Annotated[str, Query(max_length=1_000, pattern=WRITABLE)] = "",
) -> View:
    """Show the same activity in several packs or versions, side by side."""
    shelf = shipped_shelf()
    names = [name for name in packs.replace(" ", "").split(",") if name]
    known = await asyncio.to_thread(lambda: shelf.facets.packs)
    if len(names) > MOST_PACKS or not set(names) <= set(known):
        raise ProblemError("not_found", "There is no such pack of factors.")
    same = await asyncio.to_thread(shelf.same, activity.strip(), names) if activity.strip() else []
    found = [_compared(shelf, one) for one in compared(same)]
    told = {
        "listed": found,
        "activity": activity.strip(),
        "packs": ",".join(names),
        "known": known,
        "lacking": [name for name in names if name not in {one["pack"] for one in found}],
    }
    rows = [tuple(one[name] for name in COMPARED) for one in found]
    document = {"activity": activity.strip(), "factors": found}
    return View("factor-compare", HERE, document, Table(COMPARED, rows), told)


@shown(router, f"{HERE}/{{pack}}/{{code:path}}")
async def one_factor(
    pack: str,
    code: str,
    request: Request,
    *,
    service: TheService,
    viewer: Reading,
) -> View:
    """Show everything that is known of a factor, and where the inventory uses it."""
    shelf, tenant_id = shipped_shelf(), viewer.principal.tenant_id
    factor = await asyncio.to_thread(shelf.catalogue.by_id, pack, code)
    if factor is None:
        raise ProblemError("not_found", "There is no such factor.")
    async with service.pool.transaction(tenant_id) as tx:
        uses = await uses_of(tx, tenant_id, factor.id)
    manifest = shelf.library.manifest(factor.pack)
    document = _document(shelf, factor, manifest) | {"uses": [_use(one) for one in uses]}
    told = {
        "factor": factor,
        "found": document,
        "manifest": manifest,
        "year": shelf.year(factor),
        "uses": uses,
        "assessment": assessment_of(factor.pack),
        "indicators": INDICATORS,
        "standings": [STANDINGS[mark] for mark in STANDINGS if mark in manifest.standing],
        "is_free": shelf.catalogue.is_free(factor),
        "compare": f"{HERE}/compare?{urlencode({'activity': factor.activity})}",
    }
    facts = [(name, value) for name, value in document.items() if isinstance(value, str | int)]
    facts += [(f"pack {name}", value) for name, value in document["pack"].items()]
    return View("factor", HERE, document, Table(FACTS, facts), told)


def address_of(factor: EmissionFactor) -> str:
    """Return where a factor is shown."""
    return f"{HERE}/{quote(factor.id)}"


def _row(shelf: FactorShelf, factor: EmissionFactor) -> dict[str, Any]:
    told = factor_as_json(shelf.catalogue, factor)
    names = [name for name in COLUMNS if name not in ("pack", "licence", "year")]
    manifest = shelf.library.manifest(factor.pack)
    also = {"pack": factor.pack, "licence": manifest.licence, "year": shelf.year(factor)}
    return {name: told[name] for name in names} | also | {"href": address_of(factor)}


def _compared(shelf: FactorShelf, one: Compared) -> dict[str, Any]:
    ratio = None if one.ratio is None else format(one.ratio, "f")
    return _row(shelf, one.factor) | {"ratio": ratio}


def _document(shelf: FactorShelf, factor: EmissionFactor, manifest: PackManifest) -> dict[str, Any]:
    assessed = assessment_of(factor.pack)
    scores = ("technology", "completeness", "reliability")
    return {
        **factor_as_json(shelf.catalogue, factor),
        "pack": {
            name: getattr(manifest, name)
            for name in (
                *(
                    "name",
                    "title",
                    "version",
                    "publisher",
                    "year",
                    "licence",
                    "redistribution",
                    "attribution",
                ),
                *("source", "boundary", "digest", "standing", "notes"),
            )
        },
        "citation": _citation(manifest),
        "quality": {name: getattr(assessed, name) for name in scores} if assessed else {},
        "assessed_since": assessed.why if assessed else "",
    }


def _citation(manifest: PackManifest) -> str:
    title = f"{manifest.title}, {manifest.version}"
    return f"{manifest.publisher} ({manifest.year}): {title}. {manifest.source}"


def _use(use: FactorUse) -> dict[str, Any]:
    return {
        "run_id": str(use.run_id),
        "title": use.title,
        "lines": use.lines,
        "emissions_mg_co2e": use.co2e_mg,
    }
