"""Folders of results: a finished one takes the place of an older one, or nothing changes."""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from vcci.errors import InputError

RESULT_MARK = "inventory.json"
"""The file by which a folder is known to hold results of a run, and may be replaced."""


@contextmanager
def fresh_folder(out: Path, *, keep: bool) -> Iterator[Path]:
    """Give an empty folder that takes the place of `out` if all went well, and vanishes if not."""
    out = out.absolute()
    _refuse_foreign(out)
    if not keep:
        with tempfile.TemporaryDirectory(prefix="vcci-") as scratch:
            yield Path(scratch)
        return
    made = [parent for parent in out.parents if not parent.exists()]
    out.parent.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix=f".{out.name}-", dir=out.parent))
    try:
        yield folder
        _replace(out, folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        for parent in made:
            with suppress(OSError):  # it holds the results now
                parent.rmdir()


def _refuse_foreign(out: Path) -> None:
    is_ours = (out / RESULT_MARK).exists()
    if out.exists() and not is_ours and (not out.is_dir() or any(out.iterdir())):
        raise InputError(
            f"{out} exists and holds something else than results of a run.",
            remedy="Name another folder with --out, or remove it.",
            code="out_is_taken",
        )


def _replace(out: Path, folder: Path) -> None:
    """Put a finished folder in the place of an older one, which stays until the new one is there."""
    folder.chmod(0o755)
    older = folder.with_name(f"{folder.name}-older")
    if out.exists():
        out.rename(older)
    folder.rename(out)
    shutil.rmtree(older, ignore_errors=True)
