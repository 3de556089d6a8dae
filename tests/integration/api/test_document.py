"""What the description of the API allows, the API does: every operation, over a real server."""

import subprocess
import sys
from pathlib import Path

from tests.support.http_server import in_a_thread

CONFIG = Path(__file__).with_name("schemathesis.toml")
EXAMPLES = "100"
SEED = "20261125"
PHASES = "examples,coverage,fuzzing,stateful"


def test_every_operation_does_what_the_document_says(url: str, tmp_path: Path, data_dir: Path) -> None:
    with in_a_thread(url, data_dir=data_dir, requests_per_minute=10**9) as (address, key):
        command = [sys.executable, "-m", "schemathesis.cli", "--config-file", str(CONFIG)]
        command += ["run", f"{address}/openapi.json"]
        command += ["--header", f"Authorization: Bearer {key}", "--checks", "all", "--phases", PHASES]
        command += [
            "--max-examples",
            EXAMPLES,
            "--seed",
            SEED,
            "--suppress-health-check",
            "all",
            "--no-color",
        ]
        done = subprocess.run(
            command, check=False, cwd=tmp_path, capture_output=True, text=True, timeout=1_200
        )
    _, _, failures = done.stdout.partition("= FAILURES =")
    assert done.returncode == 0, f"{failures or done.stdout}{done.stderr}"[-20_000:]
