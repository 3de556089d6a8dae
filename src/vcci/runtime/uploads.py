"""Where uploaded files and the results of their runs lie: under tenant and id, in the data folder."""

import hashlib
import re
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final
from uuid import UUID

from vcci.errors import InputError

ODD: Final = re.compile(r"[^\w .,()+\-]+")
LONGEST_NAME: Final = 120
CHUNK_BYTES: Final = 2**20


@dataclass(frozen=True, slots=True)
class StoredFile:
    """A file as it was stored; `digest` is SHA-256 over its bytes."""

    path: Path
    digest: str
    size_bytes: int


@dataclass(frozen=True, slots=True)
class Uploads:
    """The uploads of one tenant; `root` is the service's data folder."""

    root: Path
    tenant_id: UUID

    def folder(self, file_id: UUID) -> Path:
        """Return the folder of a file, of what mends it, and of its results."""
        return self.root / "uploads" / str(self.tenant_id) / str(file_id)

    def file(self, file_id: UUID, name: str) -> Path:
        """Return where a file lies, or the folder of several that came together."""
        return self.folder(file_id) / "file" / name

    def look(self, file_id: UUID) -> Path:
        """Return the folder of what was seen in a file; it can be removed at any time."""
        return self.folder(file_id) / "look"

    def results(self, file_id: UUID, job_id: UUID) -> Path:
        """Return the folder of a job's results."""
        return self.folder(file_id) / "results" / str(job_id)

    def relative(self, path: Path) -> str:
        """Return a path as a job's task names it: from the data folder on."""
        return str(path.relative_to(self.root))


def store(source: BinaryIO, path: Path, *, most_bytes: int) -> StoredFile:
    """Copy a stream into a new file; raises `InputError` beyond `most_bytes`."""
    path.parent.mkdir(parents=True, mode=0o755, exist_ok=True)
    digest, size = hashlib.sha256(), 0
    with path.open("xb") as target:
        while chunk := source.read(CHUNK_BYTES):
            size += len(chunk)
            if size > most_bytes:
                raise InputError(
                    f"The file has more than {most_bytes:,} bytes.",
                    remedy="Split it, or raise VCCI_MAX_FILE_BYTES.",
                    code="file_too_large",
                )
            digest.update(chunk)
            target.write(chunk)
    return StoredFile(path, digest.hexdigest(), size)


def safe_name(given: str) -> str:
    """Return a file's name without folders and odd characters; how it ends says what it is, and stays."""
    plain = ODD.sub("_", given.replace("\\", "/").rpartition("/")[2]).strip(" .")
    stem, dot, ending = plain.rpartition(".")
    short = f"{stem[:LONGEST_NAME]}{dot}{ending[:20]}" if dot else plain[:LONGEST_NAME]
    return short or "upload"
