"""Compares two folders of results byte for byte: a run is what it says it is if it can be made again."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

BLOCK = 1 << 20


@dataclass(frozen=True, slots=True)
class Compared:
    """A file of a run, and SHA-256 of it as stored and as made again; empty where it is missing."""

    name: str
    stored: str
    again: str

    @property
    def is_same(self) -> bool:
        """Say whether both are there and the same."""
        return bool(self.stored) and self.stored == self.again


def compared(stored: Path, again: Path, *, among: Iterable[str] | None = None) -> list[Compared]:
    """Compare the files of two folders, or those whose first folder or name is in `among`, by name."""
    wanted = None if among is None else set(among)
    names = {path.relative_to(root).as_posix() for root in (stored, again) for path in _files(root)}
    chosen = sorted(name for name in names if wanted is None or name.split("/")[0] in wanted)
    return [Compared(name, _digest(stored / name), _digest(again / name)) for name in chosen]


def _files(root: Path) -> Iterable[Path]:
    return (path for path in root.rglob("*") if path.is_file())


def _digest(path: Path) -> str:
    if not path.exists():
        return ""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(BLOCK):
            digest.update(block)
    return digest.hexdigest()
