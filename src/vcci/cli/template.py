"""`vcci template`: an activity table to fill in, for each method of a category."""

from pathlib import Path
from typing import Annotated

import typer

Number = Annotated[int, typer.Argument(min=1, max=15, help="Scope 3 category.")]
Method = Annotated[str, typer.Option(help="One method of the category; all of them if left out.")]


def _known_kind(out: Path | None) -> Path | None:
    if out and out.suffix.lower() not in (".csv", ".xlsx"):
        raise typer.BadParameter(f"{out} ends neither in .csv nor in .xlsx.")
    return out


Out = Annotated[
    Path | None,
    typer.Option(callback=_known_kind, help="A new .csv or .xlsx file; CSV on stdout if left out."),
]


def template(category: Number, *, method: Method = "", out: Out = None) -> None:
    """Write a documented template of an activity table, with a worked row for each method."""
    from vcci.domain.category import Category
    from vcci.engine.methods import methods_of
    from vcci.errors import InputError
    from vcci.parameters import load
    from vcci.reports.templates import template_csv, template_xlsx

    known = [row.method.value for row in methods_of(category)]
    if method and method not in known:
        raise InputError(
            f"Category {category} has no method {method!r}.",
            remedy=f"It has {', '.join(known)}.",
            code="method_unknown",
        )
    chosen = Category(category)
    if out is None:
        typer.echo(template_csv(chosen, method), nl=False)
    elif out.suffix.lower() == ".xlsx":
        _write(out, template_xlsx(chosen, method, units=load.units(())))
    else:
        _write(out, template_csv(chosen, method).encode())


def _write(out: Path, content: bytes) -> None:
    """Write a new file; one that is there may have been filled in, and stays."""
    from vcci.errors import InputError

    try:
        with out.open("xb") as file:
            file.write(content)
    except FileExistsError:
        what, remedy, code = "exists", "Name another file with --out, or remove it.", "out_is_taken"
    except OSError as error:
        what, remedy, code = f"cannot be written: {error.strerror}", "Check the folder.", "out_unwritable"
    else:
        return
    raise InputError(f"{out} {what}.", remedy=remedy, code=code)
