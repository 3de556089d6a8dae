"""Recalculations of a tenant's runs: each standing run is examined, and those that are touched are queued."""

import asyncio
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

import orjson
from fastapi import Response
from pydantic import BaseModel, ConfigDict, Field

from vcci.database.connections import Connection
from vcci.database.ids import new_id
from vcci.database.job_store import BULK, Job, add_job
from vcci.database.run_succession import StandingRun, hold_file, standing_runs
from vcci.domain.access import Principal
from vcci.domain.factor import PriceBasis
from vcci.edge.intake_writes import JOBS, older_run
from vcci.edge.write_once import Reply, Write
from vcci.errors import PackError, VcciError
from vcci.processing.stored_run import INVENTORY
from vcci.runtime.job_kinds import RECALCULATION
from vcci.runtime.ledgers import data_folder
from vcci.runtime.recalculation import parameters_of, touched_by
from vcci.runtime.service import Service
from vcci.runtime.uploads import Uploads
from vcci.services.json_values import YesOrNo
from vcci.services.ledger_options import LedgerOptions, LedgerTask, Line, PackNames, Year
from vcci.services.recalculation import Touched, touched_as_json

RECALCULATIONS: Final = "/api/v1/recalculations"

NOT_UPLOADED: Final = (
    "not_uploaded",
    "The run is not of an uploaded file; see `vcci recalculate`.",
)
NOT_KEPT: Final = ("results_not_kept", "The results of this run are no longer kept here.")
UNREADABLE: Final = ("results_unreadable", "The results of this run cannot be read as they lie here.")
NEEDS_FILES: Final = "recalculation_needs_files"
BUSY: Final = ("job_under_way", "A job of the file is under way: ask again when it is over.")
REPLACED: Final = ("run_replaced", "Another run has taken its place meanwhile: ask again.")


class RecalculationRequest(BaseModel):
    """What the recalculations hold to in place of what the runs held to; what is left out stays as it was.

    With nothing given, what the packs and parameters of this version touch is found.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    packs: PackNames | None = Field(None, description="Packs that ship, by commas, in order of preference.")
    gwp: Line | None = Field(None, description="A GWP set, such as AR5; empty: that of each factor.")
    price_basis: PriceBasis | None = None
    year: Year | None = Field(None, description="The reporting year; the rest is excluded.")
    dry_run: YesOrNo = Field(False, description="Whether nothing is queued.")

    def applied(self, options: LedgerOptions) -> LedgerOptions:
        """Return the options of a recalculation of a run with these options."""
        given = {name: getattr(self, name) for name in ("packs", "gwp", "price_basis", "year")}
        return options.model_copy(update={name: told for name, told in given.items() if told is not None})


@dataclass(frozen=True, slots=True)
class Examined:
    """A standing run with what is touched of it, or why that is not known: a code, and a sentence."""

    run: StandingRun
    touched: Touched | None = None
    unknown: tuple[str, str] = ("", "")

    @property
    def is_touched(self) -> bool:
        """Say whether a row of the run would come out in another way."""
        return self.touched is not None and not self.touched.is_nothing

    def told(self) -> dict[str, Any]:
        """Return the run in plain values."""
        return {"run_id": str(self.run.id), "title": self.run.title}


@dataclass(frozen=True, slots=True)
class Queued:
    """The jobs of runs that are recalculated, and of the others why they are not: a code, and a sentence."""

    jobs: Mapping[UUID, UUID]
    refused: Mapping[UUID, tuple[str, str]]


@dataclass(frozen=True, slots=True)
class RecalculationWrite:
    """Recalculations of a principal's tenant."""

    service: Service
    principal: Principal

    async def recalculate(self, asked: RecalculationRequest, write: Write) -> Response:
        """Examine the standing runs, and queue the recalculation of those that are touched."""
        await asyncio.to_thread(self._refuse_unknown_packs, asked)
        async with self.service.pool.transaction(self.principal.tenant_id) as tx:
            standing = await standing_runs(tx, self.principal.tenant_id)
        examined = [await asyncio.to_thread(self._examined, run, asked) for run in standing]
        if asked.dry_run:
            return Response(orjson.dumps(_answer(examined, {})), media_type="application/json")

        async def queue(tx: Connection) -> Reply:
            return await self._queue_all(tx, examined, asked)

        return await write.once(queue)

    async def queue_runs(self, tx: Connection, runs: Collection[UUID], asked: RecalculationRequest) -> Queued:
        """Queue the recalculation of these runs, as far as they stand; role loader.

        Their files are read again, so their texts are placed as people have decided meanwhile.
        """
        standing = [run for run in await standing_runs(tx, self.principal.tenant_id) if run.id in runs]
        uploaded = [run for run in standing if run.job and "file" in run.job.task]
        refused = dict.fromkeys(runs, REPLACED) | {run.id: NOT_UPLOADED for run in standing}
        refused = {id_: why for id_, why in refused.items() if id_ not in {run.id for run in uploaded}}
        refused |= await self._refused(tx, uploaded)
        jobs = {
            run.id: await self._queue(tx, run.job, asked)
            for run in uploaded
            if run.job and run.id not in refused
        }
        return Queued(jobs, refused)

    def _refuse_unknown_packs(self, asked: RecalculationRequest) -> None:
        for name in filter(None, (asked.packs or "").split(",")):
            self.service.library.manifest(name)

    def _examined(self, run: StandingRun, asked: RecalculationRequest) -> Examined:
        if run.job is None or "file" not in run.job.task:
            return Examined(run, unknown=NOT_UPLOADED)
        task = LedgerTask.model_validate(run.job.task)
        folder = data_folder(self.service.settings) / task.out
        if not (folder / INVENTORY).exists():
            return Examined(run, unknown=NOT_KEPT)
        try:
            return Examined(run, touched_by(folder, parameters_of(asked.applied(task.options))))
        except VcciError as error:
            is_of_request = asked.packs is not None and isinstance(error, PackError)
            if is_of_request or (asked.gwp and error.code == "gwp_set_unknown"):
                raise
            is_told = isinstance(error, PackError) or error.code == NEEDS_FILES
            return Examined(run, unknown=(error.code, error.sentence) if is_told else UNREADABLE)

    async def _queue_all(
        self, tx: Connection, examined: Sequence[Examined], asked: RecalculationRequest
    ) -> Reply:
        refused = await self._refused(tx, [one.run for one in examined if one.is_touched])
        jobs: dict[UUID, UUID] = {}
        for one in examined:
            if one.is_touched and one.run.job and one.run.id not in refused:
                jobs[one.run.id] = await self._queue(tx, one.run.job, asked)
        found = [
            Examined(one.run, unknown=refused[one.run.id]) if one.run.id in refused else one
            for one in examined
        ]
        return Reply(_answer(found, jobs), 202 if jobs else 200)

    async def _refused(self, tx: Connection, runs: Sequence[StandingRun]) -> dict[UUID, tuple[str, str]]:
        """Hold the files of these runs until the transaction ends; say which of them have to wait, and why.

        They come by id, so two requests hold them in the same order.
        """
        tenant_id = self.principal.tenant_id
        files = {run.id: UUID(run.job.task["file_id"]) for run in runs if run.job}
        busy = {id_: BUSY for id_, file in files.items() if not await hold_file(tx, tenant_id, file)}
        standing = {run.id for run in await standing_runs(tx, tenant_id)}
        return {id_: REPLACED for id_ in files if id_ not in standing} | busy

    async def _queue(self, tx: Connection, before: Job, asked: RecalculationRequest) -> UUID:
        uploads = Uploads(data_folder(self.service.settings), self.principal.tenant_id)
        task, job_id = LedgerTask.model_validate(before.task), new_id()
        changes = {
            "out": uploads.relative(uploads.results(UUID(task.file_id), job_id)),
            "options": asked.applied(task.options),
            "older": older_run(before),
        }
        told = task.model_copy(update=changes).model_dump(mode="json")
        job = job_id, self.principal.key_id, RECALCULATION
        await add_job(tx, self.principal.tenant_id, job=job, task=told, priority=BULK)
        return job_id


def _answer(examined: Sequence[Examined], jobs: dict[UUID, UUID]) -> dict[str, Any]:
    touched = [(one, one.touched) for one in examined if one.touched and one.is_touched]
    return {
        "runs": [
            {**one.told(), **touched_as_json(found), **_job(jobs.get(one.run.id))} for one, found in touched
        ],
        "untouched": [str(one.run.id) for one in examined if one.touched and not one.is_touched],
        "not_examined": [
            {**one.told(), "code": one.unknown[0], "why": one.unknown[1]}
            for one in examined
            if one.touched is None
        ],
    }


def _job(job_id: UUID | None) -> dict[str, Any]:
    if job_id is None:
        return {"job_id": None, "links": {}}
    return {"job_id": str(job_id), "links": {"job": f"{JOBS}/{job_id}"}}
