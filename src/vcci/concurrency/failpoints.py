"""Named places at which a test can kill this process or make it stand still: `failpoint("after_copy")`.

They do nothing unless `VCCI_FAILPOINTS` names a folder. A file `after_copy.kill` there kills the first
process that comes to that place, and is gone then; `after_copy.stop` makes it stand still until it is woken.
"""

import os
import signal
from pathlib import Path
from typing import Final

VARIABLE: Final = "VCCI_FAILPOINTS"

NAMES: Final = (
    "after_lease",
    "after_read",
    "after_part",
    "before_copy",
    "after_copy",
    "before_commit",
    "after_commit",
    "before_attach",
    "after_attach",
    "before_end",
    "after_end",
)
"""All places, in the order in which the job of a ledger comes to them."""

SIGNALS: Final = {"kill": signal.SIGKILL, "stop": signal.SIGSTOP}

FOLDER: Final = os.environ.pop(VARIABLE, "")
"""It is taken out of the environment: who starts a process that is to have failpoints too hands it on."""


def failpoint(name: str) -> None:
    """Mark a place; `name` is one of NAMES."""
    if FOLDER:
        _reach(Path(FOLDER), name)


def _reach(folder: Path, name: str) -> None:
    if name not in NAMES:
        raise ValueError(f"there is no failpoint {name}")
    for deed, number in SIGNALS.items():
        try:
            (folder / f"{name}.{deed}").unlink()
        except FileNotFoundError:
            continue
        os.kill(os.getpid(), number)
