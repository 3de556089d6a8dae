"""Zip and gzip archives -> their members, as files of generated names in the working folder of the child."""

import gzip
import shutil
import zipfile
import zlib
from pathlib import Path
from typing import Final

from vcci.intake.job import Job, Members
from vcci.intake.limits import damaged, refuse_over
from vcci.intake.members import ARCHIVE_NAMES, harmless, is_data, left_out, nested, nothing_to_read
from vcci.intake.workbook_archive import MAX_RATIO, hostile, judge_directory

CHUNK: Final = 1 << 18


def unpack_zip(job: Job) -> Members:
    """Unpack the data of a zip archive, in the order of the names; its directory is judged first."""
    try:
        with zipfile.ZipFile(job.source) as archive:
            judge_directory(archive.infolist(), job.name, job.limits)
            listed = [entry for entry in archive.infolist() if not entry.is_dir()]
            entries = {harmless(entry.filename): entry for entry in listed}
            if len(entries) < len(listed):
                raise damaged(job.name, "two members have one name")
            data = sorted(filter(is_data, entries))
            others = sorted(set(entries) - set(data))
            if not data:
                raise nothing_to_read(job.name, others)
            files = {}
            for number, name in enumerate(data):
                if name.lower().endswith(ARCHIVE_NAMES):
                    raise nested(f"{job.name}/{name}")
                files[name] = f"member-{number:04}"
                with archive.open(entries[name]) as source, Path(files[name]).open("wb") as target:
                    shutil.copyfileobj(source, target, CHUNK)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, ValueError) as error:
        raise damaged(job.name, error) from None
    return Members({f"{job.name}/{name}": file for name, file in files.items()}, left_out(others))


def unpack_gzip(job: Job) -> Members:
    """Unpack a gzip file, up to the limits of what it may unpack to."""
    size, packed = 0, job.source.stat().st_size
    try:
        with gzip.open(job.source) as source, Path("member").open("wb") as target:
            while chunk := source.read(CHUNK):
                size += len(chunk)
                what = f"{job.name} unpacks to many bytes"
                refuse_over(size, job.limits.unpacked_bytes, code="file_unpacks_too_large", what=what)
                if size > MAX_RATIO * packed + CHUNK:
                    what = f"{job.name} unpacks to over {MAX_RATIO} times its size"
                    raise hostile(what, code="file_ratio_too_high")
                target.write(chunk)
    except (OSError, EOFError, zlib.error) as error:
        raise damaged(job.name, error) from None
    inner = job.name.rpartition("/")[2].removesuffix(".gz")
    return Members({f"{job.name}/{inner}": "member"}, "")
