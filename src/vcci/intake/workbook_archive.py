"""A zip archive, of data or of a workbook's parts, judged by its directory alone: nothing is unpacked."""

import zipfile
from itertools import pairwise
from typing import Final

from vcci.errors import FileRefusedError
from vcci.intake.kinds import encrypted
from vcci.intake.limits import IntakeLimits, damaged, refuse_over

MAX_ENTRIES: Final = 1_000
MAX_RATIO: Final = 100
"""Unpacked bytes per packed byte of the whole file; workbooks of real ledgers stay under 30."""
METHODS: Final = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
"""The ways of packing that all these formats allow."""


def judge_directory(entries: list[zipfile.ZipInfo], name: str, limits: IntakeLimits) -> None:
    """Raise `FileRefusedError` if the archive holds too much, or what no honest one holds."""
    if len(entries) > MAX_ENTRIES:
        raise hostile(f"{name} holds {len(entries):,} parts", code="file_too_many_entries")
    names = {entry.filename.lower() for entry in entries}
    if any(entry.flag_bits & 1 for entry in entries):
        raise encrypted(name)
    if len(names) < len(entries) or any(entry.compress_type not in METHODS for entry in entries):
        raise damaged(name, "two parts of one name, or a way of packing that the format does not know")
    unpacked = sum(entry.file_size for entry in entries)
    what = f"{name} unpacks to many bytes"
    refuse_over(unpacked, limits.unpacked_bytes, code="file_unpacks_too_large", what=what)
    if unpacked > MAX_RATIO * sum(entry.compress_size for entry in entries):
        raise hostile(f"{name} unpacks to over {MAX_RATIO} times its size", code="file_ratio_too_high")
    if _overlap(entries):
        raise hostile(f"Parts of {name} lie on each other", code="file_entries_overlap")


def _overlap(entries: list[zipfile.ZipInfo]) -> bool:
    spans = sorted((entry.header_offset, entry.compress_size) for entry in entries)
    return any(start + size > after for (start, size), (after, _) in pairwise(spans))


def hostile(what: str, *, code: str) -> FileRefusedError:
    """Return the refusal of a file that is made to harm, or might as well be."""
    return FileRefusedError(
        f"{what}, as no file of a ledger does.",
        remedy="Save it again in the program that made it, or export it as CSV.",
        code=code,
    )
