"""Which lines of code led here: cheap to note, and read only if somebody asks."""

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from types import CodeType
from typing import Final

DEPTH: Final = 24
"""Frames that are noted; the application's own are among the innermost."""

UNTOLD: Final = ("/asyncio/", "/contextlib.py", "/vcci/database/", "/sqlalchemy/", "/site-packages/", "<")
"""Where lines lie that say nothing of who asked."""


@dataclass(frozen=True, slots=True)
class CallSite:
    """Frames as code and line, the innermost first."""

    frames: Sequence[tuple[CodeType, int]]

    def lines(self) -> list[str]:
        """Return `file:line in function` of the frames of the application, the innermost last."""
        named = [(code.co_filename, line, code.co_name) for code, line in reversed(self.frames)]
        own = [one for one in named if not any(part in one[0] for part in UNTOLD)]
        return [f"{path}:{line} in {name}" for path, line, name in own or named]


def call_site(*, skip: int = 1) -> CallSite:
    """Return where this is called from, without the innermost `skip` frames."""
    frames: list[tuple[CodeType, int]] = []
    try:
        frame = sys._getframe(skip)
    except ValueError:
        return CallSite(())
    while frame is not None and len(frames) < DEPTH:
        frames.append((frame.f_code, frame.f_lineno))
        frame = frame.f_back  # type: ignore[assignment]
    return CallSite(frames)
