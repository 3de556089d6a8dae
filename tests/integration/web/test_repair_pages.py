"""Rejected rows are mended by the forms of the pages alone; what is left out stays in the account of rows."""

import csv
import io
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from tests.support.api import Api, running
from tests.support.jobs import ended, uploaded
from tests.support.visitor import HERE, Form, Visitor

from vcci.domain.access import Role

HEADER = ("Supplier", "Expense type", "Invoice date", "Amount", "Currency", "Country")
GOOD = ("Alpha", "Software licences", "2022-04-04", "125.50", "GBP", "GB")
MAPPING = """accounts:
  - {account: Software licences, commodity: '511210'}
columns: {region: [Country]}
conventions: {decimal: point, date_order: day-month-year}
"""
Cells = tuple[str, ...]
Made = Callable[[Cells, int], list[str]]


def cell(name: str, text: str) -> Made:
    """Return what writes a text into a column of a row; `{n}` is the number of the row."""
    place = HEADER.index(name)
    return lambda cells, n: [*cells[:place], text.format(n=n, day=13 + n % 15), *cells[place + 1 :]]


def set_to(text: str) -> dict[str, str]:
    return {"way": "set", "set-first": text}


KINDS: dict[str, tuple[Made, Made, dict[str, str]]] = {
    f"{column}: {text}": (cell(column, text), cell(column, right), form)
    for column, text, right, form in (
        ("Amount", "", "125.50", set_to("125.50")),
        ("Amount", "see note", "99", set_to("99")),
        ("Amount", "#REF!", "1.01", set_to("1.01")),
        ("Amount", "0x1F", "31", set_to("31")),
        ("Amount", "999999999999999", "9.99", set_to("9.99")),
        ("Amount", "{n}.50 approx", "{n}.50", {"way": "strip", "strip-second": "approx"}),
        ("Amount", "1.{n:03},75", "1{n:03}.75", {"way": "comma"}),
        ("Amount", "{n} pcs at 2", "{n}2", {"way": "replace", "replace-first": " pcs at "}),
        ("Amount", "$8{n}", "8{n}", {"way": "strip", "strip-first": "$"}),
        ("Invoice date", "", "2022-04-04", set_to("2022-04-04")),
        ("Invoice date", "2022-02-30", "2022-02-28", set_to("2022-02-28")),
        ("Invoice date", "yesterday", "2022-05-05", set_to("2022-05-05")),
        ("Invoice date", "0000-00-00", "2022-06-06", set_to("2022-06-06")),
        ("Invoice date", "04/{day}/2022", "2022-04-{day}", {"way": "month-day-year"}),
        ("Currency", "ZZZ", "GBP", set_to("GBP")),
        ("Currency", "quid", "GBP", {"way": "replace", "replace-first": "quid", "replace-second": "GBP"}),
        ("Currency", "", "GBP", set_to("GBP")),
    )
} | {
    "unquoted comma": (
        lambda cells, _n: ["Epsilon", " Ltd", *cells[1:]],
        lambda cells, _n: ["Epsilon, Ltd", *cells[1:]],
        {"way": "shift", "column": "0"},
    ),
    "cells too many": (lambda cells, _n: [*cells, "x", "y"], lambda cells, _n: [*cells], {"way": "cut"}),
    "cells too few": (
        lambda cells, _n: [*cells[:3]],
        lambda cells, _n: [*cells],
        {"way": "cut", "also-3": "125.50", "also-4": "GBP", "also-5": "GB"},
    ),
}  # fmt: skip
"""How a row is spoilt, how it ought to be, and the form that mends all of the kind."""
ROWS_OF_A_KIND = 50


def ledger(rows: list[list[str]]) -> bytes:
    text = io.StringIO(newline="")
    csv.writer(text).writerows([HEADER, *rows])
    return text.getvalue().encode()


class Mender(Visitor):
    """A person who mends rows; `forms_sent` counts what was sent."""

    forms_sent = 0

    def forms(self, button: str) -> list[Form]:
        return [one for one in self._read().forms if any(words.startswith(button) for words in one.buttons)]

    async def send(self, form: Form, *, files: Any = (), **fields: str) -> "Mender":
        """Send a form of the page; only what the form has can be filled in."""
        for name, value in fields.items():
            assert name in form.values or value in form.choices.get(name, []), (name, value, form)
            assert name not in form.choices or value in form.choices[name], (name, value, form.choices)
        self.forms_sent += 1
        told = {**form.values, **fields}
        answer = await self.client.post(form.action, data=told, files=files or None, headers=HERE)
        await self._seen(answer)
        return self


@asynccontextmanager
async def mending(api: Api, content: bytes, *, mapping: str = MAPPING) -> AsyncIterator[tuple[Mender, str]]:
    """Give a person at the page of the rejected rows of a ledger that was run, and its address."""
    key = await api.key(role=Role.EDITOR)
    async with api.client(key) as client:
        job = await ended(client, await uploaded(client, content, mapping=mapping))
        assert job["state"] == "completed", job["error"]
    async with api.browser(key) as browser:
        mender = Mender(browser)
        path = f"/import/{job['file_id']}/rejects"
        await mender.open(path)
        assert mender.status == 200, mender.text
        yield mender, path


async def applied(mender: Mender) -> dict[str, Any]:
    """Run again with what is mended, and return the counts and total of the run."""
    (form,) = mender.forms("Run again with")[:1]
    await mender.send(form)
    found = (await mender.client.get(f"{mender.path.partition('?')[0]}.json")).json()
    job = await ended(mender.client, {"links": {"job": f"/api/v1/jobs/{found['job_id']}"}})
    assert job["state"] == "completed", job["error"]
    outcome: dict[str, Any] = job["outcome"]
    return outcome


async def document(mender: Mender, path: str) -> dict[str, Any]:
    answer = await mender.client.get(f"{path}.json")
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def test_a_thousand_rows_of_twenty_kinds_are_mended_in_at_most_25_forms(api: Api) -> None:
    order = [name for name in KINDS for _ in range(ROWS_OF_A_KIND)]
    spoilt = [KINDS[name][0](GOOD, n % ROWS_OF_A_KIND) for n, name in enumerate(order)]
    right = [KINDS[name][1](GOOD, n % ROWS_OF_A_KIND) for n, name in enumerate(order)]
    good = [[*GOOD]] * 100
    ways = {tuple(cells): KINDS[name][2] for cells, name in zip(spoilt, order, strict=True)}
    async with mending(api, ledger(good + spoilt)) as (mender, path):
        before = await document(mender, path)
        assert (before["rejected"], len(before["groups"])) == (1_000, 20)
        for _ in range(20):
            form = mender.forms("Fix all")[0]
            rows = await mender.client.get(f"{path}/rows.json", params={"group": form.values["group"]})
            first = next(csv.reader([rows.json()["rows"][0]["row"]]))
            await mender.send(form, **ways[tuple(first)])
        outcome = await applied(mender)
        left = await document(mender, path)
    assert mender.forms_sent <= 25
    assert (outcome["counts"]["rows"], outcome["counts"]["lines"]) == (1_100, 1_100)
    assert outcome["counts"]["rejected"] == left["rejected"] == 0
    async with api.client(await api.key()) as client:
        correct = await ended(client, await uploaded(client, ledger(good + right), mapping=MAPPING))
    assert outcome["counts"] == correct["outcome"]["counts"]
    assert outcome["total_mg_co2e"] == correct["outcome"]["total_mg_co2e"]


async def test_a_way_is_tried_first_and_nothing_is_kept(api: Api) -> None:
    async with mending(api, ledger([[*GOOD], KINDS["Currency: ZZZ"][0](GOOD, 0)])) as (mender, path):
        form = mender.forms("Fix all")[0]
        told = form.values | set_to("GBP")
        shown = await mender.client.post(f"{path}/try", data=told, headers=HERE)
        asked = HERE | {"Accept": "application/json"}
        said = (await mender.client.post(f"{path}/try", data=told, headers=asked)).json()
        wrong = await mender.client.post(f"{path}/try", data=told | set_to("YYY"), headers=asked)
        after = await document(mender, path)
    assert "Of 1 rows that become other ones, 1 would be settled now." in shown.text
    assert 'value="GBP" maxlength' in shown.text
    assert (said["rows"], said["settled"], said["left"]) == (1, 1, [])
    assert [(one["reason"], one["rows"]) for one in wrong.json()["left"]] == [("unit_unknown", 1)]
    assert (after["version"], after["settled"], len(after["groups"])) == (0, 0, 1)


HOSTILE = (
    "=HYPERLINK(1)",
    "<script>alert(1)</script>",
    "Co\u202eLtd",
    "a\r\nb\nc",
    "'=1",
    '"><b>',
    "{{ 7*7 }}",
    " padded\u00a0",
)


async def test_hostile_texts_are_shown_and_never_obeyed_and_come_back_as_they_were(api: Api) -> None:
    rows = [[text, *GOOD[1:3], "see note", *GOOD[4:]] for text in HOSTILE]
    async with mending(api, ledger([[*GOOD], *rows]), mapping=MAPPING) as (mender, path):
        listed = mender.text
        await mender.open(f"{path}/rows")
        single = mender.text
        form = mender.forms("Keep what is edited")[0]
        amounts = [name for name in form.values if form.values[name] == "see note"]
        await mender.send(form, **dict.fromkeys(amounts, "10"))
        rows_now = (await mender.client.get(f"{path}/rows.json")).json()["rows"]
        outcome = await applied(mender)
        task = await mender.client.get(f"{path}/list")
    for page in (listed, single):
        assert "<script>alert" not in page
        assert "\u202e" not in page
        assert '"><b>' not in page
    records = [next(csv.reader(io.StringIO(row["row"], newline=""))) for row in rows_now]
    assert [record[0] for record in records] == list(HOSTILE)
    assert {record[3] for record in records} == {"10"}
    assert (outcome["counts"]["lines"], outcome["counts"]["rejected"]) == (len(HOSTILE) + 1, 0)
    assert len(task.text.splitlines()) == 1


def repairs_of(data_dir: Path, file_id: str) -> list[dict[str, str]]:
    (kept,) = data_dir.glob(f"uploads/*/{file_id}/results/*/repairs.csv")
    with kept.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


async def test_suppliers_of_hostile_names_are_those_of_the_file_after_the_repair(
    api: Api, data_dir: Path
) -> None:
    rows = [[text, *GOOD[1:3], "see note", *GOOD[4:]] for text in HOSTILE]
    async with mending(api, ledger([[*GOOD], *rows])) as (mender, path):
        await mender.send(mender.forms("Fix all")[0], **set_to("10"))
        await applied(mender)
    changed = [(row["before"], row["row"]) for row in repairs_of(data_dir, path.split("/")[2])]
    assert all(after == before.replace("see note", "10") for before, after in changed)
    assert len(changed) == len(HOSTILE)


async def test_nul_character_is_refused_and_changes_nothing(api: Api) -> None:
    async with mending(api, ledger([[*GOOD], KINDS["Currency: ZZZ"][0](GOOD, 0)])) as (mender, path):
        await mender.send(mender.forms("Fix all")[0], **set_to("G\0BP"))
        status = mender.status
        await mender.open(f"{path}/rows")
        form = mender.forms("Keep what is edited")[0]
        await mender.send(form, **{"cell-0-4": "\0"})
        after = await document(mender, path)
    assert (status, mender.status, after["version"]) == (422, 422, 0)


async def test_rows_that_are_left_out_are_excluded_for_the_reason_and_nothing_vanishes(api: Api) -> None:
    bad = [KINDS[name][0](GOOD, 0) for name in ("Currency: ZZZ", "Amount: 999999999999999", "cells too few")]
    async with mending(api, ledger([[*GOOD], *bad])) as (mender, path):
        for _ in range(3):
            await mender.send(mender.forms("Fix all")[0], way="leave-out", reason="transfer")
        before = await document(mender, path)
        outcome = await applied(mender)
    counts = outcome["counts"]
    assert (before["settled"], before["left_out"]) == (3, 3)
    assert (counts["rows"], counts["lines"], counts["excluded"], counts["rejected"]) == (4, 1, 3, 0)


async def test_step_is_taken_back_and_its_rows_are_as_in_the_file(api: Api) -> None:
    async with mending(api, ledger([[*GOOD], KINDS["Currency: ZZZ"][0](GOOD, 0)])) as (mender, path):
        before = await document(mender, path)
        await mender.send(mender.forms("Fix all")[0], **set_to("XXXX"))
        wrong = await document(mender, path)
        await mender.send(mender.forms("Take back step 1")[0])
        after = await document(mender, path)
    assert [(one["text"], one["rows"]) for one in wrong["groups"]] == [("XXXX", 1)]
    assert after["groups"] == before["groups"]
    assert after["version"] == 2


async def test_row_that_is_not_mended_stays_rejected_and_is_shown_after_the_run(api: Api) -> None:
    bad = [KINDS[name][0](GOOD, 0) for name in ("Currency: ZZZ", "Invoice date: yesterday")]
    async with mending(api, ledger([[*GOOD], *bad])) as (mender, path):
        await mender.send(mender.forms("Fix all")[0], **set_to("GBP"))
        outcome = await applied(mender)
        await mender.open(path)
        left = await document(mender, path)
        await mender.send(mender.forms("Fix all")[0], **set_to("2022-05-05"))
        last = await applied(mender)
    assert outcome["counts"]["rejected"] == 1
    assert [(one["text"], one["rows"]) for one in left["groups"]] == [("yesterday", 1)]
    assert (left["version"], left["settled"]) == (0, 0)
    assert (last["counts"]["lines"], last["counts"]["rejected"]) == (3, 0)


async def test_form_of_an_older_page_takes_nothing(api: Api) -> None:
    bad = [KINDS[name][0](GOOD, 0) for name in ("Currency: ZZZ", "Invoice date: yesterday")]
    async with mending(api, ledger([[*GOOD], *bad])) as (mender, path):
        old = mender.forms("Fix all")[1]
        await mender.send(mender.forms("Fix all")[0], **set_to("GBP"))
        await mender.send(old, **set_to("2022-05-05"))
        status, after = mender.status, await document(mender, path)
    assert (status, after["version"], after["settled"]) == (409, 1, 1)


async def test_draft_survives_a_restart(url: str, data_dir: Path) -> None:
    bad = [KINDS[name][0](GOOD, 0) for name in ("Currency: ZZZ", "Invoice date: yesterday")]
    async with running(url, data_dir=data_dir) as api:
        key = await api.key(role=Role.EDITOR)
        async with mending(api, ledger([[*GOOD], *bad])) as (mender, path):
            await mender.send(mender.forms("Fix all")[0], **set_to("GBP"))
    async with running(url, data_dir=data_dir) as api, api.browser(key) as browser:
        mender = Mender(browser)
        await mender.open(path)
        after = await document(mender, path)
        outcome = await applied(mender)
    assert (after["settled"], [one["text"] for one in after["groups"]]) == (1, ["yesterday"])
    assert (outcome["counts"]["lines"], outcome["counts"]["rejected"]) == (2, 1)


async def test_list_is_fetched_mended_elsewhere_and_given_back_on_the_same_page(api: Api) -> None:
    async with mending(api, ledger([[*GOOD], KINDS["Amount: see note"][0](GOOD, 0)])) as (mender, path):
        fetched = await mender.client.get(f"{path}/list")
        mended = fetched.text.replace("see note", "12", 1).encode()
        form = mender.forms("Run again with the mended list")[0]
        await mender.send(form, files=[("file", ("rejects.csv", mended))])
        running_now = await document(mender, path)
        job = await ended(mender.client, {"links": {"job": f"/api/v1/jobs/{running_now['job_id']}"}})
    assert "attachment" in fetched.headers["content-disposition"]
    assert (job["state"], job["outcome"]["counts"]["rejected"]) == ("completed", 0)


@pytest.mark.parametrize("role", [Role.VIEWER, Role.SUPPLIER])
async def test_who_may_not_write_sees_and_changes_nothing(api: Api, role: Role) -> None:
    async with mending(api, ledger([[*GOOD], KINDS["Currency: ZZZ"][0](GOOD, 0)])) as (mender, path):
        async with api.browser(await api.key(role=role)) as other:
            seen = [
                (await other.get(f"{path}{rest}")).status_code for rest in ("", ".json", "/rows", "/list")
            ]
            for name in ("mend", "try", "rows", "back", "apply", "upload"):
                answer = await other.send_form(f"{path}/{name}", version="0")
                seen.append(answer.status_code)
        after = await document(mender, path)
    assert (set(seen), after["version"]) == ({403}, 0)


async def test_files_of_another_tenant_are_not_found(api: Api) -> None:
    async with mending(api, ledger([[*GOOD], KINDS["Currency: ZZZ"][0](GOOD, 0)])) as (mender, path):
        async with api.browser(await api.key("theirs")) as other:
            seen = [(await other.get(f"{path}{rest}")).status_code for rest in ("", ".csv", "/rows", "/list")]
            for name in ("mend", "try", "rows", "back", "apply", "upload"):
                seen.append((await other.send_form(f"{path}/{name}", version="0")).status_code)
        after = await document(mender, path)
    assert (set(seen), after["version"]) == ({404}, 0)


async def test_rows_of_an_activity_table_are_not_mended_here_and_the_page_says_where(api: Api) -> None:
    table = b"category,activity,quantity,unit\n1,no such thing,x,kg\n"
    async with mending(api, table, mapping="") as (mender, path):
        page, forms = mender.text, mender.forms("Fix all")
        found = await document(mender, path)
    assert "activity table" in page
    assert (forms, found["rejected"]) == ([], 1)


async def test_trial_holds_to_remembered_decisions_as_the_run_does(api: Api) -> None:
    cement = ("Delta", "Cement", "2022-03-05", "3000", "GBP", "GB")
    bad = [*cement[:3], "see note", "ZZZ", "GB"]
    async with mending(api, ledger([[*GOOD], [*cement], bad])) as (mender, path):
        (form,) = mender.forms("Fix all")
        asked = HERE | {"Accept": "application/json"}
        before = (
            await mender.client.post(f"{path}/try", data=form.values | set_to("10"), headers=asked)
        ).json()
        texts = (await mender.client.get("/review.json")).json()["texts"]
        (key,) = [one["text_key"] for one in texts if one["account"] == "Cement"]
        told = {"text": key, "verdict": "not_a_purchase", "reason": "transfer"}
        assert (await mender.client.send_form("/review/decisions", **told)).status_code == 303
        after = (
            await mender.client.post(f"{path}/try", data=form.values | set_to("10"), headers=asked)
        ).json()
        await mender.open(path)
        await mender.send(mender.forms("Fix all")[0], **set_to("10"))
        outcome = await applied(mender)
    assert [one["reason"] for one in before["left"]] == ["unit_unknown"]
    assert (before["settled"], after["settled"], after["left"]) == (0, 1, [])
    assert (outcome["counts"]["excluded"], outcome["counts"]["rejected"]) == (2, 0)


async def test_mended_list_may_be_as_large_as_a_file_and_other_bodies_not(url: str, data_dir: Path) -> None:
    bad = [KINDS["Amount: see note"][0](GOOD, 0)] * 40
    async with (
        running(url, data_dir=data_dir, max_body_bytes=2_000) as api,
        mending(api, ledger([[*GOOD], *bad])) as (mender, path),
    ):
        fetched = (await mender.client.get(f"{path}/list")).content
        half = fetched.replace(b"see note", b"12", 40)
        assert len(half) > 4_000
        form = mender.forms("Run again with the mended list")[0]
        await mender.send(form, files=[("file", ("rejects.csv", half))])
        by_page, sent = mender.status, await document(mender, path)
        job = await ended(mender.client, {"links": {"job": f"/api/v1/jobs/{sent['job_id']}"}})
        async with api.client(await api.key()) as client:
            repairs = f"/api/v1/intake/files/{path.split('/')[2]}/repairs"
            again = await client.post(repairs, files={"file": ("rejects.csv", half)})
            other = await client.post(f"{repairs}/more", content=half)
    assert (by_page, job["state"], again.status_code, other.status_code) == (200, "completed", 202, 413)
