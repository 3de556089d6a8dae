"""`vcci report`: a run as a standard asks for it, as a file or as JSON."""

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from vcci.errors import InputError

if TYPE_CHECKING:
    from vcci.services.reported import Reported


class Standard(StrEnum):
    """The standards that there are views by."""

    GHG_PROTOCOL = "ghg-protocol"
    ESRS_E1_6 = "esrs-e1-6"
    IFRS_S2 = "ifrs-s2"


class Format(StrEnum):
    """How a report is written; a ZIP is of CSV files."""

    PDF = "pdf"
    XLSX = "xlsx"
    ZIP = "zip"
    PARQUET = "parquet"
    JSON = "json"


class Paper(StrEnum):
    """The paper of a PDF."""

    A4 = "a4"
    LETTER = "letter"


Run = Annotated[str, typer.Argument(help="Folder with the results of a run, or the id of a stored one.")]
By = Annotated[Standard, typer.Option(help="The standard.")]
As = Annotated[Format, typer.Option("--format", help="The format of the file; zip is of CSV files.")]
Out = Annotated[Path | None, typer.Option(help="The file; without it STANDARD.FORMAT in this folder.")]
On = Annotated[Paper, typer.Option(help="The paper of a PDF.")]


def report(
    run: Run,
    *,
    standard: By = Standard.GHG_PROTOCOL,
    form: As = Format.PDF,
    out: Out = None,
    paper: On = Paper.A4,
) -> None:
    """Write a run as a standard asks for it, with what is not available, and why."""
    import orjson

    from vcci.reports.standards import STANDARDS
    from vcci.runtime.report_exports import export_file

    made = STANDARDS[standard](_reported(run))
    if form is Format.JSON:
        content = orjson.dumps(made.as_json(), option=orjson.OPT_INDENT_2) + b"\n"
    else:
        content = export_file(made, form, paper=paper)
    target = out or Path(f"{standard}.{form}")
    try:
        target.write_bytes(content)
    except OSError as error:
        raise InputError(
            f"{target} cannot be written: {error.strerror}.",
            remedy="Name another file with --out.",
            code="out_is_taken",
        ) from error
    typer.echo(f"{target}: {made.missing} of what is asked for is not available, each with the reason")


def _reported(run: str) -> "Reported":
    """Return what a report of a folder, or else of a stored run, is of."""
    from vcci import settings
    from vcci.runtime.reported_runs import reported_folder, reported_stored

    folder = Path(run)
    return reported_folder(folder) if folder.exists() else reported_stored(settings.load(), run)
