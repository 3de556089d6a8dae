"""`python -m vcci.database.create_indexes`: build the declared indexes that are missing, beside running work.

It may be cut off and run again. The database is that of DATABASE_URL, or of the first argument.
"""

import asyncio
import os
import sys
from collections.abc import Sequence

from vcci.database.optimizations.indexes import ALL_INDEXES, IndexManager
from vcci.errors import VcciError


async def created(url: str, *, is_forced: bool = False) -> int:
    """Build what is missing and print what was done; returns 1 if an index is not there at the end."""
    manager = IndexManager(url)
    there = await manager.create_indexes(ALL_INDEXES, is_forced)
    for report in manager.reports:
        print(report, flush=True)
    return 0 if all(there.values()) else 1


def main(arguments: Sequence[str]) -> int:
    """Run as a program: [--force] [URL]; returns its exit code."""
    urls = [word for word in arguments if not word.startswith("-")] or [os.environ.get("DATABASE_URL", "")]
    if not urls[0]:
        print("Set DATABASE_URL, or use `vcci db indexes --create` for the embedded server.", file=sys.stderr)
        return 2
    try:
        return asyncio.run(created(urls[0], is_forced="--force" in arguments))
    except VcciError as error:
        print(f"{error.sentence} [{error.code}]", file=sys.stderr)
        return error.exit_code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
