"""A cache of answers for tests: in memory, as JSON, without an end, with what it was asked."""

import json
from collections.abc import Awaitable, Callable
from typing import Any


class KeptAnswers:
    """Keeps what fetchers return, absences too; `kept` holds JSON by kind, key and parts."""

    def __init__(self) -> None:
        self.kept: dict[tuple[str, ...], str] = {}

    async def get_or_set(
        self, *, cache_type: str, key: str, fetcher: Callable[[], Awaitable[Any]], **key_parts: str
    ) -> Any:
        """Return what is kept, or fetch and keep it."""
        name = (cache_type, key, *(f"{part}={value}" for part, value in sorted(key_parts.items())))
        if name not in self.kept:
            self.kept[name] = json.dumps(await fetcher())
        return json.loads(self.kept[name])
