"""`vcci jobs`: what works, waits and failed, for the tenant of the settings."""

from typing import TYPE_CHECKING, Annotated, Any
from uuid import UUID

import typer

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from vcci.database.connections import Connection
    from vcci.database.job_store import Job

app = typer.Typer(help="Jobs: list | show | cancel | resume | dead.", no_args_is_help=True)

JobId = Annotated[UUID, typer.Argument(help="The id that `vcci jobs list` shows.")]
State = Annotated[str, typer.Option(help="Only jobs in this state.")]
Limit = Annotated[int, typer.Option(min=1, max=1_000, help="The newest so many.")]
Follow = Annotated[bool, typer.Option("--follow", help="Show progress until the job is over.")]

HEADINGS = ("id", "kind", "state", "attempts", "created", "progress")


@app.command("list")
def list_jobs(*, state: State = "", limit: Limit = 50) -> None:
    """Print the newest jobs."""
    from vcci.database.job_store import JobState
    from vcci.errors import InputError

    if state and state not in set(JobState):
        raise InputError(
            f"There is no state {state!r}.",
            remedy=f"States are {', '.join(JobState)}.",
            code="job_state_unknown",
        )
    _print_jobs(state=state, limit=limit)


@app.command()
def dead(*, limit: Limit = 50) -> None:
    """Print the jobs that failed, each with its cause and what to do."""
    for job in _newest(state="failed", limit=limit):
        error = job.outcome.get("error", {})
        typer.echo(f"{job.id}\t{job.kind}\t{job.attempts} attempts")
        typer.echo(_visible(f"  {error.get('what', '')}"))
        typer.echo(_visible(f"  {error.get('remedy', '')} [{error.get('code', '')}]"))


@app.command()
def show(job_id: JobId, *, follow: Follow = False) -> None:
    """Print a job: where it stands, what it came to or why it failed, and its attempts."""
    import time

    from vcci.runtime.job_progress import shown

    job, last = _found(job_id), ""
    while follow and not job.is_over:
        if (line := f"{job.state}  {shown(job.progress)}") != last:
            typer.echo(line, err=True)
            last = line
        time.sleep(0.5)
        job = _found(job_id)
    for line in _lines(job):
        typer.echo(_visible(line))


@app.command()
def cancel(job_id: JobId) -> None:
    """Call a job off: it ends after the chunk that it is at."""
    from vcci.database.job_store import call_off_job

    async def call_off(tx: "Connection", tenant_id: UUID) -> str | None:
        return await call_off_job(tx, tenant_id, job_id)

    state = _at_desk(call_off)
    if state is None:
        _refuse(job_id, "called off")
    typer.echo("cancelled" if state == "cancelled" else "asked to stop")


@app.command()
def resume(job_id: JobId) -> None:
    """Let a job that failed, was cancelled or waits go on after its last chunk, now."""
    from vcci.database.job_store import take_up_again

    async def again(tx: "Connection", tenant_id: UUID) -> bool:
        return await take_up_again(tx, tenant_id, job_id)

    if not _at_desk(again):
        _refuse(job_id, "taken up again")
    typer.echo("queued")


def _print_jobs(*, state: str, limit: int) -> None:
    from vcci.runtime.job_progress import shown

    typer.echo("\t".join(HEADINGS))
    for job in _newest(state=state, limit=limit):
        created = f"{job.created_at:%Y-%m-%d %H:%M:%S}"
        progress = "" if job.is_over else shown(job.progress)
        words = (str(job.id), job.kind, job.state, str(job.attempts), created, progress)
        typer.echo("\t".join(map(_visible, words)))


def _lines(job: "Job") -> list[str]:
    from vcci.runtime.job_progress import shown

    lines = [f"job       {job.id}, {job.kind}", f"state     {job.state}, {job.attempts} attempts"]
    if job.not_before and not job.is_over:
        lines.append(f"again at  {job.not_before:%Y-%m-%d %H:%M:%S}")
    if not job.is_over and (progress := shown(job.progress)):
        lines.append(f"progress  {progress}")
    if "run_id" in job.outcome:
        counts = job.outcome["counts"]
        lines.append(f"run       {job.outcome['run_id']}, {counts['rows']:,} rows, {counts['lines']:,} lines")
    if file := job.outcome.get("file"):
        lines.append(f"file      {file['name']}, {file['rows']:,} rows, {file['size_bytes']:,} bytes")
    if error := job.outcome.get("error"):
        lines += [f"cause     {error['what']} [{error['code']}]", f"to do     {error['remedy']}"]
    attempts = [f"attempt {one['attempt']}  {one['at']}  {one['code']}: {one['what']}" for one in job.history]
    return lines + attempts


def _newest(*, state: str, limit: int) -> "list[Job]":
    from vcci.database.job_store import newest_jobs

    async def newest(tx: "Connection", tenant_id: UUID) -> "list[Job]":
        return await newest_jobs(tx, tenant_id, state=state, limit=limit)

    found: list[Job] = _at_desk(newest)
    return found


def _found(job_id: UUID) -> "Job":
    from vcci.database.job_store import job_by_id

    async def by_id(tx: "Connection", tenant_id: UUID) -> "Job | None":
        return await job_by_id(tx, tenant_id, job_id)

    job: Job | None = _at_desk(by_id)
    return job or _refuse(job_id, "shown")


def _at_desk(work: "Callable[[Connection, UUID], Awaitable[Any]]") -> Any:
    import asyncio

    from vcci import settings
    from vcci.runtime.sessions import key_desk

    async def run() -> Any:
        async with key_desk(settings.load()) as (tx, tenant_id, _):
            return await work(tx, tenant_id)

    return asyncio.run(run())


def _refuse(job_id: UUID, done: str) -> Any:
    from vcci.errors import InputError

    raise InputError(
        f"There is no job {job_id} that can be {done}.",
        remedy="`vcci jobs list` shows the jobs of the tenant, and their states.",
        code="job_unknown",
    )


def _visible(text: str) -> str:
    from vcci.domain.display import visible

    return visible(text)
