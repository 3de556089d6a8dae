"""The decisions on texts that a job's run holds to: the same in every attempt, whoever decides meanwhile."""

from typing import Final

from vcci.database.decisions import decisions_until, newest_decision
from vcci.database.job_chunks import Chunk
from vcci.domain.review import Decision
from vcci.runtime.job_rooms import JobLedger

DECIDED: Final = "decided"
"""The chunk that tells the number of the newest decision when the run began; none where there was none."""


def decisions_of_job(ledger: JobLedger) -> list[Decision]:
    """Return the decisions up to the one that was the newest when the first attempt began."""
    tenant_id = ledger.held.tenant_id
    begun = ledger.done.get((DECIDED, 0))
    number: int = (
        begun.told["number"] if begun else ledger.in_transaction(lambda tx: newest_decision(tx, tenant_id))
    )
    if begun is None and number:
        ledger.finish(Chunk(DECIDED, 0, 0, {"number": number}))
    return ledger.in_transaction(lambda tx: decisions_until(tx, tenant_id, number)) if number else []
