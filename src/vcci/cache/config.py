"""How long each kind of value is kept, and what happens around its end."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class CacheConfig:
    """The rules for one kind of value; times in seconds."""

    ttl: float
    """How long a value is fresh; up to a tenth less, so that what was loaded together ends apart."""

    prefix: str
    """Begins the names of its values in Redis."""

    compress: bool = False
    """Whether values above `compress_above_bytes` are compressed in Redis."""

    compress_above_bytes: int = 1_024
    negative_ttl: float = 30.0
    """How long it is remembered that there is no such value."""

    stale: float = 3_600.0
    """How long past its freshness a value stands in when loading fails; never once it was invalidated."""

    soft_timeout: float = 1.0
    """A load that takes longer is left to finish by itself where a stale value can stand in."""

    early: float = 1.0
    """How eagerly values are loaded anew before they end: a multiple of what loading costs. 0: never."""

    groups: tuple[str, ...] = ()
    """What invalidates values of this kind, besides the groups that a value names itself."""


CACHE_CONFIG: Final[Mapping[str, CacheConfig]] = {
    "emission_factors": CacheConfig(ttl=3_600, prefix="factor"),
    "entity_resolution": CacheConfig(ttl=86_400, prefix="entity", groups=("suppliers",)),
    "llm_responses": CacheConfig(ttl=3_600, prefix="llm", compress=True),
    "calculation_results": CacheConfig(ttl=1_800, prefix="calc", groups=("emissions", "runs", "suppliers")),
    "api_responses": CacheConfig(ttl=300, prefix="api", compress=True),
}
"""The kinds of value that the service keeps."""
