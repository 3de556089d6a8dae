"""Uploads and what is asked of them: stored on disk first, then known and queued in one transaction."""

import asyncio
import hashlib
import re
import shutil
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final
from uuid import UUID

from fastapi import Response, UploadFile

from vcci.database.connections import Connection
from vcci.database.ids import new_id
from vcci.database.intake_store import IntakeFile, add_file, file_by_id
from vcci.database.job_store import BULK, INTERACTIVE, Job, add_job, last_completed_job
from vcci.database.tenants import Role
from vcci.domain.access import Principal
from vcci.edge.problems import ProblemError
from vcci.edge.write_once import REPLAYED, Reply, Write
from vcci.errors import InputError
from vcci.runtime.job_worker import LEDGER
from vcci.runtime.ledgers import data_folder
from vcci.runtime.service import Service
from vcci.runtime.uploads import StoredFile, Uploads, safe_name, store
from vcci.services.ledger_options import LedgerOptions, LedgerTask, OlderRun

SHOWN_JOBS: Final = 20
BULK_BYTES: Final = 5_000_000
"""A file of this size and more waits behind those that somebody waits for: some 50,000 rows, 10 seconds."""

FILES: Final = "/api/v1/intake/files"
JOBS: Final = "/api/v1/jobs"
IMPORTS: Final = "/import"
"""Where pages take files."""

_TAKES_FILES: Final = re.compile(
    rf"{FILES}|{FILES}/[^/]+/repairs|{IMPORTS}|{IMPORTS}/[^/]+/rejects/upload", re.ASCII
)


def takes_files(path: str) -> bool:
    """Say whether a file is sent to an address: a ledger, or a list of its rejected rows, mended."""
    return _TAKES_FILES.fullmatch(path) is not None


@dataclass(frozen=True, slots=True)
class IntakeWrite:
    """Uploads of a principal's tenant."""

    service: Service
    principal: Principal

    @property
    def uploads(self) -> Uploads:
        """Return where the tenant's files lie."""
        return Uploads(data_folder(self.service.settings), self.principal.tenant_id)

    async def upload(self, file: UploadFile, options: LedgerOptions, write: Write) -> Response:
        """Store a file and queue its run; a request that is sent again leaves nothing behind."""
        file_id = new_id()
        folder = self.uploads.folder(file_id)

        async def work() -> Response:
            stored = await self._stored(file, folder / "file" / safe_name(file.filename or ""))
            known = self._known(file_id, stored)

            async def take(tx: Connection) -> Reply:
                await add_file(tx, self.principal.tenant_id, known)
                return await self.queue(tx, known, options)

            return await write.once(take, body_digest=_digest(stored, options))

        return await _kept_if_used(folder, work)

    async def keep(self, files: Sequence[UploadFile]) -> IntakeFile:
        """Store files that make one ledger, and nothing more: how they are read is settled before they run.

        Several lie in a folder, which is read as one file. Raises `InputError` beyond the limit of a file.
        """
        file_id = new_id()
        folder = self.uploads.folder(file_id)
        most = self.service.settings.max_file_bytes
        try:
            stored = await asyncio.to_thread(_store_together, files, folder / "file", most_bytes=most)
            known = self._known(file_id, stored)
            async with self.service.pool.transaction(self.principal.tenant_id, role=Role.LOADER) as tx:
                await add_file(tx, self.principal.tenant_id, known)
        except InputError:
            await asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True)
            raise
        return known

    async def run_again(self, file_id: UUID, options: LedgerOptions, write: Write) -> Response:
        """Queue another run of a file that was uploaded."""

        async def again(tx: Connection) -> Reply:
            known = await self.file(tx, file_id)
            return await self.queue(tx, known, options)

        return await write.once(again)

    async def repair(self, file_id: UUID, file: UploadFile, write: Write) -> Response:
        """Store mended rows, and queue the run that takes the place of the last that came to an end."""
        async with self.service.pool.transaction(self.principal.tenant_id) as tx:
            known = await self.file(tx, file_id)
        folder = self.uploads.folder(file_id) / "repairs" / str(new_id())

        async def work() -> Response:
            stored = await self._stored(file, folder / safe_name(file.filename or ""))

            async def mend(tx: Connection) -> Reply:
                job = await self.last_run(tx, file_id)
                before = LedgerTask.model_validate(job.task)
                repairs = (*before.repairs, self.uploads.relative(stored.path))
                return await self.queue(tx, known, before.options, repairs=repairs, older=older_run(job))

            return await write.once(mend, body_digest=bytes.fromhex(stored.digest))

        return await _kept_if_used(folder, work)

    async def file(self, tx: Connection, file_id: UUID) -> IntakeFile:
        """Return a file of the tenant; raises the problem of one that is not there."""
        found = await file_by_id(tx, self.principal.tenant_id, file_id)
        if found is None:
            raise ProblemError("not_found")
        return found

    async def last_run(self, tx: Connection, file_id: UUID) -> Job:
        """Return the last job of a file that ended with a run."""
        await self.file(tx, file_id)
        found = await last_completed_job(tx, self.principal.tenant_id, file_id)
        if found is None:
            raise ProblemError("conflict", "The file has no run that has come to its end.")
        return found

    async def result(self, job: Job, name: str) -> Path:
        """Return a file of a job's results; raises the problem of one that is not there."""
        path = self.uploads.root / LedgerTask.model_validate(job.task).out / name
        if not await asyncio.to_thread(path.is_file):
            raise ProblemError("not_found", "The results of this run are no longer kept here.")
        return path

    async def _stored(self, file: UploadFile, path: Path) -> StoredFile:
        most = self.service.settings.max_file_bytes
        return await asyncio.to_thread(store, file.file, path, most_bytes=most)

    def _known(self, file_id: UUID, stored: StoredFile) -> IntakeFile:
        made = stored.path.name, stored.digest, stored.size_bytes
        return IntakeFile(file_id, self.principal.key_id, *made, datetime.now(UTC))

    async def queue(
        self,
        tx: Connection,
        known: IntakeFile,
        options: LedgerOptions,
        *,
        repairs: Sequence[str] = (),
        older: OlderRun | None = None,
    ) -> Reply:
        """Queue a run of a file, and return what says so; `older` is the run whose place it takes."""
        uploads, job_id = self.uploads, new_id()
        task = LedgerTask(
            file_id=str(known.id),
            file=uploads.relative(uploads.file(known.id, known.name)),
            out=uploads.relative(uploads.results(known.id, job_id)),
            options=options,
            repairs=list(repairs),
            older=older,
        )
        job = job_id, self.principal.key_id, LEDGER
        priority = BULK if known.size_bytes >= BULK_BYTES else INTERACTIVE
        told = task.model_dump(mode="json")
        await add_job(tx, self.principal.tenant_id, job=job, task=told, priority=priority)
        ids = {"file_id": str(known.id), "job_id": str(job_id)}
        links = {"file": f"{FILES}/{known.id}", "job": f"{JOBS}/{job_id}"}
        return Reply(ids | {"links": links}, 202, {"Location": links["job"]})


async def _kept_if_used(folder: Path, work: Callable[[], Awaitable[Response]]) -> Response:
    """Do work that stores files in a folder, and remove this where surely nothing came of it.

    After any other error the database may know of them: a file too many is better than one too few.
    """
    try:
        answer = await work()
    except (ProblemError, InputError):
        await asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True)
        raise
    if all(answer.headers.get(name) == value for name, value in REPLAYED.items()):
        await asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True)
    return answer


def _store_together(files: Sequence[UploadFile], folder: Path, *, most_bytes: int) -> StoredFile:
    """Store one file, or several in a folder of their own; raises `InputError` beyond `most_bytes`."""
    first = safe_name(files[0].filename or "")
    if len(files) == 1:
        return store(files[0].file, folder / first, most_bytes=most_bytes)
    together, digests, size = folder / f"{first} and {len(files) - 1} more", [], 0
    for number, file in enumerate(files):
        name = safe_name(file.filename or "")
        path = together / (f"{number + 1} {name}" if (together / name).exists() else name)
        stored = store(file.file, path, most_bytes=most_bytes - size)
        digests.append(stored.digest)
        size += stored.size_bytes
    return StoredFile(together, hashlib.sha256("".join(sorted(digests)).encode()).hexdigest(), size)


def older_run(job: Job) -> OlderRun:
    """Return the run that a job came to, as one whose place another is to take."""
    out, told = job.task["out"], job.outcome
    return OlderRun(run_id=told["run_id"], run_digest=told["run_digest"], out=out)


def file_as_json(file: IntakeFile) -> dict[str, Any]:
    """Return a file in plain values, as `FileAnswer` says."""
    return {
        "id": str(file.id),
        "name": file.name,
        "sha256": file.digest,
        "size_bytes": file.size_bytes,
        "created_at": file.created_at,
    }


def _digest(stored: StoredFile, options: LedgerOptions) -> bytes:
    return hashlib.sha256(f"{stored.digest}/{options.model_dump_json()}".encode()).digest()
