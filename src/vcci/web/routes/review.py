"""The review queue: what texts of ledgers stand for, decided by people; what was decided, by whom, when."""

import asyncio
from collections.abc import Sequence
from typing import Annotated, Any, Final
from urllib.parse import urlencode

from fastapi import Depends, Form, Query, Request, Response

from vcci.database.decisions import Remembered, history
from vcci.database.review_queue import (
    ORDERS,
    Kind,
    QueueAsked,
    QueuedText,
    QueueSums,
    Show,
    TouchedByDecisions,
    queue_page,
    queue_sums,
    touched_by_decisions,
)
from vcci.domain.review import NAMES_COMMODITY, Decision, Verdict
from vcci.edge.permissions import TheService
from vcci.edge.problems import ProblemError
from vcci.edge.review import REJECTIONS, Asked, ReviewWrite
from vcci.engine.matching import Match
from vcci.packs.search import search
from vcci.runtime.factors import shipped_library
from vcci.runtime.suggestions import shipped_suggestions
from vcci.services.activity_request import WRITABLE
from vcci.services.classification import COMMODITY_PREFIX
from vcci.services.suggestions import Suggestions
from vcci.web.viewer import Viewer
from vcci.web.views import Editing, Reading, Table, View, pages, see_other, shown

router = pages()

HERE: Final = "/review"
ROWS: Final = 25
MOST_ROWS: Final = 100
MOST_PAGES: Final = 4_000
HISTORY_ROWS: Final = 50
NEVER: Final = 2**62
FOUND: Final = 20

COLUMNS: Final = (
    "text_key", "account", "account_code", "description", "suggested", "title", "score", "lines",
    "emissions_mg_co2e", "spend", "decision",
)  # fmt: skip
HISTORY_COLUMNS: Final = (
    "number", "at", "by", "account", "description", "verdict", "commodity", "reason", "superseded",
)  # fmt: skip

Words = Annotated[str, Query(max_length=200, pattern=WRITABLE)]
Key = Annotated[str, Query(pattern="^[0-9a-f]{64}$")]
Order = Annotated[str, Query(pattern=f"^({'|'.join(ORDERS)})$")]


async def _asked(
    *,
    show: Show = Show.OPEN,
    kind: Kind = Kind.ALL,
    q: Words = "",
    order: Order = "emissions",
    rows: Annotated[int, Query(ge=1, le=MOST_ROWS)] = ROWS,
    page: Annotated[int, Query(ge=1, le=MOST_PAGES)] = 1,
) -> QueueAsked:
    return QueueAsked(show, kind, q.strip(), "", order, (page - 1) * rows, rows)


Queue = Annotated[QueueAsked, Depends(_asked)]


@shown(router, HERE)
async def review(
    request: Request,
    service: TheService,
    viewer: Reading,
    *,
    asked: Queue,
    done: Annotated[int, Query(ge=0, le=1_000)] = 0,
    left: Annotated[int, Query(ge=0, le=1_000)] = 0,
) -> View:
    """Show the texts that nobody has decided yet, those first that most emissions hang on."""
    tenant_id = viewer.principal.tenant_id
    async with service.pool.transaction(tenant_id) as tx:
        texts = await queue_page(tx, tenant_id, asked)
        sums = await queue_sums(tx, tenant_id, asked)
        touched = await touched_by_decisions(tx, tenant_id)
    known = await asyncio.to_thread(shipped_suggestions)
    choices = await asyncio.to_thread(_choices, known, texts)
    told = {
        "texts": texts,
        "choices": choices,
        "sums": sums,
        "touched": touched,
        "asked": asked,
        "page": asked.offset // asked.limit + 1,
        "last_page": max(1, -(-sums.texts // asked.limit)),
        "again": lambda **also: _address(asked, **also),
        "titles": known.titles,
        "code_of": _code,
        "rejections": REJECTIONS,
        "shows": list(Show),
        "kinds": list(Kind),
        "orders": list(ORDERS),
        "done": done,
        "left": left,
    }
    document = {
        "texts": [_text(text, choices[text.text_key], known) for text in texts],
        "in_all": _sums(sums),
        "touched": [_touched(one) for one in touched],
    }
    rows = [_row(text, known) for text in texts]
    return View("review", HERE, document, Table(COLUMNS, rows), told)


@shown(router, f"{HERE}/text")
async def one_text(
    request: Request,
    service: TheService,
    viewer: Reading,
    *,
    key: Key,
    q: Words = "",
) -> View:
    """Show a text, what it may stand for, what else can be found for it, and what was decided of it."""
    tenant_id = viewer.principal.tenant_id
    async with service.pool.transaction(tenant_id) as tx:
        found = await queue_page(tx, tenant_id, QueueAsked(Show.ALL, text_key=key, limit=1))
        earlier = await history(tx, tenant_id, before=NEVER, limit=HISTORY_ROWS, text_key=key)
    if not found:
        raise ProblemError("not_found", "The text is in no run that stands.")
    known = await asyncio.to_thread(shipped_suggestions)
    choices = await asyncio.to_thread(_choices, known, found)
    matches = await asyncio.to_thread(_found, known, q) if q else []
    text = found[0]
    told = {
        "text": text,
        "choices": choices[key],
        "matches": matches,
        "q": q,
        "earlier": earlier,
        "titles": known.titles,
        "category": known.category,
        "code_of": _code,
        "rejections": REJECTIONS,
    }
    document = {
        "text": _text(text, choices[key], known),
        "found": [{"commodity": code, "title": title} for code, title in matches],
        "decisions": [_remembered(one) for one in earlier],
    }
    rows = [(code, title) for code, title in matches]
    return View("review-text", HERE, document, Table(("commodity", "title"), rows), told)


@shown(router, f"{HERE}/history")
async def decisions(
    request: Request,
    service: TheService,
    viewer: Reading,
    *,
    before: Annotated[int, Query(ge=1, le=NEVER)] = NEVER,
) -> View:
    """Show what was decided, by whom and when, the newest first; nothing of it is ever changed."""
    tenant_id = viewer.principal.tenant_id
    async with service.pool.transaction(tenant_id) as tx:
        found = await history(tx, tenant_id, before=before, limit=HISTORY_ROWS + 1)
    listed = found[:HISTORY_ROWS]
    older = listed[-1].decision.number if len(found) > HISTORY_ROWS else None
    known = await asyncio.to_thread(shipped_suggestions)
    told = {"listed": listed, "older": older, "before": before, "titles": known.titles, "newest": NEVER}
    document = {"decisions": [_remembered(one) for one in listed], "older": older}
    rows = [tuple(_remembered(one)[name] for name in HISTORY_COLUMNS) for one in listed]
    return View("review-history", HERE, document, Table(HISTORY_COLUMNS, rows), told)


@router.post(f"{HERE}/decisions")
async def decide(
    service: TheService,
    viewer: Editing,
    *,
    text: Annotated[list[str] | None, Form()] = None,
    verdict: Annotated[Verdict | None, Form()] = None,
    choose: Annotated[str, Form(pattern="^([0-9a-f]{64}[|][0-9]{2,6})?$")] = "",
    reason: Annotated[str, Form(max_length=40)] = "",
    back: Annotated[str, Form(max_length=2_000)] = HERE,
) -> Response:
    """Store decisions: one verdict on several texts, or one commodity chosen for one of them."""
    known = await asyncio.to_thread(shipped_suggestions)
    keys, asked = list(text or ()), Asked(verdict or Verdict.ACCEPTED, reason=reason)
    if choose:
        key, _, commodity = choose.partition("|")
        keys, asked = [key], await _chosen(viewer, service, key=key, commodity=commodity)
    elif verdict is None or verdict is Verdict.CHANGED:
        raise ProblemError("request_invalid", "Choose what is decided.")
    if any(len(one) != len(NO_KEY) for one in keys):
        raise ProblemError("request_invalid", "There is no such text.")
    taken = await ReviewWrite(service, viewer.principal, known.titles).decide(keys, asked)
    return see_other(_back(back, done=taken.decided, left=taken.left))


NO_KEY: Final = "0" * 64


async def _chosen(viewer: Viewer, service: TheService, *, key: str, commodity: str) -> Asked:
    """Return a choice; that of what the matcher says itself accepts it."""
    tenant_id = viewer.principal.tenant_id
    async with service.pool.transaction(tenant_id) as tx:
        found = await queue_page(tx, tenant_id, QueueAsked(Show.ALL, text_key=key, limit=1))
    is_suggested = bool(found) and _code(found[0]) == commodity
    return Asked(Verdict.ACCEPTED) if is_suggested else Asked(Verdict.CHANGED, commodity)


@router.post(f"{HERE}/recalculations")
async def recalculate(service: TheService, viewer: Editing) -> Response:
    """Queue the runs that the decisions touch."""
    queued = await ReviewWrite(service, viewer.principal, {}).recalculate()
    if not queued.jobs and queued.refused:
        why = dict.fromkeys(sentence for _, sentence in queued.refused.values())
        raise ProblemError("conflict", " ".join(why))
    return see_other("/jobs?kind=recalculation")


def _choices(known: Suggestions, texts: Sequence[QueuedText]) -> dict[str, tuple[Match, ...]]:
    return {text.text_key: known.of(text.account, text.description, without=_code(text)) for text in texts}


def _found(known: Suggestions, words: str) -> list[tuple[str, str]]:
    """Return code and title of the commodities that share words with a text, or whose code begins so."""
    library = shipped_library()
    factors = library.factors(library.unmarked_names()[0])
    codes = (one.activity.removeprefix(COMMODITY_PREFIX) for one in search(factors, words))
    return [(code, known.titles[code]) for code in dict.fromkeys(codes) if code in known.titles][:FOUND]


def _code(text: QueuedText) -> str:
    return text.activity.removeprefix(COMMODITY_PREFIX)


def _address(asked: QueueAsked, **also: Any) -> str:
    told = {
        "show": asked.show,
        "kind": asked.kind,
        "q": asked.words,
        "order": asked.order,
        "rows": asked.limit if asked.limit != ROWS else "",
        **also,
    }
    return f"{HERE}?{urlencode({name: str(value) for name, value in told.items() if value})}"


def _back(path: str, *, done: int, left: int) -> str:
    """Return the page of the queue that a form was sent from, which says what became of it."""
    bare, _, query = path.partition("?")
    if bare not in (HERE, f"{HERE}/text") or not path.isprintable():
        bare, query = HERE, ""
    kept = [part for part in query.split("&") if part and not part.startswith(("done=", "left="))]
    said = [f"done={done}"] * bool(done) + [f"left={left}"] * bool(left)
    said = said if bare == HERE else []
    return f"{bare}?{'&'.join([*kept, *said])}".rstrip("?")


def _text(text: QueuedText, choices: Sequence[Match], known: Suggestions) -> dict[str, Any]:
    code = _code(text)
    return {
        "text_key": text.text_key,
        "account": text.account,
        "account_code": text.account_code,
        "description": text.description,
        "suggested": code,
        "title": known.titles.get(code, ""),
        "score": text.score,
        "alternatives": [
            {"commodity": one.code, "title": one.title, "score": one.confidence} for one in choices
        ],
        "lines": text.rows,
        "emissions_mg_co2e": text.co2e_mg,
        "spend_hundredths": dict(text.spend_hundredths),
        "decision": text.holds or None,
        "verdict": text.verdict or None,
        "is_waiting": text.is_waiting,
    }


def _row(text: QueuedText, known: Suggestions) -> tuple[Any, ...]:
    spend = " ".join(f"{hundredths / 100:.2f} {unit}" for unit, hundredths in text.spend_hundredths.items())
    told = _text(text, (), known) | {"spend": spend}
    return tuple(told[name] for name in COLUMNS)


def _sums(sums: QueueSums) -> dict[str, int]:
    return {"texts": sums.texts, "lines": sums.rows, "emissions_mg_co2e": sums.co2e_mg}


def _touched(one: TouchedByDecisions) -> dict[str, Any]:
    figures = {"texts": one.texts, "lines": one.rows, "emissions_mg_co2e": one.co2e_mg}
    return {"run_id": str(one.run_id), **figures}


def _remembered(one: Remembered) -> dict[str, Any]:
    decision: Decision = one.decision
    names = ("number", "at", "by", "account", "description", "verdict", "commodity", "reason")
    told = {name: getattr(decision, name) for name in names}
    return told | {"superseded": one.is_superseded, "names_commodity": decision.verdict in NAMES_COMMODITY}
