"""Remembers in a file how far a stream has come, so that a process which ended can go on from there."""

import json
import os
from pathlib import Path

from vcci.errors import InputError


class FileCheckpoint:
    """The position of a stream, in a file that is replaced whole: after a crash it is the old or the new.

    Give it to `process_stream` as `checkpoint`, and its `position` as `start_at`. Raises `InputError` if the
    file is there and holds no position.
    """

    def __init__(self, path: Path | str) -> None:
        self._path = Path(path)
        self.position = self._read()
        """The index of the first record that is not known to be done; 0 where there is no file."""

    def __call__(self, position: int) -> None:
        """Remember a position: it is on the disk when this returns."""
        part = self._path.with_name(f"{self._path.name}.part")
        with part.open("w", encoding="ascii") as file:
            json.dump({"position": position}, file)
            file.flush()
            os.fsync(file.fileno())
        part.replace(self._path)
        _sync_folder(self._path.parent)
        self.position = position

    def _read(self) -> int:
        try:
            position = json.loads(self._path.read_bytes())["position"]
        except FileNotFoundError:
            return 0
        except (ValueError, KeyError, TypeError) as error:
            raise self._damaged() from error
        if not isinstance(position, int) or position < 0:
            raise self._damaged()
        return position

    def _damaged(self) -> InputError:
        return InputError(
            f"The checkpoint {self._path} holds no position.",
            remedy="Name the file that the stream wrote, or delete it to begin anew.",
            code="checkpoint_damaged",
        )


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
