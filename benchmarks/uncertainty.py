"""Measure the uncertainty of a total over a million lines: draws by factor beside draws by line.

    vcci bench uncertainty

The naive way multiplies every line by the draw of its factor, for every draw; it is timed for few draws and
scaled, as all its draws cost the same. The limit is what as many normals and exponentials cost by themselves.
The lines are made up. Drawn and analytic interval must agree to AGREEMENT, or nothing is recorded.
"""

from collections.abc import Callable
from pathlib import Path
from time import process_time

import numpy as np
import polars as pl
from benchmarks.record import write_record

from vcci.engine.uncertainty import DRAWS, Share, Spread, monte_carlo, spread

ROOT = Path(__file__).parents[1]
LINES, FACTORS, SIGMAS = 1_000_000, 1_000, 5
NAIVE_DRAWS = 20
AGREEMENT = 0.02
SEED = 20_261_125


def ledger() -> pl.DataFrame:
    """Return lines: their factor, its sigma (a factor has a few, by year and region), and mg CO2e."""
    random = np.random.default_rng(SEED)
    factor = random.integers(0, FACTORS, LINES)
    sigma = 0.1 + 0.02 * factor / FACTORS + 0.05 * random.integers(0, SIGMAS, LINES)
    mg_co2e = np.exp(random.normal(18.0, 2.0, LINES)).astype(np.int64)
    names = pl.Series("factor_id", factor).cast(pl.String)
    return pl.DataFrame({"factor_id": names, "ln_sigma": sigma, "emissions_mg_co2e": mg_co2e})


def shares(lines: pl.DataFrame) -> list[Share]:
    """Return what each factor and sigma adds, as a run has it from its aggregates."""
    summed = lines.group_by("factor_id", "ln_sigma").agg(pl.col("emissions_mg_co2e").sum())
    return [Share(*row) for row in summed.select("factor_id", "emissions_mg_co2e", "ln_sigma").iter_rows()]


def by_factor(lines: pl.DataFrame) -> Spread:
    """Draw once for each factor."""
    return monte_carlo({"total": shares(lines)}, run_digest="benchmark")["total"]


def by_line(lines: pl.DataFrame) -> None:
    """Draw each factor, and multiply every line, for each draw."""
    random = np.random.default_rng(SEED)
    codes = lines["factor_id"].cast(pl.Int64).to_numpy()
    weights, sigmas = lines["emissions_mg_co2e"].to_numpy().astype(float), lines["ln_sigma"].to_numpy()
    for _ in range(NAIVE_DRAWS):
        normal = random.standard_normal(FACTORS)[codes]
        float(np.sum(weights * np.exp(sigmas * normal)))


def limit(lines: pl.DataFrame) -> None:
    """Make the normals of all factors, and the exponentials of all their sigmas."""
    random = np.random.Generator(np.random.Philox(SEED))
    pairs = lines.select("factor_id", "ln_sigma").n_unique()
    for _ in range(FACTORS):
        normal = random.standard_normal(DRAWS)
        for _ in range(pairs // FACTORS):
            np.exp(normal)


def cpu_s(work: Callable[[], object]) -> float:
    """Return the CPU seconds of the best of three."""
    return min(_once(work) for _ in range(3))


def _once(work: Callable[[], object]) -> float:
    started = process_time()
    work()
    return process_time() - started


def main() -> None:
    """Measure, print and record."""
    lines = ledger()
    drawn, worked_out = by_factor(lines), spread(shares(lines))
    agreement = {
        "low_of_drawn_over_analytic": round(drawn.low_mg_co2e / worked_out.low_mg_co2e, 4),
        "high_of_drawn_over_analytic": round(drawn.high_mg_co2e / worked_out.high_mg_co2e, 4),
    }
    if any(abs(ratio - 1) > AGREEMENT for ratio in agreement.values()):
        raise SystemExit(f"Drawn and analytic interval disagree: {agreement}.")
    ours = cpu_s(lambda: by_factor(lines))
    naive = cpu_s(lambda: by_line(lines)) * DRAWS / NAIVE_DRAWS
    figures = {
        "cpu_s_10000_draws": round(ours, 3),
        "cpu_s_10000_draws_per_line": round(naive, 1),
        "times_per_line_draws": round(naive / ours),
        "limit_cpu_s": round(cpu_s(lambda: limit(lines)), 3),
        "analytic_cpu_s": round(cpu_s(lambda: spread(shares(lines))), 3),
        **agreement,
    }
    print("\n".join(f"{name:32} {value:>14,}" for name, value in figures.items()))
    config = {"lines": LINES, "factors": FACTORS, "sigmas_per_factor": SIGMAS, "draws": DRAWS,
              "naive_draws_timed": NAIVE_DRAWS, "seed": SEED}  # fmt: skip
    written = write_record("uncertainty", config=config, figures=figures)
    print(f"written to {written.relative_to(ROOT)}")


if __name__ == "__main__":
    main()
