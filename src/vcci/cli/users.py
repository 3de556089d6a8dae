"""`vcci users`: people who sign in, for the tenant of the settings. No password is ever an argument."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from vcci.domain.access import Role

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from uuid import UUID

    from vcci.database.connections import Connection

app = typer.Typer(help="Users: add | list | role | disable | enable | password.", no_args_is_help=True)

Name = Annotated[str, typer.Argument(help="The name that the user signs in by.")]
UserRole = Annotated[Role, typer.Option(help="What the user may do.")]
NewRole = Annotated[Role, typer.Argument(help="What the user may do from now on.")]


@app.command()
def add(name: Name, *, role: UserRole = Role.VIEWER) -> None:
    """Add a user; the password is asked for, or is a line of standard input."""
    hashed = _hashed()

    async def add_one(tx: "Connection", tenant_id: "UUID") -> None:
        from vcci.database.users import add_user

        await add_user(tx, tenant_id, name=_fit(name), role=role, password_hash=hashed)

    _at_desk(add_one)
    typer.echo("added")


@app.command("list")
def list_users() -> None:
    """Print the users, by name."""
    from vcci.database.users import users_of
    from vcci.domain.display import visible

    async def found(tx: "Connection", tenant_id: "UUID") -> Any:
        return await users_of(tx, tenant_id)

    typer.echo("name\trole\tstate\tsince")
    for user in _at_desk(found):
        state = "disabled" if user.disabled_at else "may sign in"
        typer.echo("\t".join((visible(user.name), user.role, state, f"{user.created_at:%Y-%m-%d}")))


@app.command()
def role(name: Name, to: NewRole) -> None:
    """Give a user another role: all their sessions end."""
    _change(name, role=to)


@app.command()
def disable(name: Name) -> None:
    """Shut a user out: all their sessions end."""
    _change(name, is_disabled=True)


@app.command()
def enable(name: Name) -> None:
    """Let a user in again."""
    _change(name, is_disabled=False)


@app.command()
def password(name: Name) -> None:
    """Give a user another password, asked for as by `add`: all their sessions end."""
    _change(name, password_hash=_hashed())


def _change(name: str, **told: Any) -> None:
    async def change(tx: "Connection", tenant_id: "UUID") -> bool:
        from vcci.database.users import change_user

        return await change_user(tx, tenant_id, name, **told)

    if not _at_desk(change):
        from vcci.errors import InputError

        raise InputError(
            f"There is no user {name!r}.",
            remedy="`vcci users list` shows the users of the tenant.",
            code="user_unknown",
        )
    typer.echo("changed")


def _fit(name: str) -> str:
    from vcci.errors import InputError

    if not (0 < len(name) <= 200 and name.isprintable() and name == name.strip()):
        raise InputError(
            "A name has 1 to 200 characters that can be printed, and no blank before or after it.",
            remedy="Choose another.",
            code="user_name_unfit",
        )
    return name


def _hashed() -> str:
    """Return the hash of a password: asked for twice on a terminal, else a line of standard input."""
    import sys

    from vcci.runtime.sign_in import password_hash

    if sys.stdin.isatty():
        given = typer.prompt("Password", hide_input=True, confirmation_prompt=True, err=True)
    else:
        given = sys.stdin.readline().rstrip("\r\n")
    return password_hash(str(given))


def _at_desk(work: "Callable[[Connection, UUID], Awaitable[Any]]") -> Any:
    import asyncio

    from vcci import settings
    from vcci.runtime.sessions import key_desk

    async def run() -> Any:
        async with key_desk(settings.load()) as (tx, tenant_id, _):
            return await work(tx, tenant_id)

    return asyncio.run(run())
