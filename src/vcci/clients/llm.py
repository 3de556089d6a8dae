"""A language model as an adviser: it points to one of the candidates it is given, or to none, and no more.

Whatever it says beside a place in the list is an error. It is never asked for a figure, and no figure of it
gets out: a suggestion is for a person, or for a rule with a threshold of its own, to take up.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from functools import partial
from typing import Any, Final
from uuid import uuid4

from pydantic import SecretStr

from vcci.clients.cached import AnswerCache, key_of
from vcci.clients.http import AsyncHTTPClient
from vcci.clients.prompts import NONE_OF_THESE, Prompt, chosen, prompt_of
from vcci.concurrency.bounded import AT_ONCE, Outcome, bounded_outcomes
from vcci.concurrency.single_flight import SingleFlight

CACHE_TYPE: Final = "llm_responses"
PATH: Final = "/chat/completions"


@dataclass(frozen=True, slots=True)
class ModelParameters:
    """How the model is asked; `has_schema`: the service can hold answers to a JSON schema."""

    temperature: float = 0.0
    max_tokens: int = 16
    has_schema: bool = True


@dataclass(frozen=True, slots=True)
class Suggestion:
    """The place of a candidate in the list that was given, from 0, or None for "none of these".

    `prompt_digest` is BLAKE2b over all that the model was sent.
    """

    index: int | None
    model: str
    prompt_digest: str


@dataclass(frozen=True, slots=True)
class SuggestionQuestion:
    """Facts of a tenant, by name, and the candidates that the model may point to."""

    tenant: str
    facts: Mapping[str, str] = field(hash=False)
    candidates: Sequence[str]


class AsyncLLMOperations:
    """Asks a model behind an OpenAI-compatible service; `http` has its base URL, up to /v1.

    Answers are kept in the cache by tenant, model, parameters and prompt. The key goes into a header field
    and nowhere else. Raises `RemoteError` where there is no answer, and code `llm_answer_refused` for one
    that is no place in the list.
    """

    def __init__(
        self,
        http: AsyncHTTPClient,
        model: str,
        cache: AnswerCache,
        *,
        api_key: SecretStr | None = None,
        parameters: ModelParameters = ModelParameters(),
        at_once: int = AT_ONCE,
    ) -> None:
        self._http = http
        self._model = model
        self._cache = cache
        self._api_key = api_key
        self._parameters = parameters
        self._at_once = at_once
        self._calls = SingleFlight()

    async def suggest(
        self, facts: Mapping[str, str], candidates: Sequence[str], *, tenant: str, use_cache: bool = True
    ) -> Suggestion:
        """Return which candidate the facts belong to; raises `InputError` where they are too many or long."""
        prompt = prompt_of(facts, candidates)
        key = key_of(tenant, self._model, *asdict(self._parameters).values(), prompt.digest)
        if use_cache:
            place = await self._calls.do(key, lambda: self._kept(prompt, key, tenant=tenant))
        else:
            place = await self._asked(prompt)
        checked = chosen(place, prompt, host=self._http.name)
        return Suggestion(None if checked == NONE_OF_THESE else checked - 1, self._model, prompt.digest)

    async def complete(
        self, prompt: str, candidates: Sequence[str], *, tenant: str, use_cache: bool = True
    ) -> Suggestion:
        """Return which candidate a text belongs to."""
        return await self.suggest({"text": prompt}, candidates, tenant=tenant, use_cache=use_cache)

    async def complete_batch(self, questions: Iterable[SuggestionQuestion]) -> list[Outcome[Suggestion]]:
        """Return for each question, in order, its suggestion or its error; a few are asked at a time."""
        works = (partial(self.suggest, q.facts, q.candidates, tenant=q.tenant) for q in questions)
        return await bounded_outcomes(works, self._at_once)

    async def aclose(self) -> None:
        """Give up calls under way: one goes on when who asked has left, so that its answer is kept."""
        await self._calls.aclose()

    async def _kept(self, prompt: Prompt, key: str, *, tenant: str) -> Any:
        return await self._cache.get_or_set(
            cache_type=CACHE_TYPE,
            key=key,
            fetcher=lambda: self._asked(prompt),
            owner=tenant,
            model=self._model,
            prompt_digest=prompt.digest,
        )

    async def _asked(self, prompt: Prompt) -> int:
        """Return the place that the model names, from 1, or `NONE_OF_THESE`."""
        asked: dict[str, Any] = {
            "model": self._model,
            "messages": prompt.messages,
            "temperature": self._parameters.temperature,
            "max_tokens": self._parameters.max_tokens,
        }
        if self._parameters.has_schema:
            asked["response_format"] = prompt.response_format
        headers = {}
        if self._api_key is not None:
            headers["authorization"] = f"Bearer {self._api_key.get_secret_value()}"
        content = await self._http.post(PATH, json=asked, headers=headers, idempotency_key=uuid4().hex)
        return chosen(_said(content), prompt, host=self._http.name)


def _said(content: Any) -> Any:
    """Return what the model said, None where the answer has no such thing."""
    try:
        return content["choices"][0]["message"]["content"]
    except (KeyError, IndexError, TypeError):
        return None
