"""Factors of a real service over HTTP: exact, of what was asked for, and absent only where it says so."""

import asyncio
from dataclasses import replace
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from tests.support.http_sources import Asked, Reply, answering, answering_elsewhere, in_turn, never
from tests.support.kept_answers import KeptAnswers

from vcci.cache.tiered import MultiLevelCache
from vcci.clients.factor_answer import FactorAbsent, FactorQuestion, SourceFactor
from vcci.clients.factor_source import AsyncFactorBroker
from vcci.clients.http import AsyncHTTPClient
from vcci.clients.remote_errors import RemoteCallError
from vcci.concurrency.bounded import Done, Failed
from vcci.concurrency.deadline import within
from vcci.errors import DeadlineError

FACTOR = {
    "value": "0.20705000000000001",
    "unit": "kWh",
    "gwp_set": "AR6",
    "source": "desnz",
    "version": "2024.1",
    "licence": "OGL-UK-3.0",
}
ABSENT = Reply.of({"code": "factor_not_found"}, 404)
QUESTION = FactorQuestion("acme", "desnz", "electricity", "GB", "kWh", "AR6", 2024)


def broker(http: AsyncHTTPClient, **options: Any) -> AsyncFactorBroker:
    return AsyncFactorBroker(http, KeptAnswers(), **options)


async def test_factor_keeps_every_digit() -> None:
    async with answering(in_turn(Reply.of(FACTOR))) as source, source.client() as http:
        found = await broker(http).get_factor(
            "desnz", "electricity", "GB", tenant="acme", unit="kWh", gwp_set="AR6", year=2024
        )
    assert isinstance(found, SourceFactor)
    assert found.value_kg_co2e == Decimal("0.20705000000000001")
    url = urlsplit(source.asked[0].target)
    assert url.path == "/factors/desnz/electricity"
    assert parse_qs(url.query) == {"region": ["GB"], "unit": ["kWh"], "gwp_set": ["AR6"], "year": ["2024"]}


async def test_source_that_has_none_says_so_and_is_believed() -> None:
    async with answering(in_turn(ABSENT)) as source, source.client() as http:
        asked = broker(http)
        assert [await asked.answer(QUESTION) for _ in range(2)] == [FactorAbsent(QUESTION)] * 2
    assert len(source.asked) == 1


@pytest.mark.parametrize(
    "reply",
    [
        Reply(404),
        Reply.of({"code": "no_such_page"}, 404),
        Reply.of({"detail": "Not Found"}, 404),
        Reply(404, b"<html>"),
        Reply(500),
        Reply.of(None),
        Reply.of({}),
    ],
)
async def test_failure_is_never_an_absence_and_is_not_kept(reply: Reply) -> None:
    async with answering(in_turn(reply, Reply.of(FACTOR))) as source, source.client() as http:
        asked = broker(http)
        with pytest.raises(RemoteCallError):
            await asked.answer(QUESTION)
        assert isinstance(await asked.answer(QUESTION), SourceFactor)


@pytest.mark.parametrize(
    "changed",
    [
        {"value": 0.20705},
        {"value": "NaN"},
        {"value": "1e5"},
        {"value": "1,5"},
        {"value": "٣"},
        {"value": ""},
        {"value": None},
        {"value": "1" * 40},
        {"unit": "MWh"},
        {"gwp_set": "AR5"},
        {"source": "epa"},
        {"version": ""},
        {"licence": None},
        {"licence": "x" * 201},
    ],
)
async def test_answer_that_is_not_exactly_what_was_asked_for_is_an_error(changed: dict[str, Any]) -> None:
    async with answering(in_turn(Reply.of(FACTOR | changed))) as source, source.client() as http:
        with pytest.raises(RemoteCallError) as raised:
            await broker(http).answer(QUESTION)
    assert raised.value.code == "remote_answer_malformed"


async def test_version_that_was_asked_for_is_the_one_that_counts() -> None:
    async with answering(in_turn(Reply.of(FACTOR))) as source, source.client() as http:
        with pytest.raises(RemoteCallError, match="another version"):
            await broker(http).answer(replace(QUESTION, source_version="2023.1"))
    assert "version=2023.1" in source.asked[0].target


@pytest.mark.parametrize(
    "other",
    [
        replace(QUESTION, tenant="other"),
        replace(QUESTION, activity="gas"),
        replace(QUESTION, region="FR"),
        replace(QUESTION, year=None),
        replace(QUESTION, source_version="2024.1"),
        replace(QUESTION, activity="electricity:GB", region=""),
    ],
)
async def test_answers_to_different_questions_are_kept_apart(other: FactorQuestion) -> None:
    async with answering(in_turn(Reply.of(FACTOR))) as source, source.client() as http:
        asked = broker(http)
        for question in (QUESTION, other, QUESTION, other):
            await asked.answer(question)
    assert len(source.asked) == 2


@pytest.mark.parametrize("changed", [{"unit": "MWh"}, {"gwp_set": "AR5"}, {"source": "epa"}])
async def test_answers_of_other_units_and_sets_are_kept_apart(changed: dict[str, str]) -> None:
    other: Any = changed
    answer = in_turn(Reply.of(FACTOR), Reply.of(FACTOR | changed))
    async with answering(answer) as source, source.client() as http:
        asked = broker(http)
        await asked.answer(QUESTION)
        found = await asked.answer(replace(QUESTION, **other))
    assert isinstance(found, SourceFactor)
    assert found.model_dump() == FACTOR | changed


async def test_hundred_that_ask_at_once_are_one_call() -> None:
    async def slowly(_: Asked) -> Reply:
        await asyncio.sleep(0.01)
        return Reply.of(FACTOR)

    async with answering(slowly) as source, source.client() as http:
        asked = broker(http)
        found = await asyncio.gather(*(asked.answer(QUESTION) for _ in range(100)))
    assert (len(source.asked), len(set(found))) == (1, 1)


async def test_batch_has_an_answer_or_an_error_for_each_question_and_is_bounded() -> None:
    async def by_activity(asked: Asked) -> Reply:
        await asyncio.sleep(0.002)
        number = int(urlsplit(asked.target).path.rpartition("/")[2])
        return (Reply.of(FACTOR), ABSENT, Reply(400))[number % 3]

    questions = [replace(QUESTION, activity=str(number)) for number in range(60)]
    async with answering(by_activity) as source, source.client() as http:
        found = await broker(http, at_once=7).get_factors_batch(questions)
    kinds = [one.value.__class__ if isinstance(one, Done) else one.__class__ for one in found]
    assert kinds == [SourceFactor, FactorAbsent, Failed] * 20
    assert (len(source.asked), source.most_under_way) == (60, 7)


async def test_no_answer_is_used_for_longer_than_its_time() -> None:
    now = [1_000_000.0]
    async with answering(in_turn(Reply.of(FACTOR))) as source, source.client() as http:
        asked = broker(http, ttl=3_600, now=lambda: now[0])
        await asked.answer(QUESTION)
        now[0] += 3_600
        await asked.answer(QUESTION)
    assert len(source.asked) == 2


async def test_answers_do_not_all_grow_old_at_once() -> None:
    now = [1_000_000.0]
    questions = [replace(QUESTION, activity=str(number)) for number in range(100)]
    async with answering(in_turn(Reply.of(FACTOR))) as source, source.client() as http:
        asked = broker(http, ttl=3_600, now=lambda: now[0])
        await asked.get_factors_batch(questions)
        now[0] += 360
        await asked.get_factors_batch(questions)
    assert 100 < len(source.asked) < 130


async def test_activity_of_a_user_stays_in_its_place_in_the_path() -> None:
    async with answering(in_turn(Reply.of(FACTOR))) as source, source.client() as http:
        await broker(http).answer(replace(QUESTION, activity="../admin?x=1#y"))
    assert source.asked[0].target.startswith("/factors/desnz/..%2Fadmin%3Fx%3D1%23y?region=")


async def test_answers_and_absences_are_kept_in_the_cache_of_the_service() -> None:
    cache = MultiLevelCache()
    gas = replace(QUESTION, activity="gas")
    async with answering(in_turn(Reply.of(FACTOR), ABSENT)) as source, source.client() as http:
        for _ in range(3):
            asked = AsyncFactorBroker(http, cache)
            found = [await asked.answer(QUESTION), await asked.answer(gas)]
    assert (found, len(source.asked)) == ([SourceFactor(**FACTOR), FactorAbsent(gas)], 2)


async def test_one_who_leaves_does_not_end_the_call_of_the_others() -> None:
    async def slowly(_: Asked) -> Reply:
        await asyncio.sleep(0.02)
        return Reply.of(FACTOR)

    async with answering(slowly) as source, source.client() as http:
        asked = broker(http)
        first, second = (asyncio.create_task(asked.answer(QUESTION)) for _ in range(2))
        await asyncio.sleep(0.005)
        first.cancel()
        assert isinstance(await second, SourceFactor)
    assert len(source.asked) == 1


async def test_broker_that_is_closed_leaves_no_call() -> None:
    before = asyncio.all_tasks()
    with answering_elsewhere(never) as source:
        async with source.client() as http:
            asked = broker(http)
            with within(0.02), pytest.raises(DeadlineError):
                await asked.answer(QUESTION)
            await asked.aclose()
            assert (http.transport.connections, asyncio.all_tasks()) == (0, before)
