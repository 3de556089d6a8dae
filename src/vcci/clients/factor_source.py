"""Factors of other services, asked for over HTTP: "it has none" and "it is away" are never the same.

The service answers GET /factors/{source}/{activity}?region=&unit=&gwp_set= (and year=, version= where they
are asked for) with a factor, or with status 404 and the code `factor_not_found`. Any other 404 is an error:
a wrong address must not look like missing factors.
"""

from collections.abc import Callable, Iterable
from functools import partial
from hashlib import blake2b
from time import time
from typing import Final

from vcci.clients import remote_errors
from vcci.clients.cached import AnswerCache, key_of
from vcci.clients.factor_answer import FactorAbsent, FactorAnswer, FactorQuestion, SourceFactor, factor_of
from vcci.clients.http import AsyncHTTPClient, HttpAnswer, decoded
from vcci.clients.paths import path_of
from vcci.concurrency.bounded import AT_ONCE, Outcome, bounded_outcomes
from vcci.concurrency.single_flight import SingleFlight

CACHE_TYPE: Final = "emission_factors"
NOT_FOUND: Final = "factor_not_found"


class AsyncFactorBroker:
    """Asks a service for factors, each question once at a time, and keeps answers for `ttl` seconds at most.

    The age is part of the cache's key, so that no answer is used for longer whatever the cache does; with
    None it is the cache's matter. "It has none" is kept as the cache keeps absences. `now` is the clock, in
    seconds.
    """

    def __init__(
        self,
        http: AsyncHTTPClient,
        cache: AnswerCache,
        ttl: int | None = 3600,
        *,
        at_once: int = AT_ONCE,
        now: Callable[[], float] = time,
    ) -> None:
        self._http = http
        self._cache = cache
        self._ttl_s = ttl
        self._at_once = at_once
        self._now = now
        self._calls = SingleFlight()

    async def get_factor(
        self,
        source: str,
        activity: str,
        region: str = "global",
        *,
        tenant: str,
        unit: str,
        gwp_set: str,
        year: int | None = None,
        source_version: str = "",
    ) -> FactorAnswer:
        """Return the factor, or `FactorAbsent`; raises `RemoteError` where the source gives no answer."""
        return await self.answer(
            FactorQuestion(tenant, source, activity, region, unit, gwp_set, year, source_version)
        )

    async def get_factors_batch(self, questions: Iterable[FactorQuestion]) -> list[Outcome[FactorAnswer]]:
        """Return for each question, in order, its answer or its error; a few are asked at a time."""
        works = (partial(self.answer, question) for question in questions)
        return await bounded_outcomes(works, self._at_once)

    async def answer(self, question: FactorQuestion) -> FactorAnswer:
        """Return the answer to a question, from the cache or the source."""
        key = self._key(question)
        answer: FactorAnswer = await self._calls.do(key, lambda: self._kept(question, key))
        return answer

    async def aclose(self) -> None:
        """Give up calls under way: one goes on when who asked has left, so that its answer is kept."""
        await self._calls.aclose()

    async def _kept(self, question: FactorQuestion, key: str) -> FactorAnswer:
        async def fetched() -> dict[str, str] | None:
            found = await self._asked(question)
            return None if found is None else found.model_dump()

        kept = await self._cache.get_or_set(
            cache_type=CACHE_TYPE,
            key=key,
            fetcher=fetched,
            owner=question.tenant,
            source=question.source,
            source_version=question.source_version,
            activity=question.activity,
            region=question.region,
        )
        return FactorAbsent(question) if kept is None else factor_of(kept, question, host="the cache")

    async def _asked(self, question: FactorQuestion) -> SourceFactor | None:
        asked = {"region": question.region, "unit": question.unit, "gwp_set": question.gwp_set}
        if question.year is not None:
            asked["year"] = str(question.year)
        if question.source_version:
            asked["version"] = question.source_version
        path = path_of("factors", question.source, question.activity)
        answer = await self._http.request("GET", path, params=asked, passed_on=(404,))
        host = self._http.name
        if answer.status == 404:
            _refuse_unless_absent(answer, host)
            return None
        return factor_of(decoded(answer, host=host), question, host=host)

    def _key(self, question: FactorQuestion) -> str:
        q = question
        parts = (q.tenant, q.source, q.source_version, q.activity, q.region, q.gwp_set, q.unit, q.year)
        if self._ttl_s is None:
            return key_of(*parts)
        own_s = int.from_bytes(blake2b(key_of(*parts).encode(), digest_size=4).digest()) % self._ttl_s
        return key_of(*parts, int((self._now() + own_s) // self._ttl_s))  # not all grow old at once


def _refuse_unless_absent(answer: HttpAnswer, host: str) -> None:
    content = decoded(answer, host=host) if answer.body[:1] == b"{" else None
    if not isinstance(content, dict) or content.get("code") != NOT_FOUND:
        raise remote_errors.refused(host, 404, retry_after_s=None)
