"""A model over HTTP suggests one of the candidates, or there is an error; there is nothing in between."""

import asyncio
import json
from dataclasses import fields
from typing import Any

import pytest
from pydantic import SecretStr
from tests.support.http_sources import Asked, Reply, answering, in_turn
from tests.support.kept_answers import KeptAnswers

from vcci.clients.http import AsyncHTTPClient
from vcci.clients.llm import AsyncLLMOperations, ModelParameters, Suggestion, SuggestionQuestion
from vcci.clients.remote_errors import RemoteCallError
from vcci.concurrency.bounded import Done, Failed
from vcci.errors import InputError

FACTS = {"description": "hot rolled coil"}
CANDIDATES = ["steel", "cement", "paper"]
KEY = SecretStr("sk-very-secret")


def said(content: Any) -> Reply:
    """Answer as a chat completion."""
    return Reply.of({"choices": [{"message": {"role": "assistant", "content": content}}]})


def model(http: AsyncHTTPClient, **options: Any) -> AsyncLLMOperations:
    return AsyncLLMOperations(http, "small-1", KeptAnswers(), **options)


async def test_suggestion_is_a_place_in_the_list() -> None:
    async with answering(in_turn(said('{"index": 2}'))) as source, source.client() as http:
        found = await model(http).suggest(FACTS, CANDIDATES, tenant="acme")
    assert (found.index, found.model, len(found.prompt_digest)) == (1, "small-1", 64)


async def test_none_of_these_is_a_suggestion_of_its_own() -> None:
    async with answering(in_turn(said("0"))) as source, source.client() as http:
        assert (await model(http).suggest(FACTS, CANDIDATES, tenant="acme")).index is None


async def test_service_is_asked_as_its_interface_says() -> None:
    async with answering(in_turn(said("1"))) as source, source.client() as http:
        await model(http, api_key=KEY).suggest(FACTS, CANDIDATES, tenant="acme")
    asked, body = source.asked[0], json.loads(source.asked[0].body)
    assert (asked.method, asked.target) == ("POST", "/chat/completions")
    assert asked.headers["authorization"] == "Bearer sk-very-secret"
    assert [message["role"] for message in body["messages"]] == ["system", "user"]
    assert (body["model"], body["temperature"], body["max_tokens"]) == ("small-1", 0.0, 16)
    assert body["response_format"]["json_schema"]["schema"]["properties"]["index"]["maximum"] == 3


@pytest.mark.parametrize(
    "reply",
    [
        said("The factor is 2.31 kg CO2e per kg."),
        said("2.31"),
        said("9"),
        said(""),
        said(None),
        Reply.of({"choices": []}),
        Reply.of({"error": "overloaded"}),
        Reply.of([]),
        Reply.of("1"),
    ],
)
async def test_anything_else_is_an_error_and_not_kept(reply: Reply) -> None:
    async with answering(in_turn(reply, said("1"))) as source, source.client() as http:
        asked = model(http)
        with pytest.raises(RemoteCallError) as raised:
            await asked.suggest(FACTS, CANDIDATES, tenant="acme")
        assert raised.value.code == "llm_answer_refused"
        assert (await asked.suggest(FACTS, CANDIDATES, tenant="acme")).index == 0


def test_suggestion_has_no_place_for_a_figure() -> None:
    assert {field.name: field.type for field in fields(Suggestion)} == {
        "index": int | None,
        "model": str,
        "prompt_digest": str,
    }


async def test_failure_is_an_error_and_never_an_empty_text() -> None:
    async with answering(in_turn(Reply(500))) as source, source.client() as http:
        with pytest.raises(RemoteCallError) as raised:
            await model(http).complete("hot rolled coil", CANDIDATES, tenant="acme")
    assert (raised.value.code, raised.value.status) == ("remote_failed", 500)


async def test_same_call_is_sent_again_after_a_limit_with_the_same_key() -> None:
    async with answering(in_turn(Reply(429), said("1"))) as source, source.client() as http:
        await model(http).suggest(FACTS, CANDIDATES, tenant="acme")
    keys = [asked.headers["idempotency-key"] for asked in source.asked]
    assert (len(keys), len(set(keys))) == (2, 1)


async def test_same_question_is_asked_once() -> None:
    async with answering(in_turn(said("1"))) as source, source.client() as http:
        asked = model(http)
        calls = (asked.suggest(FACTS, CANDIDATES, tenant="acme") for _ in range(50))
        found = await asyncio.gather(*calls)
        await asked.suggest(FACTS, CANDIDATES, tenant="acme")
    assert (len(source.asked), len(set(found))) == (1, 1)


async def test_question_past_the_cache_is_asked_each_time() -> None:
    async with answering(in_turn(said("1"))) as source, source.client() as http:
        for _ in range(2):
            await model(http).suggest(FACTS, CANDIDATES, tenant="acme", use_cache=False)
    assert len(source.asked) == 2


async def test_answers_of_tenants_models_and_parameters_are_kept_apart() -> None:
    kept = KeptAnswers()
    async with answering(in_turn(said("1"))) as source, source.client() as http:
        for name, most in (("small-1", 16), ("big-1", 16), ("small-1", 99)):
            asked = AsyncLLMOperations(http, name, kept, parameters=ModelParameters(max_tokens=most))
            for tenant in ("acme", "other", "acme"):
                await asked.suggest(FACTS, CANDIDATES, tenant=tenant)
    assert (len(source.asked), len(kept.kept)) == (6, 6)


async def test_prompt_is_not_readable_in_the_cache() -> None:
    kept = KeptAnswers()
    async with answering(in_turn(said("1"))) as source, source.client() as http:
        await AsyncLLMOperations(http, "small-1", kept).suggest(FACTS, CANDIDATES, tenant="acme")
    assert "coil" not in repr(kept.kept)


async def test_kept_answer_that_is_no_place_in_the_list_is_refused() -> None:
    kept = KeptAnswers()
    async with answering(in_turn(said("1"))) as source, source.client() as http:
        asked = AsyncLLMOperations(http, "small-1", kept)
        await asked.suggest(FACTS, CANDIDATES, tenant="acme")
        kept.kept = dict.fromkeys(kept.kept, "7")
        with pytest.raises(RemoteCallError, match="did not choose"):
            await asked.suggest(FACTS, CANDIDATES, tenant="acme")


async def test_batch_has_a_suggestion_or_an_error_for_each_question_and_is_bounded() -> None:
    async def answer(asked: Asked) -> Reply:
        await asyncio.sleep(0.002)
        return said("1") if b"good" in asked.body else Reply(400)

    questions = [
        SuggestionQuestion("acme", {"text": f"{'bad' if number % 3 else 'good'} {number}"}, CANDIDATES)
        for number in range(30)
    ]
    async with answering(answer) as source, source.client() as http:
        found = await model(http, at_once=4).complete_batch(questions)
    assert [type(one) for one in found] == [Done, Failed, Failed] * 10
    assert source.most_under_way == 4


async def test_question_that_is_too_long_is_not_sent() -> None:
    async with answering(in_turn(said("1"))) as source, source.client() as http:
        with pytest.raises(InputError):
            await model(http).complete("x" * 30_000, CANDIDATES, tenant="acme")
    assert source.asked == []


async def test_api_key_is_in_no_text_about_the_client_or_its_errors() -> None:
    async with answering(in_turn(Reply(401))) as source, source.client() as http:
        asked = model(http, api_key=KEY)
        with pytest.raises(RemoteCallError) as raised:
            await asked.suggest(FACTS, CANDIDATES, tenant="acme")
    shown = f"{asked!r}{asked.__dict__}{http.__dict__}{raised.value!r}{raised.value.__dict__}"
    assert "very-secret" not in shown
