"""Which lines of code led here: cheap to note, and read only if somebody asks."""

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from types import CodeType, FrameType
from typing import Final

MOST_OWN: Final = 3
"""Frames of the application that are noted."""

UNTOLD: Final = ("/asyncio/", "/contextlib.py", "/vcci/database/", "/sqlalchemy/", "/site-packages/", "<")
"""Where lines lie that say nothing of who asked."""


@dataclass(frozen=True, slots=True)
class CallSite:
    """Frames of the application as code and line, the innermost first."""

    frames: Sequence[tuple[CodeType, int]]

    def lines(self) -> list[str]:
        """Return `file:line in function` of each frame, the innermost last."""
        return [f"{code.co_filename}:{line} in {code.co_name}" for code, line in reversed(self.frames)]


def call_site() -> CallSite:
    """Return where in the application this is called from."""
    return CallSite(own_frames(sys._getframe(1)))


def own_frames(frame: FrameType | None) -> list[tuple[CodeType, int]]:
    """Return the frames of the application from a frame outwards."""
    found: list[tuple[CodeType, int]] = []
    while frame is not None and len(found) < MOST_OWN:
        code = frame.f_code
        if _is_own(code.co_filename):
            found.append((code, frame.f_lineno))
        frame = frame.f_back
    return found


@cache
def _is_own(path: str) -> bool:
    return not any(part in path for part in UNTOLD)
