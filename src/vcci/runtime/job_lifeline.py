"""The pipe by which a job's process hangs on its worker: its order comes by it, then nothing but `cancel`.

When the worker dies the pipe ends, and with it this process, whatever it is at.
"""

import os
import threading
from dataclasses import dataclass, field
from typing import Final

STDIN: Final = 0
READ_BYTES: Final = 65_536
CANCEL: Final = b"cancel\n"
ABANDONED: Final = 75
"""The exit status of a process whose worker is gone; nobody is there to see it."""


@dataclass(slots=True)
class Lifeline:
    """What was said by the pipe; `is_called_off` once the job is to end between two chunks."""

    _said: bytes = b""
    _called_off: threading.Event = field(default_factory=threading.Event)

    @property
    def is_called_off(self) -> bool:
        """Say whether the job was called off."""
        return self._called_off.is_set()

    def order(self) -> bytes:
        """Return the first line, all there is where the pipe ends before it; then watch the pipe."""
        while b"\n" not in self._said:
            more = os.read(STDIN, READ_BYTES)
            if not more:
                return self._said
            self._said += more
        line, _, self._said = self._said.partition(b"\n")
        threading.Thread(target=self._watch, daemon=True).start()
        return line

    def _watch(self) -> None:
        while True:
            if CANCEL in self._said:
                self._called_off.set()
            more = os.read(STDIN, READ_BYTES)
            if not more:
                os._exit(ABANDONED)
            self._said += more
