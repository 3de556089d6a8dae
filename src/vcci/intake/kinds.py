"""The kind of a file, told from its content, and the refusals of what cannot be read."""

import codecs
import re
import zipfile
from pathlib import Path
from typing import Final

from vcci.errors import FileRefusedError
from vcci.intake.limits import damaged

READABLE: Final = (
    "CSV and other delimited text, XLSX, XLS, XLSB, ODS, Parquet, JSON and JSON lines can be read, and "
    "folders and zip or gzip archives of these"
)

MAGIC: Final[tuple[tuple[bytes, str], ...]] = (
    (b"PAR1", "parquet"),
    (b"PARE", "an encrypted Parquet file"),
    (b"PK\x03\x04", "zip"),
    (b"PK\x05\x06", "an empty zip archive"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "ole"),
    (b"%PDF", "a PDF"),
    (b"\x1f\x8b", "gzip"),
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
READ: Final = ("parquet", "zip", "ole", "gzip", "text")

JSON_LINES: Final = (".jsonl", ".ndjson")
JSON_NAMES: Final = (".json", *JSON_LINES)
JSON_START: Final = re.compile(rb'\{\s*["}]|\[\s*\{')
"""How a JSON document of objects begins, whatever its name; no header of a text file does."""

CFB_SECTOR: Final = 4096
"""The largest sector of an OLE file: its directory's first one names the streams."""


def kind_of(path: Path, name: str) -> str:
    """Return the reader of a file by its content ("zip" and "gzip" are archives); all else is refused."""
    with path.open("rb") as file:
        head = file.read(4096)
    if not head:
        raise empty(name)
    start = head.removeprefix(codecs.BOM_UTF8).lstrip()
    kind = next((kind for magic, kind in MAGIC if start.lower().startswith(magic.lower())), "text")
    if kind not in READ:
        raise unknown(name, kind)
    if kind == "text" and (name.lower().endswith(JSON_NAMES) or JSON_START.match(start)):
        return "json"
    return INSIDE[kind](path, name) if kind in INSIDE else kind


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


def _zip_kind(path: Path, name: str) -> str:
    try:
        with zipfile.ZipFile(path) as archive:
            names = {entry.filename.replace("\\", "/").lower() for entry in archive.infolist()}
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as error:
        raise damaged(name, error) from None
    if "xl/workbook.bin" in names:
        return "xlsb"
    if "[content_types].xml" in names or any(part.startswith("xl/") for part in names):
        return "xlsx"
    return "ods" if names & {"mimetype", "meta-inf/manifest.xml"} else "zip"


def _ole_kind(path: Path, name: str) -> str:
    """Tell a workbook of BIFF from other OLE files by its directory, which may lie anywhere in the file."""
    with path.open("rb") as file:
        content = file.read(1 << 22)
        shift, sector = int.from_bytes(content[30:32], "little"), int.from_bytes(content[48:52], "little")
        file.seek((sector + 1) << min(shift, 12))
        content += file.read(CFB_SECTOR)
    if "EncryptedPackage".encode("utf-16-le") in content:
        raise encrypted(name)
    if any(stream.encode("utf-16-le") in content for stream in ("Workbook", "Book")):
        return "xls"
    raise unknown(name, "an old Office document that is no workbook")


INSIDE: Final = {"ole": _ole_kind, "zip": _zip_kind}
"""How a container is told by what is in it."""
