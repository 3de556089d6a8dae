"""Files at any path that Spark reaches (file:, s3a:, abfss:, dbfs:, hdfs:), through Hadoop's file systems."""

import json
import re
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from uuid import uuid4

from vcci.errors import InputError

SCHEME: Final = re.compile(r"^[a-z][a-z0-9+.-]+:/", re.IGNORECASE)
"""What a path begins with that names its file system; a single letter would be a drive."""

MARK: Final = "run.json"
"""Written last of all: a folder of results that has it is complete."""


def as_uri(path: str) -> str:
    """Return a path with its file system; one without is a file of this machine."""
    uri = path if SCHEME.match(path) else f"file://{Path(path).absolute()}"
    return uri.rstrip("/")


def local_path(uri: str) -> Path | None:
    """Return where a path lies on this machine, None if it lies elsewhere."""
    scheme, _, rest = uri.partition(":")
    return Path("/" + rest.lstrip("/")) if scheme == "file" else None


@dataclass(frozen=True, slots=True)
class Storage:
    """The file systems that a Spark session knows."""

    session: Any

    def exists(self, path: str) -> bool:
        """Say whether there is something at a path."""
        system, there = self._at(path)
        return bool(system.exists(there))

    def delete(self, path: str) -> None:
        """Remove what is at a path, folders with all they hold; nothing there is fine."""
        system, there = self._at(path)
        system.delete(there, True)

    def rename(self, path: str, target: str) -> None:
        """Give a folder its final name; `InputError` if something has it already."""
        system, there = self._at(path)
        _, wanted = self._at(target)
        system.mkdirs(wanted.getParent())
        if system.exists(wanted) or not system.rename(there, wanted):
            raise InputError(
                f"{target} could not be made: another run may be writing it.",
                remedy="Run again when the other run is done.",
                code="spark_run_is_taken",
            )

    def upload(self, file: Path, target: str) -> None:
        """Copy a file of this machine to a path."""
        system, there = self._at(target)
        system.copyFromLocalFile(False, True, self._path(f"file://{file}"), there)

    def download(self, path: str, target: Path) -> None:
        """Copy a file or folder to this machine."""
        system, there = self._at(path)
        system.copyToLocalFile(False, there, self._path(f"file://{target}"), True)

    def read_json(self, path: str) -> dict[str, Any]:
        """Return the JSON object at a path."""
        with tempfile.TemporaryDirectory(prefix="vcci-") as scratch:
            file = Path(scratch) / "read.json"
            self.download(path, file)
            found: dict[str, Any] = json.loads(file.read_bytes())
            return found

    def write_json(self, path: str, document: Mapping[str, Any]) -> None:
        """Write a JSON object to a path."""
        with tempfile.TemporaryDirectory(prefix="vcci-") as scratch:
            file = Path(scratch) / "written.json"
            file.write_text(json.dumps(document, indent=2, sort_keys=True) + "\n", encoding="utf-8")
            self.upload(file, path)

    @contextmanager
    def scratch(self, out: str) -> Iterator[str]:
        """Give a folder in `out`, hidden from Spark, that vanishes unless it has been renamed."""
        folder = f"{out}/.vcci-{uuid4().hex}"
        try:
            yield folder
        finally:
            self.delete(folder)

    def finish(self, folder: str, target: str, document: Mapping[str, Any]) -> None:
        """Rename a folder of results to `target` and mark it complete; an attempt without mark is replaced.

        The mark comes after the renaming, which copies file by file in object stores.
        """
        if not self.is_complete(target):
            self.delete(target)
        self.rename(folder, target)
        self.write_json(f"{target}/{MARK}", document)

    def is_complete(self, target: str) -> bool:
        """Say whether a folder holds the results of a run that was finished."""
        return self.exists(f"{target}/{MARK}")

    def _at(self, path: str) -> tuple[Any, Any]:
        there = self._path(path)
        return there.getFileSystem(self.session.sparkContext._jsc.hadoopConfiguration()), there

    def _path(self, path: str) -> Any:
        return self.session.sparkContext._jvm.org.apache.hadoop.fs.Path(path)
