"""`vcci template`: an activity table to fill in, for each method of a category."""

from pathlib import Path
from typing import Annotated

import typer

Number = Annotated[int, typer.Argument(min=1, max=15, help="Scope 3 category.")]
Method = Annotated[str, typer.Option(help="One method of the category; all of them if left out.")]
Out = Annotated[Path | None, typer.Option(help="A .csv or .xlsx file; CSV on stdout if left out.")]


def template(category: Number, *, method: Method = "", out: Out = None) -> None:
    """Write a documented template of an activity table, with a worked row for each method."""
    from vcci.domain.category import Category
    from vcci.engine.methods import methods_of
    from vcci.errors import InputError
    from vcci.reports.templates import template_csv, template_xlsx

    known = [row.method.value for row in methods_of(category)]
    if method and method not in known:
        raise InputError(
            f"Category {category} has no method {method!r}.",
            remedy=f"It has {', '.join(known)}.",
            code="method_unknown",
        )
    if out is None:
        typer.echo(template_csv(Category(category), method), nl=False)
    elif out.suffix.lower() == ".xlsx":
        out.write_bytes(template_xlsx(Category(category), method))
    else:
        out.write_text(template_csv(Category(category), method), encoding="utf-8")
