"""What a benchmark leaves: its figures, with the commit, the machine and the versions they hold for."""

import json
import os
import platform
import subprocess
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
RESULTS = ROOT / "benchmarks" / "results"


def write_record(name: str, *, config: Mapping[str, Any], figures: Mapping[str, float]) -> Path:
    """Write benchmarks/results/NAME.json; numbers in the docs come from there and nowhere else."""
    record = {
        "name": name,
        "commit": commit(),
        "machine": machine("polars", "narwhals", "pyarrow"),
        "config": dict(config),
        "figures": dict(figures),
    }
    path = RESULTS / f"{name}.json"
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps(record, indent=2) + "\n", encoding="utf-8")
    return path


def commit() -> str:
    """Return the commit that was measured, marked if the checkout differs from it (other than by results)."""
    head = _git("rev-parse", "HEAD")
    changed = _git("status", "--porcelain", "--", ".", ":!benchmarks/results")
    return (head or "none") + ("-dirty" if changed else "")


def machine(*packages: str) -> dict[str, Any]:
    """Return what a reader needs to compare figures: processor, memory, Python and package versions."""
    return {
        "cpu": _cpu_model(),
        "cores": os.cpu_count(),
        "memory_gb": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30, 1),
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
        **{name: version(name) for name in packages},
    }


def _cpu_model() -> str:
    info = Path("/proc/cpuinfo")
    lines = info.read_text(encoding="utf-8").splitlines() if info.exists() else []
    models = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(models, platform.processor())


def _git(*arguments: str) -> str:
    done = subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, text=True, check=False)
    return done.stdout.strip() if done.returncode == 0 else ""
