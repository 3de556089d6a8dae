"""`vcci calculate`: activities in JSON to lines with their derivation; `vcci schema`: how to write them."""

import json
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

MAX_BYTES = 64_000_000
"""Largest request: some 200,000 activities. More are a file for `vcci run`."""

Source = Annotated[str, typer.Argument(help="A JSON file with one activity or an array, or - for stdin.")]
Packs = Annotated[
    list[str] | None,
    typer.Option("--pack", help="Factor pack, in order of preference; all without a mark if left out."),
]
Gwp = Annotated[str, typer.Option(help="GWP set, such as AR5; empty: that of each factor.")]


def calculate(source: Source, *, packs: Packs = None, gwp: Gwp = "") -> None:
    """Calculate activities; prints their lines as JSON, and exits with 1 if one of them has none."""
    from vcci import runtime
    from vcci.services.calculations import calculate as answer_all

    asked = _read(source)
    is_one = isinstance(asked, dict)
    answers = answer_all(
        [asked] if is_one else asked, calculator_for=runtime.calculator_for(packs or (), gwp_set=gwp)
    )
    plain = [answer.as_json() for answer in answers]
    text = json.dumps(plain[0] if is_one else plain, indent=2, ensure_ascii=False)
    typer.echo(text.encode("utf-8", "backslashreplace"))  # half a character pair stays what JSON calls it
    if any(answer.reason for answer in answers):
        sys.exit(1)


def schema() -> None:
    """Print the JSON Schema of what `vcci calculate` reads."""
    from vcci.services.activity_request import schema as json_schema

    typer.echo(json.dumps(json_schema(), indent=2))


def _bytes(source: str) -> bytes:
    from vcci.errors import InputError

    if source == "-":
        return sys.stdin.buffer.read(MAX_BYTES + 1)
    try:
        with Path(source).open("rb") as file:
            return file.read(MAX_BYTES + 1)
    except OSError as error:
        raise InputError(
            f"{source} cannot be read: {error.strerror}.",
            remedy="Check the path, or give - to read from standard input.",
            code="file_unreadable",
        ) from error


def _read(source: str) -> Any:
    """Return the JSON as it stands, numbers as their own texts."""
    from vcci.errors import InputError

    raw = _bytes(source)
    if len(raw) > MAX_BYTES:
        raise InputError(
            f"The request is larger than {MAX_BYTES:,} bytes.",
            remedy="Send it in parts, or write it as a table for `vcci run`.",
            code="request_too_large",
        )
    try:
        asked = json.loads(raw, parse_float=str, parse_int=str, parse_constant=str)
    except (ValueError, RecursionError) as error:
        raise InputError(
            f"The request is no JSON: {error}.",
            remedy="Write one activity ({...}) or an array of them; `vcci schema` prints the form.",
            code="request_not_json",
        ) from error
    if not isinstance(asked, dict | list):
        raise InputError(
            "The request is neither an activity nor an array of them.",
            remedy="Write one activity ({...}) or an array of them; `vcci schema` prints the form.",
            code="request_not_json",
        )
    return asked
