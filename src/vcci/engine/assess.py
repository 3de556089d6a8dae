"""The data quality of a key, and so of every line that shares it: five scores, and the sigma that they give.

Time and geography are facts of the key and its factor. The other three are assessed for a pack
(parameters/assessments.yaml). A key without an assessment has no sigma: nothing is assumed for it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from vcci.domain.quality import (
    DataQuality,
    PedigreeTable,
    gsd_squared,
    score_of_geography,
    score_of_time,
)
from vcci.domain.selection import FactorKey, Multiplier


@dataclass(frozen=True, slots=True)
class Assessment:
    """Scores of the packs whose names begin with `prefix`, and why; basic uncertainty as squared GSD.

    `gsd_squared_of_units` is that of factors per these units, where it is another.
    """

    prefix: str
    basic_gsd_squared: float
    technology: int
    completeness: int
    reliability: int
    why: str
    gsd_squared_of_units: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Assessor:
    """Assesses keys by a pedigree table and the assessments of packs."""

    table: PedigreeTable
    assessments: Sequence[Assessment]

    def assess(self, key: FactorKey, multiplier: Multiplier) -> Multiplier:
        """Return the multiplier with its five scores, and its sigma where its pack is assessed."""
        found = next((a for a in self.assessments if multiplier.pack.startswith(a.prefix)), None)
        quality = DataQuality(
            technology=found.technology if found else None,
            time=score_of_time(multiplier.factor_year, key.year),
            geography=score_of_geography(multiplier.factor_region, key.region),
            completeness=found.completeness if found else None,
            reliability=found.reliability if found else None,
        )
        if found is None:
            return replace(multiplier, quality=quality)
        unit = multiplier.factor_unit.rpartition("/")[2]
        basic = found.gsd_squared_of_units.get(unit, found.basic_gsd_squared)
        squared = gsd_squared(quality, basic=basic, table=self.table)
        return replace(multiplier, quality=quality, ln_sigma=squared.ln_sigma)
