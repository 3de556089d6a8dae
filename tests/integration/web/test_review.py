"""The review queue: what is decided of a text changes the next run, as it says, and nothing else does."""

import asyncio
import re
from pathlib import Path
from typing import Any

import pytest
from tests.support.api import Api, Browser
from tests.support.jobs import JOBS, ended
from tests.support.review import LEDGER, OTHER_LEDGER, RULES, queue_of, rows_of, run_of

from vcci.database.tenants import Role as DatabaseRole
from vcci.domain.access import Role
from vcci.errors import DatabaseError
from vcci.runtime.audit import derivation, verify_run

TAXI, CEMENT, UNKNOWN = "Taxi service", "Cement", "Zzgrmpf"
ASPHALT = "324121"


async def decide(browser: Browser, *accounts: str, verdict: str = "", **told: Any) -> Any:
    queue = await queue_of(browser, show="all")
    texts = [queue[account]["text_key"] for account in accounts]
    answer = await browser.send_form(
        "/review/decisions", text=texts, **({"verdict": verdict} if verdict else {}), **told
    )
    assert answer.status_code == 303, answer.text
    return answer


def made_again(api: Api, data_dir: Path, digest: str) -> tuple[list[str], str]:
    """Verify the run of a digest from its file; return what differs, and how its second row was placed."""
    stored = [one for one in data_dir.rglob("inventory.json") if digest in one.read_text()]
    file = next((data_dir / "uploads").rglob("ledger.csv"))
    compared = verify_run(api.service.settings, stored[0].parent, files=[file], repairs=[])
    how = derivation(stored[0].parent, "2").classified["how"]
    return [one.name for one in compared if not one.is_same], how


async def choose(browser: Browser, account: str, commodity: str) -> None:
    key = (await queue_of(browser, show="all"))[account]["text_key"]
    assert (await browser.send_form("/review/decisions", choose=f"{key}|{commodity}")).status_code == 303


async def recalculated(browser: Browser) -> dict[str, Any]:
    """Press the button, and return what the job came to."""
    answer = await browser.send_form("/review/recalculations")
    assert (answer.status_code, answer.headers["location"]) == (303, "/jobs?kind=recalculation"), answer.text
    newest = (await browser.get(JOBS)).json()["data"][0]
    job = await ended(browser, {"links": {"job": f"{JOBS}/{newest['id']}"}})
    assert job["state"] == "completed", job
    return dict(job["outcome"])


async def test_queue_shows_what_no_rule_placed_and_what_hangs_on_it_most_first(api: Api) -> None:
    key = await api.key()
    async with api.client(key) as client, api.browser(key) as browser:
        run = await run_of(client)
        rows = await rows_of(client, run["run_id"])
        found = (await browser.get("/review.json")).json()
        shown = (await browser.get("/review")).text
    mg = [row["emissions_mg_co2e"] or 0 for row in rows]
    told = {text["account"]: text for text in found["texts"]}
    assert list(told) == [CEMENT, TAXI, UNKNOWN]
    assert [told[name]["emissions_mg_co2e"] for name in told] == [mg[4], mg[1] + mg[2], 0]
    assert found["in_all"] == {"texts": 3, "lines": 4, "emissions_mg_co2e": mg[1] + mg[2] + mg[4]}
    assert (told[TAXI]["lines"], told[TAXI]["spend_hundredths"]) == (2, {"GBP": 30_000})
    assert (told[TAXI]["suggested"], told[UNKNOWN]["suggested"]) == ("485310", "")
    assert all(0.6 <= told[name]["score"] <= 1 for name in (CEMENT, TAXI))
    assert all(account in shown for account in told)
    for text in told.values():
        codes = [one["commodity"] for one in text["alternatives"]]
        assert (len(codes) <= 5, text["suggested"] in codes) == (True, False)


async def test_accepted_text_is_held_to_and_the_derivation_says_by_whom(api: Api) -> None:
    key = await api.key()
    async with api.client(key) as client, api.browser(key) as browser:
        first = await run_of(client)
        await decide(browser, TAXI, verdict="accepted")
        second = await recalculated(browser)
        before, after = [await rows_of(client, run["run_id"]) for run in (first, second)]
        left = await queue_of(browser)
    figures = [[row["emissions_mg_co2e"] for row in rows] for rows in (before, after)]
    assert (figures[0], first["total_mg_co2e"]) == (figures[1], second["total_mg_co2e"])
    assert first["run_digest"] != second["run_digest"]
    assert re.fullmatch(r"decided by test on \d{4}-\d\d-\d\d", after[1]["classified"]["how"])
    assert [code for code, _ in after[1]["notices"] if code.startswith("commodity")] == ["commodity_decided"]
    assert before[1]["classified"]["how"].startswith("by words")
    assert before[0]["classified"]["how"] == after[0]["classified"]["how"] == "by a rule or the row itself"
    assert TAXI not in left


@pytest.mark.parametrize(
    ("told", "outcome", "reason"),
    [
        ({"verdict": "not_a_purchase", "reason": "transfer"}, "excluded", "transfer"),
        ({"verdict": "left_open"}, "not covered", "commodity_unknown"),
    ],
)
async def test_rejected_text_has_no_line_in_the_next_run_and_nothing_else_changes(
    api: Api, told: dict[str, str], outcome: str, reason: str
) -> None:
    key = await api.key()
    async with api.client(key) as client, api.browser(key) as browser:
        first = await run_of(client)
        before = await rows_of(client, first["run_id"])
        await decide(browser, CEMENT, **told)
        second = await recalculated(browser)
        after = await rows_of(client, second["run_id"])
    assert (after[4]["outcome"], after[4]["reason"]) == (outcome, reason)
    assert after[4]["classified"]["how"].startswith("decided by test on ")
    kept = [[row["emissions_mg_co2e"] for row in rows[:4]] for rows in (before, after)]
    assert kept[0] == kept[1]
    assert second["total_mg_co2e"] == first["total_mg_co2e"] - before[4]["emissions_mg_co2e"]


async def test_changed_text_is_the_other_commodity_in_the_next_run_of_any_ledger(api: Api) -> None:
    key = await api.key()
    async with api.client(key) as client, api.browser(key) as browser:
        first = await run_of(client)
        await choose(browser, TAXI, ASPHALT)
        second = await recalculated(browser)
        elsewhere = await run_of(client, OTHER_LEDGER)
        before, after = [await rows_of(client, run["run_id"]) for run in (first, second)]
        (other,) = await rows_of(client, elsewhere["run_id"], 1)
    activities = [row["classified"].get("activity") for row in after]
    assert activities[1] == activities[2] == other["classified"]["activity"] == f"naics2017:{ASPHALT}"
    assert other["classified"]["how"].startswith("decided by test")
    assert [before[n]["emissions_mg_co2e"] for n in (0, 4)] == [after[n]["emissions_mg_co2e"] for n in (0, 4)]
    assert before[1]["emissions_mg_co2e"] != after[1]["emissions_mg_co2e"]


async def test_text_that_nothing_matched_gets_the_commodity_that_was_searched_for(api: Api) -> None:
    key = await api.key()
    async with api.client(key) as client, api.browser(key) as browser:
        await run_of(client)
        text = (await queue_of(browser, kind="unmatched"))[UNKNOWN]["text_key"]
        found = (await browser.get("/review/text.json", params={"key": text, "q": "asphalt paving"})).json()
        refused = await decide(browser, UNKNOWN, verdict="accepted")
        await choose(browser, UNKNOWN, ASPHALT)
        second = await recalculated(browser)
    assert ASPHALT in [one["commodity"] for one in found["found"]]
    assert refused.headers["location"] == "/review?left=1"
    assert second["counts"]["lines"] == 5


async def test_mapping_wins_over_a_decision(api: Api) -> None:
    key = await api.key()
    async with api.client(key) as client, api.browser(key) as browser:
        await run_of(client)
        await decide(browser, CEMENT, verdict="not_a_purchase", reason="tax")
        ruled = RULES.replace("region", "  - {account: Cement, commodity: '327310'}\nregion")
        files = {"file": ("ledger.csv", LEDGER.encode())}
        queued = (await client.post("/api/v1/intake/files", files=files, data={"mapping": ruled})).json()
        run = (await ended(client, queued))["outcome"]
        rows = await rows_of(client, run["run_id"])
    assert rows[4]["classified"]["how"] == "by a rule or the row itself"


async def test_same_file_under_the_same_decisions_is_the_same_run_and_can_be_verified(
    api: Api, data_dir: Path
) -> None:
    key = await api.key()
    async with api.client(key) as client, api.browser(key) as browser:
        plain = await run_of(client)
        await decide(browser, TAXI, verdict="accepted")
        decided, again = await run_of(client), await run_of(client)
        await decide(browser, UNKNOWN, verdict="withdrawn")
        untouched = await run_of(client)
    assert plain["run_digest"] != decided["run_digest"] == again["run_digest"] == untouched["run_digest"]
    changed, how = await asyncio.to_thread(made_again, api, data_dir, decided["run_digest"])
    assert (changed, how[:19]) == ([], "decided by test on ")


async def test_later_decision_takes_the_place_of_the_earlier_which_stays(api: Api) -> None:
    key = await api.key()
    async with api.client(key) as client, api.browser(key) as browser:
        await run_of(client)
        await decide(browser, TAXI, CEMENT, verdict="accepted")
        await decide(browser, TAXI, verdict="not_a_purchase", reason="payroll")
        await decide(browser, TAXI, verdict="withdrawn")
        told = (await browser.get("/review/history.json")).json()["decisions"]
        shown = (await browser.get("/review/history")).text
        queue = await queue_of(browser)
    assert [(one["number"], one["verdict"], one["superseded"]) for one in told if one["account"] == TAXI] == [
        (4, "withdrawn", False),
        (3, "not_a_purchase", True),
        (told[-1]["number"] if told[-1]["account"] == TAXI else 2, "accepted", True),
    ]
    assert {one["by"] for one in told} == {"test"}
    assert all(re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", one["at"]) for one in told)
    assert ("(superseded)" in shown, TAXI in queue, CEMENT in queue) == (True, True, False)


async def test_nobody_may_change_or_delete_a_decision(api: Api) -> None:
    tenant_id = api.service.home_tenant_id
    for query in ("UPDATE vcci.match_decisions SET reason = ''", "DELETE FROM vcci.match_decisions"):
        with pytest.raises(DatabaseError, match="permission denied"):
            async with api.service.pool.transaction(tenant_id, role=DatabaseRole.LOADER) as tx:
                await tx.execute(query)


async def test_decisions_of_one_tenant_never_reach_another(api: Api) -> None:
    mine, other = await api.key(), await api.key("theirs")
    async with (
        api.client(mine) as client,
        api.client(other) as their_client,
        api.browser(mine) as browser,
        api.browser(other) as their_browser,
    ):
        first, theirs = await run_of(client), await run_of(their_client)
        await choose(browser, TAXI, ASPHALT)
        after, theirs_after = await run_of(client), await run_of(their_client)
        told = (await their_browser.get("/review/history.json")).json()["decisions"]
        touched = (await their_browser.get("/review.json")).json()["touched"]
        await run_of(client, OTHER_LEDGER.replace("TAXI  service.", "Taxi rank"))
        text = (await queue_of(browser))["Taxi rank"]["text_key"]
        sent = await their_browser.send_form("/review/decisions", text=[text], verdict="accepted")
    assert theirs_after["run_digest"] == theirs["run_digest"] == first["run_digest"] != after["run_digest"]
    assert (told, touched, sent.status_code) == ([], [], 404)


async def test_viewer_may_look_and_not_decide(api: Api) -> None:
    editing, looking = await api.key(), await api.key(role=Role.VIEWER)
    async with api.client(editing) as client, api.browser(looking) as browser:
        await run_of(client)
        queue = await queue_of(browser)
        shown = (await browser.get("/review")).text
        text = queue[TAXI]["text_key"]
        sent = await browser.send_form("/review/decisions", text=[text], verdict="accepted")
        pressed = await browser.send_form("/review/recalculations")
        told = (await browser.get("/review/history.json")).json()["decisions"]
    assert ("Taxi" in shown, "/review/decisions" in shown) == (True, False)
    assert (sent.status_code, pressed.status_code, told) == (403, 403, [])


async def test_form_of_a_page_elsewhere_decides_nothing(api: Api) -> None:
    key = await api.key()
    async with api.client(key) as client, api.browser(key) as browser:
        await run_of(client)
        text = (await queue_of(browser))[TAXI]["text_key"]
        told = {"text": text, "verdict": "accepted", "csrf": "0" * 64}
        forged = await browser.post("/review/decisions", data=told, headers={"Origin": "https://127.0.0.1"})
        history = (await browser.get("/review/history.json")).json()["decisions"]
    assert (forged.status_code, history) == (403, [])


@pytest.mark.parametrize(
    "told",
    [
        {"text": ["0" * 64], "verdict": "accepted"},
        {"text": ["x"], "verdict": "accepted"},
        {"verdict": "accepted"},
        {"text": ["0" * 64]},
        {"text": ["0" * 64], "verdict": "not_a_purchase", "reason": "subtotal"},
        {"text": ["0" * 64], "verdict": "changed"},
        {"choose": f"{'0' * 64}|999999"},
    ],
)
async def test_what_cannot_be_decided_is_refused(api: Api, told: dict[str, Any]) -> None:
    async with api.browser(await api.key()) as browser:
        answer = await browser.send_form("/review/decisions", **told)
    assert 400 <= answer.status_code < 500


async def test_queue_without_a_run_says_so_in_all_forms(api: Api) -> None:
    async with api.browser(await api.key()) as browser:
        shown = await browser.get("/review")
        table = (await browser.get("/review.csv")).text
    assert "Nothing is left to review" in shown.text
    assert table.splitlines() == [
        "text_key,account,account_code,description,suggested,title,score,lines,emissions_mg_co2e,spend,decision"
    ]
