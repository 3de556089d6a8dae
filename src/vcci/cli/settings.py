"""`vcci settings`: the settings in force, secrets redacted."""

import typer
from pydantic import SecretStr


def settings() -> None:
    """Print the settings in force."""
    from vcci.settings import Settings, load, variable

    current = load()
    for name in Settings.model_fields:
        value = getattr(current, name)
        shown = "(set)" if isinstance(value, SecretStr) else value
        typer.echo(f"{variable(name)}={'' if shown is None else shown}")
