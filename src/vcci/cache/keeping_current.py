"""Keeps what a process knows of invalidations certain: it asks the authority again and again."""

import asyncio
from collections.abc import Awaitable, Callable
from time import monotonic
from typing import Final

from vcci.cache.coherence import Authority, Coherence
from vcci.errors import VcciError
from vcci.events import CoherenceChecked, Hook, ignore

BEAT_SECONDS: Final = 0.5
ANSWER_SECONDS: Final = 1.0
GRACE_SECONDS: Final = 0.1
"""What was announced just now may still be on its way; after this it counts as lost."""

Gap = Callable[[], Awaitable[None]]


async def nothing() -> None:
    """Do nothing about a gap: entries with numbers need no more than those."""


async def keep_current(
    coherence: Coherence, authority: Authority, *, on_gap: Gap = nothing, hook: Hook = ignore
) -> None:
    """Ask until cancelled. `on_gap` is for those who keep things without a number: something was missed."""
    task = asyncio.current_task()
    while task is None or not task.cancelling():  # a driver may swallow the cancellation of what it awaits
        await check(coherence, authority, on_gap=on_gap, hook=hook)
        await asyncio.sleep(BEAT_SECONDS)


async def check(
    coherence: Coherence, authority: Authority, *, on_gap: Gap = nothing, hook: Hook = ignore
) -> None:
    """Ask once. While the authority does not answer nothing becomes more certain, and nothing less."""
    known, asked_s = coherence.number, monotonic()
    try:
        async with asyncio.timeout(ANSWER_SECONDS):
            number = await authority.number()
    except (TimeoutError, OSError, VcciError):
        return
    has_forgotten = number < known
    if not has_forgotten and not coherence.asked(number, asked_s=asked_s):
        await asyncio.sleep(GRACE_SECONDS)
    if has_forgotten or not coherence.asked(number, asked_s=asked_s):
        coherence.caught_up(number)
        await on_gap()
        coherence.asked(number, asked_s=asked_s)
    hook(CoherenceChecked(monotonic() - asked_s))
