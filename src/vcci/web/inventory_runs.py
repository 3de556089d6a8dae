"""Which runs and year a page is of, and addresses that keep to them: pages lead on within one inventory."""

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

Year = Annotated[int | None, Query(ge=1, le=9_999)]
Ids = Annotated[list[UUID], Query(default_factory=list, max_length=MOST_RUNS)]


@dataclass(frozen=True, slots=True)
class RunsAsked:
    """The runs that are named in an address; without a name it is the tenant's current ones.

    `year` leaves of them the lines whose date lies in that calendar year, as on the overview.
    """

    named: Sequence[UUID] = ()
    year: int | None = None

    async def of(self, tx: Connection, tenant_id: UUID) -> tuple[UUID, ...]:
        """Return the runs; raises the problem of one that is not the tenant's."""
        runs = await run_set(tx, tenant_id, self.named)
        if runs is None:
            raise ProblemError("not_found", "There is no such run.", pointer="/runs")
        return runs

    def link(self, path: str, **query: Any) -> str:
        """Return an address within these runs and their year; what is None or empty is left out."""
        every: Mapping[str, Any] = {"year": self.year, **query}
        told = {name: value for name, value in every.items() if value not in (None, "")}
        asked = urlencode([*told.items(), *(("runs", run) for run in self.named)])
        return f"{path}?{asked}" if asked else path


async def runs_asked(runs: Ids, run: Ids, year: Year = None) -> RunsAsked:
    """Return the runs that an address names, under either name, and the year."""
    return RunsAsked(tuple(dict.fromkeys([*runs, *run])), year)


OfRuns = Annotated[RunsAsked, Depends(runs_asked)]
