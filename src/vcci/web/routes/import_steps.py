"""The steps of an import, each under its own address: shown by GET, answered by POST."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from typing import Annotated, Any, Final
from uuid import UUID

from fastapi import Query, Request, Response

from vcci.domain.mapping import TARGETS
from vcci.domain.mapping import Mapping as LedgerMapping
from vcci.edge.intake_writes import IMPORTS
from vcci.edge.permissions import TheService
from vcci.edge.problems import ProblemError
from vcci.errors import PackError
from vcci.intake.mapping_file import mapping_text
from vcci.runtime.account_search import alternatives, found_by_words, title_of
from vcci.runtime.import_look import ACCOUNTS, COLUMNS, CONVENTIONS, LAYOUT, PREVIEW
from vcci.runtime.service import Service
from vcci.web import import_answers as answers
from vcci.web.filled_forms import filled_in
from vcci.web.import_state import STEPS, ImportState, import_state
from vcci.web.routes.imports import said_of
from vcci.web.viewer import Viewer
from vcci.web.views import Editing, Table, View, pages, see_other, shown, shown_again

router = pages()

ACCOUNTS_A_PAGE: Final = 25
ALTERNATIVES: Final = 5
MOST_PAGES: Final = 1_000

PageNumber = Annotated[int, Query(ge=1, le=MOST_PAGES)]
Words = Annotated[str, Query(max_length=200)]
Name = Annotated[str, Query(max_length=answers.MOST_CHARACTERS)]


@shown(router, f"{IMPORTS}/{{file_id}}/{LAYOUT}")
async def layout(
    request: Request,
    file_id: UUID,
    service: TheService,
    viewer: Editing,
    *,
    sheet: Name = "",
    file: Name = "",
) -> View:
    """Ask where the table lies, with the first rows of a sheet."""
    state = await import_state(service, viewer.principal, file_id)
    peeks = state.seen.get("peeks", [])
    peek = next((one for one in peeks if one["name"] == file), peeks[0] if peeks else None)
    sheets = peek["sheets"] if peek else []
    wanted = sheet or state.mapping.conventions.sheet
    chosen = next((one for one in sheets if one["name"] == wanted), sheets[0] if sheets else None)
    rows = chosen["records"] if chosen else []
    return _step(
        state,
        LAYOUT,
        {"file": peek and peek["name"], "sheets": [one["name"] for one in sheets], "shown": chosen},
        table=Table(("line", "cells"), [(line, " | ".join(cells)) for line, cells in rows]),
        peek=peek,
        sheets=sheets,
        chosen=chosen,
        peeks=peeks,
        width=max((len(cells) for _, cells in rows), default=0),
        delimiters=answers.DELIMITERS,
        encodings=_encodings(chosen or {}, said=state.mapping.conventions.encoding or ""),
    )


def _encodings(sheet: Mapping[str, Any], *, said: str) -> dict[str, str]:
    """Return the encodings to choose among, with their texts; empty is the one that was found out."""
    found = sheet.get("found", "")
    known = {"": f"{found}, as found out"} if found else {}
    others = (one for one in (*sheet.get("encodings", ()), said) if one and (one != found or one == said))
    return known | {one: one for one in others}


@shown(router, f"{IMPORTS}/{{file_id}}/{COLUMNS}")
async def columns(request: Request, file_id: UUID, service: TheService, viewer: Editing) -> View:
    """Show which column was taken for what, with how sure that is, and take another."""
    state = await import_state(service, viewer.principal, file_id)
    found, targets = state.seen.get("columns", []), state.seen.get("targets", {})
    samples = {one["name"]: one["samples"] for one in found}
    rows = []
    for target in TARGETS if targets else ():
        told = targets[target]
        chosen = next((name for name in told["names"] if name in samples), "")
        rows.append({"target": target, "chosen": chosen, "samples": samples.get(chosen, []), **told})
    return _step(
        state,
        COLUMNS,
        {"columns": found, "targets": targets},
        table=Table(
            ("target", "column", "points", "samples"),
            [(row["target"], row["chosen"], row["points"], "; ".join(row["samples"])) for row in rows],
        ),
        rows=rows,
        columns=found,
        ambiguous={q["target"]: q for q in state.asked(COLUMNS)},
    )


@shown(router, f"{IMPORTS}/{{file_id}}/{CONVENTIONS}")
async def conventions(request: Request, file_id: UUID, service: TheService, viewer: Editing) -> View:
    """Ask how numbers, dates and amounts are meant that can be read in two ways."""
    state = await import_state(service, viewer.principal, file_id)
    questions = state.asked(CONVENTIONS)
    examples = [(q, example) for q in questions for example in q["examples"]]
    told = [
        (q["code"], q["file"], q["column"], one["text"], answer, reading)
        for q, one in examples
        for answer, reading in (one["readings"] or {"": ""}).items()
    ]
    by_code: dict[str, list[Any]] = {}
    for question in questions:
        by_code.setdefault(question["code"], []).append(question)
    return _step(
        state,
        CONVENTIONS,
        {"questions": questions, "open": list(state.seen.get("open", ()))},
        table=Table(("code", "file", "column", "text", "answer", "reading"), told),
        by_code=by_code,
        has_region=bool(state.seen.get("targets", {}).get("region", {}).get("names")),
    )


@shown(router, f"{IMPORTS}/{{file_id}}/{ACCOUNTS}")
async def accounts(
    request: Request, file_id: UUID, service: TheService, viewer: Editing, *, number: PageNumber = 1
) -> View:
    """Show what accounts were taken for, the largest first, and take what somebody knows better."""
    state = await import_state(service, viewer.principal, file_id)
    found = state.seen.get("accounts", {"count": 0, "listed": []})
    listed = found["listed"]
    first = (number - 1) * ACCOUNTS_A_PAGE
    rows = await asyncio.to_thread(_with_choices, listed[first : first + ACCOUNTS_A_PAGE])
    return _step(
        state,
        ACCOUNTS,
        found,
        table=Table(
            ("account", "code", "rows", "amounts", "by", "confidence", "activity", "category", "exclusion"),
            [_account_row(one) for one in listed],
        ),
        rows=rows,
        number=number,
        pages=-(-len(listed) // ACCOUNTS_A_PAGE),
        count=found["count"],
        listed=len(listed),
        reasons=answers.reasons(),
    )


def _account_row(one: Mapping[str, Any]) -> list[Any]:
    amounts = "; ".join(f"{hundredths / 100:.2f} {unit}" for unit, hundredths in one["hundredths"].items())
    names = ("by", "confidence", "activity", "category", "exclusion")
    return [one["account"], one["code"], one["rows"], amounts, *(one[name] for name in names)]


def _with_choices(listed: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return accounts with the title of what was found, and what else their words may name."""
    return [
        {
            **one,
            "title": title_of(one["activity"]) if one["activity"] else "",
            "others": [
                m for m in alternatives(one["account"], ALTERNATIVES) if not one["activity"].endswith(m.code)
            ],
        }
        for one in listed
    ]


@shown(router, f"{IMPORTS}/{{file_id}}/{ACCOUNTS}/search")
async def search(
    request: Request,
    file_id: UUID,
    service: TheService,
    viewer: Editing,
    *,
    account: Name = "",
    code: Name = "",
    q: Words = "",
    number: PageNumber = 1,
) -> View:
    """Find what an account buys by words of a title, among commodities and all other factors."""
    state = await import_state(service, viewer.principal, file_id)
    found = await asyncio.to_thread(found_by_words, service.library, q) if q.strip() else []
    return View(
        "import-search",
        IMPORTS,
        {"account": account, "code": code, "found": found},
        Table(
            ("activity", "name", "unit", "region", "pack"),
            [(one.activity, one.name, one.unit, one.region, one.pack) for one in found],
        ),
        {
            "state": state,
            "account": account,
            "code": code,
            "q": q,
            "number": number,
            "found": found,
            "categories": answers.categories(),
        },
    )


@shown(router, f"{IMPORTS}/{{file_id}}/{PREVIEW}")
async def preview(request: Request, file_id: UUID, service: TheService, viewer: Editing) -> View:
    """Show what would become of the first rows."""
    state = await import_state(service, viewer.principal, file_id)
    found = state.seen.get("preview")
    fields = ("row", "source", "line", "supplier", "account", "date", "quantity", "unit", "category")
    lines = found["lines"] if found else []
    return _step(
        state,
        PREVIEW,
        found or {},
        table=Table(
            (*fields, "factor_id", "co2e_mg"),
            [[one[f] for f in (*fields, "factor_id", "co2e_mg")] for one in lines],
        ),
        found=found,
        made=answers.choices(service.library),
    )


def _step(state: ImportState, step: str, document: Any, *, table: Table, **told: Any) -> View:
    """Return the view of a step; where something else has to be said first, it says that."""
    blocked = state.open_step
    names = list(STEPS)
    is_early = (
        bool(blocked)
        and blocked != step
        and (blocked not in names or names.index(blocked) < names.index(step))
    )
    common = {"state": state, "step": step, "title": STEPS[step], "before": state.before(step)}
    common |= {"steps": state.steps(), "is_early": is_early or state.look is None}
    return View(f"import-{step}", IMPORTS, document, table, {**common, **told})


Said = Callable[[LedgerMapping, answers.Said], LedgerMapping]


@router.post(f"{IMPORTS}/{{file_id}}/{LAYOUT}")
async def say_layout(request: Request, file_id: UUID, service: TheService, viewer: Editing) -> Response:
    """Take where the table lies."""
    return await _taken(request, file_id, (service, viewer), step=LAYOUT, said=answers.with_layout)


@router.post(f"{IMPORTS}/{{file_id}}/{COLUMNS}")
async def say_columns(request: Request, file_id: UUID, service: TheService, viewer: Editing) -> Response:
    """Take the columns."""
    return await _taken(request, file_id, (service, viewer), step=COLUMNS, said=answers.with_columns)


@router.post(f"{IMPORTS}/{{file_id}}/{CONVENTIONS}")
async def say_conventions(request: Request, file_id: UUID, service: TheService, viewer: Editing) -> Response:
    """Take how numbers, dates and amounts are meant."""
    return await _taken(request, file_id, (service, viewer), step=CONVENTIONS, said=answers.with_conventions)


@router.post(f"{IMPORTS}/{{file_id}}/{ACCOUNTS}")
async def say_accounts(request: Request, file_id: UUID, service: TheService, viewer: Editing) -> Response:
    """Take what accounts buy; the page that is asked for next follows."""
    return await _taken(request, file_id, (service, viewer), step=ACCOUNTS, said=answers.with_accounts)


@router.post(f"{IMPORTS}/{{file_id}}/{PREVIEW}")
async def say_made_with(request: Request, file_id: UUID, service: TheService, viewer: Editing) -> Response:
    """Take what the run is to be made with, and show the preview of that."""
    state = await import_state(service, viewer.principal, file_id)
    try:
        made = answers.made_with(await request.form(), service.library)
    except (PackError, ProblemError) as error:
        filled = await filled_in(request, error)
        view = await preview(request=request, file_id=file_id, service=service, viewer=viewer)
        if filled is None:
            raise
        return shown_again(request, view, filled)
    state = await said_of(service, viewer, state, kept=state.with_options(state.seen["mapping"], **made))
    return see_other(f"{state.path}/{PREVIEW}")


async def _taken(
    request: Request, file_id: UUID, whose: tuple[Service, Viewer], *, step: str, said: Said
) -> Response:
    service, viewer = whose
    state = await import_state(service, viewer.principal, file_id)
    form = await request.form()
    mapping = said(state.mapping, form)
    year = answers.year_of(form) if "year" in form else state.year
    kept = state.with_options(mapping_text(mapping), year=year)
    state = await said_of(service, viewer, state, kept=kept)
    following = answers.text_of(form, "page")
    if step == ACCOUNTS and following.isdigit() and len(following) < 5:
        return see_other(f"{state.path}/{ACCOUNTS}?number={int(following)}")
    return see_other(state.after(step))
