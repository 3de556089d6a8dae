"""`vcci worker`: a process that only works on jobs; start as many as the machine has room for."""

from typing import Annotated

import typer

Slots = Annotated[int, typer.Option(min=1, max=64, help="Jobs at a time; of two and more one is kept free.")]


def worker(*, slots: Slots = 2) -> None:
    """Work on the jobs of all tenants; Ctrl-C or SIGTERM hands back what is under way, and stops."""
    import asyncio

    from vcci import settings
    from vcci.runtime.worker_process import work_until_stopped

    asyncio.run(work_until_stopped(settings.load(), slots=slots, say=typer.echo))
