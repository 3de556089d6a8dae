"""Which runs a page is of, and addresses that keep to them, so that pages lead on within one inventory."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Final
from urllib.parse import urlencode
from uuid import UUID

from fastapi import Depends, Query

from vcci.database.connections import Connection
from vcci.database.run_sets import run_set
from vcci.edge.problems import ProblemError

MOST_RUNS: Final = 100

Ids = Annotated[list[UUID], Query(default_factory=list, max_length=MOST_RUNS)]


@dataclass(frozen=True, slots=True)
class RunsAsked:
    """The runs that are named in an address; without a name it is the tenant's current ones."""

    named: Sequence[UUID] = ()

    async def of(self, tx: Connection, tenant_id: UUID) -> tuple[UUID, ...]:
        """Return the runs; raises the problem of one that is not the tenant's."""
        runs = await run_set(tx, tenant_id, self.named)
        if runs is None:
            raise ProblemError("not_found", "There is no such run.", pointer="/runs")
        return runs

    def link(self, path: str, **query: Any) -> str:
        """Return an address within these runs; what is None or empty is left out."""
        told: Mapping[str, Any] = {name: value for name, value in query.items() if value not in (None, "")}
        asked = urlencode([*told.items(), *(("runs", run) for run in self.named)])
        return f"{path}?{asked}" if asked else path


async def runs_asked(runs: Ids, run: Ids) -> RunsAsked:
    """Return the runs that an address names, under either name."""
    return RunsAsked(tuple(dict.fromkeys([*runs, *run])))


OfRuns = Annotated[RunsAsked, Depends(runs_asked)]
