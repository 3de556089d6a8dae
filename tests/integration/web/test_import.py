"""The import by its pages alone: links are followed, forms filled in, and the run is that of `vcci run`."""

import io
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import openpyxl
import pytest
import yaml
from tests.support.api import Api
from tests.support.jobs import ended
from tests.support.review import LEDGER as REVIEWED
from tests.support.review import rows_of
from tests.support.visitor import Visitor

from vcci.domain.access import Role
from vcci.domain.review import folded
from vcci.intake import load_mapping
from vcci.runtime import parameter_digests, run_ledger
from vcci.services.factors import Parameters
from vcci.services.runs import RunRequest

OXFORD = Path(__file__).parents[3] / "examples" / "oxford-city-council"
KEEP, GO, START = "Keep and go on", "Keep; the rest stays as found", "Start the run"
CLEAR = b"Supplier,Expense type,Invoice date,Amount GBP\nAlpha,Software licences,2022-04-03,10.50\n"
UNCLEAR = (
    b"Supplier;Expense type;Invoice date;Amount\n"
    b"Alpha;Software licences;03/04/2022;1.234\nBeta;Office furniture;05/06/2022;2,500\n"
)


@asynccontextmanager
async def visiting(api: Api, *, tenant: str = "local", role: Role = Role.EDITOR) -> AsyncIterator[Visitor]:
    async with api.browser(await api.key(tenant, role)) as client:
        yield Visitor(client)


async def upload(visitor: Visitor, content: bytes, name: str = "ledger.csv", *more: bytes) -> Visitor:
    files = [("files", (name, content)), *(("files", (name, one)) for one in more)]
    return await (await visitor.open("/import")).press("Upload", files)


async def outcome(visitor: Visitor) -> dict[str, Any]:
    """Wait for the job that the page leads to, and return what it came to."""
    assert visitor.path.startswith("/jobs/")
    job_id = visitor.path.removeprefix("/jobs/")
    job = await ended(visitor.client, {"links": {"job": f"/api/v1/jobs/{job_id}"}})
    assert job["state"] == "completed", job["error"]
    found: dict[str, Any] = job["outcome"]
    return found


def workbook(**sheets: list[list[object]]) -> bytes:
    book, content = openpyxl.Workbook(write_only=True), io.BytesIO()
    for name, rows in sheets.items():
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(row)
    book.save(content)
    return content.getvalue()


async def test_ledger_of_oxford_goes_through_all_steps_to_the_total_of_vcci_run(
    api: Api, tmp_path: Path
) -> None:
    ledger = b"".join((OXFORD / "spend.csv").read_bytes().splitlines(keepends=True)[:1_001])
    rules = yaml.safe_load((OXFORD / "mapping.yaml").read_text())["accounts"]
    said = {folded(rule["account"]): rule for rule in rules}
    async with visiting(api) as visitor:
        await upload(visitor, ledger, "spend.csv")
        assert "which currency" in visitor.text
        await (await visitor.follow("Columns")).press(KEEP)
        assert visitor.path.endswith("/conventions")
        assert "decimal" not in visitor.form(KEEP).choices  # amounts and dates of Oxford are clear
        await visitor.press(KEEP, currency="gbp", region="GB")
        chosen = await answer_accounts(visitor, said)
        assert "1,000 rows" in visitor.text
        await visitor.follow("Go on to start")
        came_to = await outcome(await visitor.press(START, title="Oxford"))
        file_id = (await visitor.open("/import")).links["spend.csv"].removeprefix("/import/")
        mapping = (await visitor.client.get(f"/api/v1/intake/files/{file_id}/mapping")).text
    (tmp_path / "spend.csv").write_bytes(ledger)
    (tmp_path / "mapping.yaml").write_text(mapping)
    inventory, _ = run_ledger(
        api.service.settings,
        RunRequest("Oxford", dry_run=False, parameter_digests=parameter_digests(), stored=False),
        paths=[tmp_path / "spend.csv"],
        mapping=load_mapping(tmp_path / "mapping.yaml"),
        parameters=Parameters(()),
        out=tmp_path / "run",
        hook=lambda _: None,
    )
    assert chosen > 10
    assert (came_to["total_mg_co2e"], came_to["run_digest"]) == (
        inventory.total_mg_co2e,
        inventory.run_digest,
    )


async def answer_accounts(visitor: Visitor, said: dict[str, dict[str, str]]) -> int:
    """Say of each account what Oxford's mapping says, where the page offers it, and return of how many."""
    chosen = 0
    while visitor.path.partition("?")[0].endswith("/accounts"):
        form = visitor.form(GO)
        fields: dict[str, Any] = {}
        for name, choices in form.choices.items():
            rule = said.get(folded(form.values[name.replace("choice", "account")]), {})
            wanted = (f"commodity:{rule.get('commodity')}", f"not_a_purchase:{rule.get('not_a_purchase')}")
            fields |= {name.replace("-", "__"): one for one in wanted if one in choices}
        chosen += len(fields)
        following = "Keep, and the next accounts"
        await visitor.press(following if following in form.buttons else GO, **fields)
    return chosen


async def test_second_file_of_a_source_starts_in_one_click(api: Api) -> None:
    async with visiting(api) as visitor:
        await (await upload(visitor, UNCLEAR)).follow("Answer")
        await visitor.press(KEEP, decimal="comma", date_order="day-month-year", currency="EUR", region="DE")
        await (await visitor.press(GO)).follow("Go on to start")
        first = await outcome(await visitor.press(START))
        later = UNCLEAR.replace(b"Alpha", b"Gamma").replace(b"03/04", b"07/08")
        await upload(visitor, later, "next.csv")
        assert "As last time" in visitor.text
        visitor.clicks = 0
        second = await outcome(await visitor.press(START))
    assert visitor.clicks == 1
    assert (first["counts"]["lines"], second["counts"]["lines"]) == (2, 2)
    assert first["run_id"] != second["run_id"]


async def test_what_is_ambiguous_is_asked_once_with_both_readings_and_kept_on_reload(api: Api) -> None:
    async with visiting(api) as visitor:
        await (await upload(visitor, UNCLEAR)).follow("Answer")
        assert "<code>1.234</code> is 1234" in visitor.text  # read with a comma
        assert "<code>03/04/2022</code> is 2022-03-04" in visitor.text  # read month first
        asked = visitor.form(KEEP)
        address = visitor.path
        assert {"decimal", "date_order"} <= set(asked.choices)
        await visitor.press(KEEP, decimal="point", date_order="month-day-year", currency="EUR")
        assert visitor.path.endswith("/accounts")
        again = (await visitor.open(address)).form(KEEP)
        assert (again.values["decimal"], again.values["date_order"]) == ("point", "month-day-year")
        seen = (await visitor.client.get(f"{address.removesuffix('/conventions')}.json")).json()
    assert seen["open"] == []


async def test_what_is_clear_is_never_asked(api: Api) -> None:
    async with visiting(api) as visitor:
        await upload(visitor, CLEAR)
        assert START in visitor.text
        questions = (await visitor.client.get(f"{visitor.path}/conventions.json")).json()["questions"]
    assert questions == []


async def test_evidence_in_the_next_file_goes_before_what_was_said_of_the_last(api: Api) -> None:
    async with visiting(api) as visitor:
        await (await upload(visitor, UNCLEAR)).follow("Answer")
        await visitor.press(KEEP, decimal="comma", date_order="month-day-year", currency="EUR")
        await (await visitor.press(GO)).follow("Go on to start")
        await outcome(await visitor.press(START))
        clear = UNCLEAR.replace(b"1.234", b"1,234.50").replace(b"03/04", b"25/04").replace(b"2,500", b"2.50")
        await upload(visitor, clear, "clear.csv")
        mapping = (await visitor.client.get(f"{visitor.path}.json")).json()["mapping"]
    assert "decimal: point" in mapping
    assert "day-month-year" in mapping


async def test_sheet_and_header_of_a_workbook_are_asked_where_there_is_a_choice(api: Api) -> None:
    book = workbook(
        Notes=[["Made in 2023"]],
        Payments=[["Report"], [], ["Supplier", "Account", "Net amount", "Currency", "Date"],
                  ["Alpha", "Software licences", 12.5, "EUR", "2022-04-03"]],
        Budget=[["Account", "Amount"], ["Travel", 7]],
    )  # fmt: skip
    async with visiting(api) as visitor:
        await upload(visitor, book, "book.xlsx")
        await visitor.follow("Answer")
        assert visitor.form(KEEP).choices["sheet"] == ["Notes", "Payments", "Budget"]
        await visitor.follow("Payments")
        assert "Software licences" in visitor.text
        await visitor.press(KEEP, sheet="Payments", header_row="3")
        assert visitor.path.endswith("/columns")
        assert visitor.form(KEEP).values["column-quantity"] == "Net amount"


async def test_another_column_is_taken_and_kept(api: Api) -> None:
    ledger = b"Supplier,Account,Amount GBP,Gross amount,Date\nAlpha,Software,10,12,2022-04-03\n"
    async with visiting(api) as visitor:
        await (await upload(visitor, ledger)).follow("Columns")
        address = visitor.path
        await visitor.press(KEEP, column__quantity="Gross amount", column__supplier="")
        values = (await visitor.open(address)).form(KEEP).values
        assert (values["column-quantity"], values["column-supplier"]) == ("Gross amount", "")
        assert (
            "which currency" in (await visitor.follow("To the import")).text
        )  # that of the other column is gone


async def test_account_is_searched_in_the_packs_and_the_answer_counts(api: Api) -> None:
    ledger = CLEAR.replace(b"Software licences", b"Zzgrmpf")
    async with visiting(api) as visitor:
        await (await upload(visitor, ledger)).follow("Accounts")
        assert "nothing; its rows may say more" in visitor.text
        await visitor.follow("Search for something else for Zzgrmpf")
        await visitor.press("Search", q="software publishers")
        await visitor.press("Take it", choice__0="activity:naics2017:511210")
        assert "by a rule" in visitor.text
        await visitor.press(GO)
        assert "1 rows = 1 lines" in visitor.text


async def test_rows_of_the_preview_add_up_and_rejected_ones_are_shown(api: Api) -> None:
    ledger = CLEAR + b"Beta,Business rates,2022-04-04,5\nGamma,Software licences,2022-13-04,7\n"
    async with visiting(api) as visitor:
        await upload(visitor, ledger)
        found = (await visitor.client.get(f"{visitor.path}/preview.json")).json()
        await visitor.follow("Preview")
    counts = found["counts"]
    assert counts["rows"] == 3 == sum(counts.values()) - counts["rows"]
    assert sum(one["mg_co2e"] for one in found["categories"]) == found["total_mg_co2e"] > 0
    assert [one["problem_value"] for one in found["rejects"]] == ["2022-13-04"]
    assert "2022-13-04" in visitor.text


@pytest.mark.parametrize(
    ("name", "content", "code"),
    [
        ("bomb.xlsx", b"PK\x03\x04" + b"\0" * 500, "file_damaged"),
        ("empty.csv", b"", "file_empty"),
        ("paper.pdf", b"%PDF-1.7\n", "file_kind_unknown"),
    ],
)
async def test_file_that_is_refused_says_why_on_its_page(
    api: Api, name: str, content: bytes, code: str
) -> None:
    async with visiting(api) as visitor:
        await upload(visitor, content, name)
        assert visitor.status == 200
        assert code in visitor.links
        assert START not in visitor.text


async def test_files_that_are_chosen_together_are_one_ledger(api: Api) -> None:
    async with visiting(api) as visitor:
        await upload(visitor, CLEAR, "ledger.csv", CLEAR.replace(b"Alpha", b"Beta"))
        came_to = await outcome(await visitor.press(START))
    assert came_to["counts"]["lines"] == 2


async def test_mapping_file_beside_the_upload_answers(api: Api) -> None:
    mapping = b"currency: EUR\nconventions: {decimal: comma, date_order: day-month-year}\n"
    async with visiting(api) as visitor:
        await visitor.open("/import")
        await visitor.press("Upload", [("files", ("a.csv", UNCLEAR)), ("mapping", ("m.yaml", mapping))])
        assert START in visitor.text
        await visitor.open("/import")
        wrong = [("files", ("a.csv", UNCLEAR)), ("mapping", ("m.yaml", b"currencies: EUR\n"))]
        assert (await visitor.press("Upload", wrong)).status == 422
        assert "did you mean" in visitor.text


async def test_a_second_press_of_start_makes_no_second_run(api: Api) -> None:
    async with visiting(api) as visitor:
        page = (await upload(visitor, CLEAR)).path
        form = visitor.form(START).values
        first = await visitor.press(START)
        job = first.path
        second = await visitor.client.post(
            f"{page}/start", data=form, headers={"Origin": "https://127.0.0.1"}
        )
        led = second.headers["location"]  # to the file while it is run, else to a run in its place
        visitor.path = led if led.startswith("/jobs/") else job
        before = await outcome(visitor)
        again = await (await visitor.open(page)).press(START, title="Anew")
        after = await outcome(again)
        runs = (await visitor.client.get("/api/v1/runs")).json()["data"]
    standing = [run for run in runs if run["id"] not in {one["successor_of"] for one in runs}]
    assert (len(standing), after["run_id"] != before["run_id"]) == (1, True)


async def test_import_of_another_tenant_reads_like_none(api: Api) -> None:
    async with visiting(api, tenant="theirs") as theirs:
        path = (await upload(theirs, CLEAR)).path
    unknown = "/import/018f0000-0000-7000-8000-000000000000"
    async with visiting(api) as visitor:
        assert "ledger.csv" not in (await visitor.open("/import")).text
        for after in ("", ".json", "/sheet", "/columns", "/conventions", "/accounts", "/preview"):
            foreign = await visitor.client.get(path + after)
            none = await visitor.client.get(unknown + after)
            assert (foreign.status_code, none.status_code) == (404, 404)
        form = {"csrf": await visitor.client.csrf()}
        for after in ("/start", "/columns", "/accounts"):
            sent = await visitor.client.post(path + after, data=form, headers={"Origin": "https://127.0.0.1"})
            assert sent.status_code == 404


async def test_who_may_not_write_sees_no_imports(api: Api) -> None:
    async with visiting(api, role=Role.VIEWER) as visitor:
        assert (await visitor.open("/import")).status == 403


async def test_names_of_files_and_cells_are_shown_and_never_obeyed(api: Api) -> None:
    ledger = CLEAR.replace(b"Alpha", b"<script>alert(1)</script>").replace(b"Software", "\u202eSoft".encode())
    async with visiting(api) as visitor:
        await upload(visitor, ledger, "a<b>.csv")
        path = visitor.path
        for after in ("", "/sheet", "/columns", "/conventions", "/accounts", "/preview"):
            await visitor.open(path + after)
            assert visitor.status == 200
            assert "<script>alert" not in visitor.text
            assert "\u202e" not in re.sub(r' value="[^"]*"', "", visitor.text)
            assert not re.search(r"<style| style=| on[a-z]+=", visitor.text)


async def test_remembered_decisions_change_the_lines_of_the_preview_as_those_of_the_run(api: Api) -> None:
    async with visiting(api) as visitor:
        await upload(visitor, REVIEWED.encode())
        path, before = visitor.path, await previewed(visitor)
        await outcome(await visitor.press(START))
        keys = {one["account"]: one["text_key"] for one in (await texts_of(visitor))}
        cement = {"choose": f"{keys['Cement']}|324121"}
        taxi = {"text": keys["Taxi service"], "verdict": "not_a_purchase", "reason": "transfer"}
        for told in (cement, taxi):
            assert (await visitor.client.send_form("/review/decisions", **told)).status_code == 303
        await visitor.open(path)
        after, accounts = await previewed(visitor), (await visitor.client.get(f"{path}/accounts.json")).json()
        run = await outcome(await visitor.press(START))
        rows = await rows_of(visitor.client, run["run_id"])
    of_run = {n: row["emissions_mg_co2e"] for n, row in enumerate(rows, 1) if row["outcome"] == "line"}
    assert after["lines"] == of_run
    assert (after["counts"], after["total"]) == (run["counts"], run["total_mg_co2e"])
    assert (set(before["lines"]), set(after["lines"])) == ({1, 2, 3, 5}, {1, 5})
    assert before["lines"][1] == after["lines"][1]
    assert before["lines"][5] != after["lines"][5]
    by = {one["account"]: (one["by"], one["exclusion"]) for one in accounts["listed"]}
    assert (by["Cement"], by["Taxi service"]) == (("decision", ""), ("decision", "transfer"))


async def previewed(visitor: Visitor) -> dict[str, Any]:
    """Return the counts, the total, and the milligrams of each line of the preview of an import."""
    found = (await visitor.client.get(f"{visitor.path}/preview.json")).json()
    lines = {one["row"]: one["co2e_mg"] for one in found["lines"]}
    return {"counts": found["counts"], "total": found["total_mg_co2e"], "lines": lines}


async def texts_of(visitor: Visitor) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = (await visitor.client.get("/review.json")).json()["texts"]
    return found


async def test_what_a_run_is_made_with_is_chosen_previewed_run_and_remembered(api: Api) -> None:
    older = "epa-supply-chain-1.2.0"
    async with visiting(api) as visitor:
        await upload(visitor, CLEAR)
        usual = await previewed(visitor)
        assert visitor.form(START).values | {"csrf": ""} == {
            "csrf": "", "title": "", "packs": "", "price_basis": "purchaser", "gwp": "",
        }  # fmt: skip
        await visitor.follow("Preview")
        await visitor.press("Keep, and preview with these", packs=older, price_basis="basic")
        await visitor.follow("Go on to start")
        chosen = await previewed(visitor)
        run = await outcome(await visitor.press(START))
        task = (await visitor.client.get(f"/api/v1/runs/{run['run_id']}")).json()
        await upload(visitor, CLEAR.replace(b"10.50", b"77"), "next.csv")
        remembered = visitor.form(START).values
        await visitor.press(START, packs="", price_basis="purchaser")
        kept = (await visitor.client.get("/import.json")).json()["files"][0]
        seen = (await visitor.client.get(f"/import/{kept['id']}.json")).json()["made_with"]
    packs = f"{older},ecb-rates,bea-price-index,us-cpi,naics-2017-titles"
    assert (remembered["packs"], remembered["price_basis"]) == (packs, "basic")
    assert run["total_mg_co2e"] == chosen["total"] != usual["total"]
    assert older in str(task["parameters"])
    assert seen == {"packs": "", "price_basis": "purchaser", "gwp": ""}


@pytest.mark.parametrize("packs", ["epa-suply-chain-1.3.0", "./packs", "ecb-rates,/etc"])
async def test_pack_that_there_is_not_is_told_at_its_field_with_what_was_typed(api: Api, packs: str) -> None:
    async with visiting(api) as visitor:
        path = (await upload(visitor, CLEAR)).path
        for page, button in ((path, START), (f"{path}/preview", "Keep, and preview with these")):
            await (await visitor.open(page)).press(button, packs=packs, gwp="AR5")
            values = visitor.form(button).values
            assert (visitor.status, values["packs"], values["gwp"]) == (422, packs, "AR5")
            assert 'aria-invalid="true" aria-describedby="packs-hint packs-fault"' in visitor.text
        found = (await visitor.client.get(f"{path}.json")).json()
    assert (found["made_with"]["packs"], found["jobs"]) == ("", [])


FRENCH = "Supplier,Expense type,Invoice date,Amount EUR\nLa première,Software licences,2022-04-03,10\n"


async def test_encoding_that_cannot_be_told_is_asked_with_the_rows_in_it(api: Api) -> None:
    async with visiting(api) as visitor:
        await (await upload(visitor, FRENCH.encode("cp1252"))).follow("Answer")
        assert visitor.path.endswith("/sheet")
        assert "La première" in visitor.text  # the likeliest is shown
        choices = visitor.form(KEEP).choices["encoding"]
        await visitor.press(KEEP, encoding="cp1250")
        await visitor.open(visitor.path.rpartition("/")[0] + "/sheet")
        assert "La premičre" in visitor.text
        assert visitor.form(KEEP).values["encoding"] == "cp1250"
        await visitor.press(KEEP, encoding="cp1252")
        await visitor.follow("To the import")
        mapping = (await visitor.client.get(f"{visitor.path}.json")).json()["mapping"]
        run = await outcome(await visitor.press(START))
        (row,) = await rows_of(visitor.client, run["run_id"], 1)
    assert choices[0] == "cp1252"
    assert {"cp1250", "cp1252"} <= set(choices)
    assert "encoding: cp1252" in mapping
    assert "La première" in str(row)


async def test_encoding_is_remembered_for_a_source_and_goes_behind_what_bytes_prove(api: Api) -> None:
    async with visiting(api) as visitor:
        await (await upload(visitor, FRENCH.encode("cp1252"))).follow("Answer")
        await (await visitor.press(KEEP, encoding="cp1252")).follow("To the import")
        await outcome(await visitor.press(START))
        await upload(visitor, FRENCH.replace("10", "11").encode("cp1252"), "next.csv")
        asked_again = START not in visitor.text
        await upload(visitor, FRENCH.replace("10", "12").encode(), "utf8.csv")
        (line,) = (await visitor.client.get(f"{visitor.path}/preview.json")).json()["lines"]
        await visitor.open(f"{visitor.path}/sheet")
        values = visitor.form(KEEP).values
    assert (asked_again, line["supplier"], values["encoding"]) == (False, "La première", "")
