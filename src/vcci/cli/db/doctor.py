"""`vcci db doctor`: one screen on the state of the database, with what to do."""

from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from vcci.database.optimizations.doctor import Verdict


def doctor() -> None:
    """Examine the database; exit 1 if something has failed."""
    import asyncio

    from vcci import runtime, settings
    from vcci.cli.db.tables import print_table

    found = asyncio.run(_examined(runtime.database_url(settings.load())))
    rows = [(one.state, one.what, one.told, one.remedy) for one in found]
    print_table("Database", ("state", "what", "~found", "~what to do"), rows)
    if any(one.state == "fail" for one in found):
        raise typer.Exit(1)


async def _examined(url: str) -> "list[Verdict]":
    from vcci.database.connections import connected
    from vcci.database.optimizations.doctor import examined

    async with connected(url) as connection:
        return await examined(connection)
