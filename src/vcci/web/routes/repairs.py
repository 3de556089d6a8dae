"""Rejected rows, repaired in place: those that are alike in one go, or cell by cell, then run again."""

import asyncio
import io
from collections.abc import Callable, Mapping
from typing import Annotated, Any, Final
from uuid import UUID

import orjson
from fastapi import Query, Request, Response, UploadFile
from starlette.responses import FileResponse

from vcci.domain.finding import REASONS
from vcci.edge.intake_writes import IMPORTS, IntakeWrite
from vcci.edge.permissions import TheService, TheWrite
from vcci.edge.problems import ProblemError
from vcci.intake.reject_groups import Group
from vcci.runtime.repair_draft import Draft, Intention, Step, changed, mended_list
from vcci.web.pages import HEADERS
from vcci.web.repair_forms import Columns, Sent, edited, meant_by, mend_in, refused, said_of
from vcci.web.repair_state import RepairState, repair_state
from vcci.web.repair_views import (
    GROUPS_A_PAGE,
    LEFT_OUT_REASONS,
    ROWS_A_PAGE,
    shown_group,
    shown_row,
    verdict,
)
from vcci.web.views import Editing, Form, Table, View, answered, pages, see_other, shown

router = pages()

PATH: Final = f"{IMPORTS}/{{file_id}}/rejects"
MOST_FIELDS: Final = 2_000
GROUP_COLUMNS: Final = ("reason", "column", "text", "rows", "first_line", "meaning", "remedy")
ROW_COLUMNS: Final = ("source", "line", "reason", "column", "text", "left_out", "row")

PageNumber = Annotated[int, Query(ge=1, le=10_000)]
StepNumber = Annotated[int, Query(ge=0, le=1_000_000)]
Key = Annotated[str, Query(max_length=16)]
"""Of a group."""


@shown(router, PATH)
async def rejects(
    request: Request,
    file_id: UUID,
    service: TheService,
    viewer: Editing,
    *,
    page: PageNumber = 1,
    step: StepNumber = 0,
) -> View:
    """Show the rejected rows of a file's last run, those that are alike together, and what is mended."""
    state = await repair_state(service, viewer.principal, file_id)
    return await asyncio.to_thread(_overview, state, page=page, told={"done": _step(state.draft, step)})


@shown(router, f"{PATH}/rows")
async def rejected_rows(
    request: Request,
    file_id: UUID,
    service: TheService,
    viewer: Editing,
    *,
    group: Key = "",
    step: StepNumber = 0,
    page: PageNumber = 1,
) -> View:
    """Show rejected rows one by one, their cells to be edited: all, those of a group, or of a step."""
    state = await repair_state(service, viewer.principal, file_id)
    return await asyncio.to_thread(_rows, state, group=group, step=step, page=page)


@router.post(f"{PATH}/mend")
async def mend(request: Request, file_id: UUID, service: TheService, viewer: Editing) -> Response:
    """Mend the rows of a group in one way, in the draft."""
    state, sent = await repair_state(service, viewer.principal, file_id), await _sent(request)
    draft = state.open_draft()
    way, group = _way(sent, draft)
    step = await _kept(state, sent, told=said_of(way), meant=lambda now: meant_by(way, group, now))
    return see_other(f"{_path(file_id)}?step={step.number}#told" if step else f"{_path(file_id)}#{group.key}")


@router.post(f"{PATH}/try")
async def try_way(request: Request, file_id: UUID, service: TheService, viewer: Editing) -> Response:
    """Say which rows of a group would be accepted if they were mended in a way; nothing is kept."""
    state, sent = await repair_state(service, viewer.principal, file_id), await _sent(request)
    draft = state.open_draft()
    way, group = _way(sent, draft)
    found = await asyncio.to_thread(_tried, state, draft, meant=meant_by(way, group, draft))
    if _is_script(request):
        return _json(found)
    place = [one.key for one in draft.groups()].index(group.key)
    told = {"tried": {group.key: found}, "sent": {group.key: sent}}
    view = await asyncio.to_thread(_overview, state, page=place // GROUPS_A_PAGE + 1, told=told)
    return answered(request, view, Form.HTML)


@router.post(f"{PATH}/rows")
async def edit_rows(request: Request, file_id: UUID, service: TheService, viewer: Editing) -> Response:
    """Take down edited cells in the draft."""
    state, sent = await repair_state(service, viewer.principal, file_id), await _sent(request)
    state.open_draft()
    step = await _kept(state, sent, told="Single cells edited", meant=lambda now: edited(sent, now))
    return see_other(f"{_path(file_id)}?step={step.number}#told" if step else _path(file_id))


@router.post(f"{PATH}/rows/try")
async def try_rows(request: Request, file_id: UUID, service: TheService, viewer: Editing) -> Response:
    """Say of edited rows whether they would be accepted; nothing is kept."""
    state, sent = await repair_state(service, viewer.principal, file_id), await _sent(request)
    draft = state.open_draft()
    return _json(await asyncio.to_thread(_tried, state, draft, meant=edited(sent, draft)))


@router.post(f"{PATH}/back")
async def take_back(request: Request, file_id: UUID, service: TheService, viewer: Editing) -> Response:
    """Have the rows of a step stand as they were rejected."""
    state, sent = await repair_state(service, viewer.principal, file_id), await _sent(request)
    state.open_draft()
    number = _number(sent, "step")
    await asyncio.to_thread(state.desk.take_back, _number(sent, "version"), number)
    return see_other(_path(file_id))


@router.post(f"{PATH}/apply")
async def apply(
    request: Request, file_id: UUID, service: TheService, viewer: Editing, write: TheWrite
) -> Response:
    """Queue the run that takes the place of the last, with the mended rows."""
    state, sent = await repair_state(service, viewer.principal, file_id), await _sent(request)
    draft = state.open_draft()
    if draft.mended.version != _number(sent, "version"):
        raise ProblemError("conflict", "The draft is another one than the page showed. Look at it again.")
    if not draft.settled():
        raise ProblemError("conflict", "No row is mended so far that it would be accepted.")
    content = await asyncio.to_thread(mended_list, draft, run=str(state.job.outcome.get("run_digest", "")))
    file = UploadFile(io.BytesIO(content), filename="rejects.csv")
    await IntakeWrite(service, viewer.principal).repair(file_id, file, write)
    return see_other(_path(file_id))


@router.post(f"{PATH}/upload")
async def upload(
    request: Request, file_id: UUID, service: TheService, viewer: Editing, write: TheWrite
) -> Response:
    """Take a list of rejected rows that was mended elsewhere, and queue the run."""
    state = await repair_state(service, viewer.principal, file_id)
    state.refuse_running()
    form = await request.form(max_fields=MOST_FIELDS)
    given = form.get("file")
    if given is None or isinstance(given, str) or not given.filename:
        raise refused("No file was chosen.")
    await IntakeWrite(service, viewer.principal).repair(file_id, given, write)  # type: ignore[arg-type]
    return see_other(_path(file_id))


@router.get(f"{PATH}/list")
async def fetch_list(file_id: UUID, service: TheService, viewer: Editing) -> Response:
    """Return the rejected rows of the file's last run as rejects.csv, to be mended elsewhere."""
    state = await repair_state(service, viewer.principal, file_id)
    return FileResponse(state.desk.listed, media_type="text/csv", filename="rejects.csv", headers=HEADERS)


def _path(file_id: UUID) -> str:
    return f"{IMPORTS}/{file_id}/rejects"


async def _sent(request: Request) -> Sent:
    form = await request.form(max_fields=MOST_FIELDS)
    return {name: value for name, value in form.items() if isinstance(value, str)}


def _number(sent: Sent, name: str) -> int:
    text = sent.get(name, "")
    if not (text.isascii() and text.isdecimal() and len(text) < 10):
        raise refused(f"The form does not say its {name}.")
    return int(text)


def _way(sent: Sent, draft: Draft) -> tuple[Any, Group]:
    """Return how a form mends which group; raises where the draft has no such group any more."""
    if draft.mended.version != _number(sent, "version"):
        raise ProblemError("conflict", "The draft is another one than the page showed. Look at it again.")
    group = next((one for one in draft.groups() if one.key == sent.get("group")), None)
    if group is None:
        raise ProblemError("conflict", "There are no such rows any more. Look at those that are left.")
    return mend_in(sent, group, Columns.of(draft)), group


async def _kept(
    state: RepairState, sent: Sent, *, told: str, meant: Callable[[Draft], Intention]
) -> Step | None:
    return await asyncio.to_thread(state.desk.mend, _number(sent, "version"), told, meant)


def _tried(state: RepairState, draft: Draft, *, meant: Intention) -> dict[str, Any]:
    others = changed(draft, meant)
    faults = state.desk.tried(draft, others)
    of_rows = {str(place): verdict({0: faults[place]} if place in faults else {}, 1) for place in others}
    return {**verdict(faults, len(others)), "of_rows": of_rows if len(others) <= ROWS_A_PAGE else {}}


def _is_script(request: Request) -> bool:
    return request.headers.get("accept", "").startswith("application/json")


def _json(content: Any) -> Response:
    return Response(orjson.dumps(content), media_type="application/json", headers=HEADERS)


def _step(draft: Draft | None, number: int) -> Step | None:
    return next((step for step in draft.mended.steps if step.number == number), None) if draft else None


def _overview(state: RepairState, *, page: int, told: Mapping[str, Any]) -> View:
    draft = state.draft
    groups = draft.groups() if draft else []
    columns = Columns.of(draft) if draft else Columns((), 0)
    first = (page - 1) * GROUPS_A_PAGE
    here = groups[first : first + GROUPS_A_PAGE]
    shown_groups = [shown_group(draft, group, columns) for group in here] if draft else []
    return View(
        "repair-groups",
        IMPORTS,
        state.told() | {"groups": [_group_as_json(group, draft) for group in groups if draft]},
        Table(
            GROUP_COLUMNS, [tuple(_group_as_json(group, draft)[n] for n in GROUP_COLUMNS) for group in groups]
        ),
        {
            **{"done": None, "tried": {}, "sent": {}},
            **told,
            **{
                "state": state,
                "groups": shown_groups,
                "columns": columns,
                "reasons": LEFT_OUT_REASONS,
                "reasons_of": REASONS,
            },
            **{"all_groups": len(groups), "first": first, "page": page, "a_page": GROUPS_A_PAGE},
            "rows_left": sum(len(group.places) for group in groups),
        },
    )


def _group_as_json(group: Group, draft: Draft | None) -> dict[str, Any]:
    assert draft is not None  # noqa: S101  (groups are of a draft)
    reason = REASONS[group.reason]
    return {
        "key": group.key,
        "reason": group.reason,
        "column": group.column,
        "text": group.shape or next(iter(group.texts)),
        "is_shape": bool(group.shape),
        "rows": len(group.places),
        "first_line": draft.rejected.rows[group.places[0]].line,
        "meaning": reason.meaning,
        "remedy": reason.remedy,
    }


def _rows(state: RepairState, *, group: str, step: int, page: int) -> View:
    draft = state.open_draft()
    places = _places(draft, group=group, step=step)
    first = (page - 1) * ROWS_A_PAGE
    names = Columns.of(draft).shown
    rows = [shown_row(draft, place, names) for place in places[first : first + ROWS_A_PAGE]]
    table = [_row_as_json(draft, place) for place in places]
    return View(
        "repair-rows",
        IMPORTS,
        state.told() | {"rows": table},
        Table(ROW_COLUMNS, [tuple(row[name] for name in ROW_COLUMNS) for row in table]),
        {
            **{"state": state, "rows": rows, "reasons": LEFT_OUT_REASONS, "all_rows": len(places)},
            **{"first": first, "page": page, "a_page": ROWS_A_PAGE, "group": group, "step": step},
            "query": "&".join(
                f"{name}={value}" for name, value in (("group", group), ("step", step)) if value
            ),
        },
    )


def _places(draft: Draft, *, group: str, step: int) -> list[int]:
    if group:
        return [place for one in draft.groups() if one.key == group for place in one.places]
    if step:
        return [place for place, change in sorted(draft.mended.changes.items()) if change.step == step]
    return list(range(len(draft.rejected.rows)))


def _row_as_json(draft: Draft, place: int) -> dict[str, Any]:
    row, fault, change = draft.rejected.rows[place], draft.fault(place), draft.mended.changes.get(place)
    return {
        "source": draft.rejected.readings[row.file].table.name,
        "line": row.line,
        "reason": fault.reason if fault else "",
        "column": fault.column if fault else "",
        "text": fault.text if fault else "",
        "left_out": change.left_out if change else "",
        "row": draft.record(place),
    }
