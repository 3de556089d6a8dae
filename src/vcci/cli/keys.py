"""`vcci keys`: keys of the API, for the tenant of the settings."""

from typing import Annotated
from uuid import UUID

import typer

from vcci.domain.access import Permission, Role

app = typer.Typer(help="Keys of the API: create | list | revoke.", no_args_is_help=True)

Name = Annotated[str, typer.Argument(help="What the key is for.")]
KeyRole = Annotated[Role, typer.Option(help="What it may do.")]
Narrowed = Annotated[
    list[Permission] | None, typer.Option("--permission", help="Of that only this; may be repeated.")
]
Days = Annotated[int | None, typer.Option("--expires-in-days", min=1, max=3_650, help="How long it lives.")]
KeyId = Annotated[UUID, typer.Argument(help="The id that `vcci keys list` shows.")]


@app.command()
def create(
    name: Name, *, role: KeyRole = Role.EDITOR, permissions: Narrowed = None, days: Days = None
) -> None:
    """Make a key, and print it this once."""
    import asyncio
    from datetime import timedelta

    from vcci import settings
    from vcci.database.api_keys import KeyTerms, mint_key
    from vcci.runtime.sessions import key_desk

    life = None if days is None else timedelta(days=days)

    async def make() -> str:
        async with key_desk(settings.load()) as (tx, tenant_id, pepper):
            terms = KeyTerms(name, role, permissions or (), life)
            key, _ = await mint_key(tx, tenant_id, terms, pepper=pepper)
        return key.text()

    typer.echo(asyncio.run(make()))


@app.command("list")
def list_keys() -> None:
    """Print the keys without their secrets, the newest first."""
    import asyncio

    from vcci import settings
    from vcci.database.api_keys import keys_of
    from vcci.domain.display import visible
    from vcci.runtime.sessions import key_desk

    async def found() -> list[str]:
        async with key_desk(settings.load()) as (tx, tenant_id, _):
            keys = await keys_of(tx, tenant_id)
        return [f"{key.id}\t{key.role}\t{_state(key.revoked_at, key.expires_at)}\t{key.name}" for key in keys]

    for line in ("id\trole\tstate\tname", *asyncio.run(found())):
        typer.echo("\t".join(map(visible, line.split("\t"))))


@app.command()
def revoke(key_id: KeyId) -> None:
    """Revoke a key: within a second nobody answers to it."""
    import asyncio

    from vcci import settings
    from vcci.database.api_keys import revoke_key
    from vcci.errors import InputError
    from vcci.runtime.sessions import key_desk

    async def end() -> bool:
        async with key_desk(settings.load()) as (tx, tenant_id, _):
            return await revoke_key(tx, tenant_id, key_id)

    if not asyncio.run(end()):
        raise InputError(
            f"There is no key {key_id} that could be revoked.",
            remedy="`vcci keys list` shows the keys of the tenant.",
            code="key_unknown",
        )
    typer.echo("revoked")


def _state(revoked_at: object, expires_at: object) -> str:
    if revoked_at:
        return "revoked"
    return f"until {expires_at:%Y-%m-%d}" if expires_at else "valid"
