"""Decisions in the review queue: taken, and the runs recalculated that they touch."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from vcci.database.connections import Connection
from vcci.database.decisions import Deciding, add_decisions
from vcci.database.review_queue import QueuedText, texts_named, touched_by_decisions
from vcci.database.tenants import Role
from vcci.domain.access import Principal
from vcci.domain.finding import REASONS, Outcome
from vcci.domain.review import NAMES_COMMODITY, Verdict
from vcci.edge.problems import ProblemError
from vcci.edge.recalculations import Queued, RecalculationRequest, RecalculationWrite
from vcci.runtime.service import Service
from vcci.services.classification import COMMODITY_PREFIX

MOST_AT_ONCE: Final = 500
"""Texts in one form."""

NOT_FOR_TEXTS: Final = ("subtotal", "outside_period", "redacted")
"""Excluding codes that are of a row, and that no text is the reason for."""

REJECTIONS: Final[Mapping[str, str]] = {
    code: why.meaning
    for code, why in REASONS.items()
    if why.outcome is Outcome.EXCLUDED and code not in NOT_FOR_TEXTS
}
"""Why a text may be no purchase, by code."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What is decided of texts: `commodity` where it is changed, `reason` (of REJECTIONS) where rejected."""

    verdict: Verdict
    commodity: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Taken:
    """How many decisions were stored, and of how many texts none could be: nothing is suggested for them."""

    decided: int
    left: int


@dataclass(frozen=True, slots=True)
class ReviewWrite:
    """Decisions of a principal; `titles` are those of the commodities that there are."""

    service: Service
    principal: Principal
    titles: Mapping[str, str]

    async def decide(self, keys: Sequence[str], asked: Asked) -> Taken:
        """Store a decision on each of these texts; raises `ProblemError` for what nobody can decide."""
        if not keys or len(keys) > MOST_AT_ONCE:
            raise ProblemError("request_invalid", f"Choose 1 to {MOST_AT_ONCE} texts.")
        self._refuse(asked)
        tenant_id = self.principal.tenant_id
        async with self.service.pool.transaction(tenant_id, role=Role.LOADER) as tx:
            found = await texts_named(tx, tenant_id, list(dict.fromkeys(keys)))
            if len(found) < len(set(keys)):
                raise ProblemError("not_found", "A text is in no run that stands.")
            decided = [one for text in found if (one := self._decision(text, asked)) is not None]
            if decided:
                await add_decisions(tx, self.principal, decided)
        return Taken(len(decided), len(found) - len(decided))

    def _refuse(self, asked: Asked) -> None:
        if asked.verdict is Verdict.CHANGED and asked.commodity not in self.titles:
            raise ProblemError("request_invalid", "There is no such commodity among those with a factor.")
        if asked.verdict is Verdict.NOT_A_PURCHASE and asked.reason not in REJECTIONS:
            raise ProblemError("request_invalid", "Say why it is no purchase.")

    def _decision(self, text: QueuedText, asked: Asked) -> Deciding | None:
        """Return what is decided of a text; None where a suggestion is accepted that there is not."""
        verdict, commodity = asked.verdict, asked.commodity
        if verdict is Verdict.ACCEPTED:
            commodity = text.activity.removeprefix(COMMODITY_PREFIX)
            if commodity not in self.titles:
                return None
        return Deciding(
            text.text_key,
            text.account or text.account_code,
            text.description,
            verdict,
            commodity if verdict in NAMES_COMMODITY else "",
            asked.reason if verdict is Verdict.NOT_A_PURCHASE else "",
        )

    async def recalculate(self) -> Queued:
        """Queue the runs that would be placed otherwise now; each file is read again."""
        tenant_id = self.principal.tenant_id
        async with self.service.pool.transaction(tenant_id, role=Role.LOADER) as tx:
            return await self._queue(tx)

    async def _queue(self, tx: Connection) -> Queued:
        touched = await touched_by_decisions(tx, self.principal.tenant_id)
        runs = {one.run_id for one in touched}
        return await RecalculationWrite(self.service, self.principal).queue_runs(
            tx, runs, RecalculationRequest()
        )
