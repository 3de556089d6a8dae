"""The kind of a file, told from its first bytes, and the refusals of what cannot be read."""

import codecs
from pathlib import Path
from typing import Final

from vcci.errors import FileRefusedError

READABLE: Final = "CSV and other delimited text, XLSX and Parquet can be read"

MAGIC: Final[tuple[tuple[bytes, str], ...]] = (
    (b"PAR1", "parquet"),
    (b"PARE", "an encrypted Parquet file"),
    (b"PK\x03\x04", "zip"),
    (b"PK\x05\x06", "an empty zip archive"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "ole"),
    (b"%PDF", "a PDF"),
    (b"\x1f\x8b", "a gzip archive"),
    (b"7z\xbc\xaf", "a 7z archive"),
    (b"Rar!", "a RAR archive"),
    (b"\x89PNG", "a picture"),
    (b"\xff\xd8\xff", "a picture"),
    (b"GIF8", "a picture"),
    (b"SQLite format 3", "an SQLite database"),
    (b"{\\rtf", "an RTF document"),
    (b"<?xml", "XML"),
    (b"<!DOCTYPE", "HTML or XML"),
    (b"<html", "HTML"),
    (b"<table", "HTML"),
)
"""First bytes, and the kind of file that begins so: a reader's name, or words for what cannot be read."""


def kind_of(path: Path, name: str) -> str:
    """Return "parquet", "xlsx" or "text" by content; anything else, and an empty file, is refused."""
    with path.open("rb") as file:
        head = file.read(4096)
    if not head:
        raise empty(name)
    start = head.removeprefix(codecs.BOM_UTF8).lstrip()
    kind = next((kind for magic, kind in MAGIC if start.lower().startswith(magic.lower())), "text")
    if kind == "ole":
        raise _refused_ole(path, name)
    if kind == "zip":
        return "xlsx"
    if kind not in ("parquet", "text"):
        raise unknown(name, kind)
    return kind


def empty(name: str) -> FileRefusedError:
    """Return the refusal of a file that has no table at all."""
    return FileRefusedError(
        f"{name} is empty: it has no header and no rows.",
        remedy="Check the export that made it.",
        code="file_empty",
    )


def unknown(name: str, kind: str) -> FileRefusedError:
    """Return the refusal of a kind of file that is not read; `kind` is words such as "a PDF"."""
    return FileRefusedError(
        f"{name} is {kind}. {READABLE}.",
        remedy="Save it in one of these kinds.",
        code="file_kind_unknown",
    )


def encrypted(name: str) -> FileRefusedError:
    """Return the refusal of a file that asks for a password."""
    return FileRefusedError(
        f"{name} is encrypted or protected by a password.",
        remedy="Save it without a password.",
        code="file_encrypted",
    )


def _refused_ole(path: Path, name: str) -> FileRefusedError:
    with path.open("rb") as file:
        content = file.read(1 << 22)
    if "EncryptedPackage".encode("utf-16-le") in content:
        return encrypted(name)
    return unknown(name, "an old Office document (XLS or DOC)")
