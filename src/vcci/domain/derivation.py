"""How a line came about: everything that a person needs to work it out again with a pencil."""

from dataclasses import dataclass, field

from vcci.domain.inventory import PackInUse


@dataclass(frozen=True, slots=True)
class Derivation:
    """A row of a run: as read, as classified, and either its line or the reason why it has none.

    `read`, `classified` and `factor` are shown as they are, in order. `steps` are the conversions in words
    and numbers; the last is the product that gives `emissions_mg_co2e`.
    """

    run_digest: str
    row: int
    read: dict[str, str]
    classified: dict[str, str]
    outcome: str
    reason: str = ""
    meaning: str = ""
    remedy: str = ""
    factor: dict[str, str] = field(default_factory=dict)
    quality: dict[str, int] = field(default_factory=dict)
    pack: PackInUse | None = None
    steps: tuple[str, ...] = ()
    notices: tuple[tuple[str, str], ...] = ()
    emissions_mg_co2e: int | None = None
    interval_mg_co2e: tuple[int, int] | None = None
