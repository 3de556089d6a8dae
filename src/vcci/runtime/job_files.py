"""The files of a job on their way: each attempt has a folder of its own, and what is done is kept by digest.

    .<job>/kept/<sha256>     what finished chunks left, whatever it was called
    .<job>/attempt-<token>/  where the holder of that token works; nobody else writes there

A process that was thought dead and is not changes nothing of the next one's. What is kept is compared with
its digest before it is trusted.
"""

import hashlib
import os
import shutil
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

KEPT: Final = "kept"

Snapshot = Mapping[str, str]
"""The files of a folder: their SHA-256 by their path within it."""


@dataclass(slots=True)
class JobFiles:
    """The files of one attempt at a job whose results are to lie at `out`."""

    out: Path
    fence: int
    _digests: dict[tuple[str, int, int], str] = field(default_factory=dict)

    @property
    def folder(self) -> Path:
        """Return the folder that is the job's until it is over."""
        return self.out.with_name(f".{self.out.name}")

    @property
    def attempt(self) -> Path:
        """Return the folder of this attempt."""
        return self.folder / f"attempt-{self.fence}"

    @property
    def kept(self) -> Path:
        """Return where finished files lie."""
        return self.folder / KEPT

    def begin(self) -> None:
        """Make the folders; what earlier attempts left is removed, but for what is kept."""
        self.kept.mkdir(parents=True, exist_ok=True)
        for older in self.folder.glob("attempt-*"):
            shutil.rmtree(older, ignore_errors=True)
        self.attempt.mkdir()

    def keep_all(self) -> dict[str, str]:
        """Keep every file of this attempt, and return what it holds."""
        paths = sorted(path for path in self.attempt.rglob("*") if path.is_file())
        return {str(path.relative_to(self.attempt)): self.keep(path) for path in paths}

    def keep(self, path: Path) -> str:
        """Keep one file under its digest, and return that; a file that was kept already is not read again."""
        stat = path.stat()
        stamp = (str(path), stat.st_ino, stat.st_mtime_ns)
        if stamp not in self._digests:
            self._digests[stamp] = digest_of(path)
            _link(path, self.kept / self._digests[stamp])
        return self._digests[stamp]

    def restore(self, snapshot: Snapshot) -> bool:
        """Lay the attempt's folder out as it was; false, and nothing in it, where a file is not as it was."""
        if not all(self.is_whole(digest) for digest in set(snapshot.values())):
            return False
        for name, digest in snapshot.items():
            target = self.attempt / name
            target.parent.mkdir(parents=True, exist_ok=True)
            _link(self.kept / digest, target)
            stat = target.stat()
            self._digests[str(target), stat.st_ino, stat.st_mtime_ns] = digest
        return True

    def is_whole(self, digest: str) -> bool:
        """Say whether a kept file is what its name says; one that is not is removed."""
        path = self.kept / digest
        try:
            if digest_of(path) == digest:
                return True
        except OSError:
            return False
        path.unlink()
        return False

    def publish(self) -> None:
        """Put the results in their place, at once or not at all; an attempt before may have put the same."""
        if self.out.exists():
            return
        self.attempt.chmod(0o755)
        with suppress(OSError):  # another was first: a folder with results is never replaced
            self.attempt.rename(self.out)

    def clear(self) -> None:
        """Remove what nobody needs once the job is over."""
        shutil.rmtree(self.folder, ignore_errors=True)


def digest_of(path: Path) -> str:
    """Return the SHA-256 of a file, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _link(source: Path, target: Path) -> None:
    """Let a file be found under another name too; copied where a file system has no such links."""
    if target.exists():
        return
    draft = target.with_name(f"{target.name}.{os.getpid()}")
    draft.unlink(missing_ok=True)
    try:
        os.link(source, draft)
    except OSError:
        shutil.copyfile(source, draft)
    draft.replace(target)


def forget_files(root: Path, results: Sequence[str]) -> None:
    """Remove what jobs left on their way, by where their results were to lie below the data folder."""
    for name in filter(None, results):
        JobFiles(root / name, fence=0).clear()
