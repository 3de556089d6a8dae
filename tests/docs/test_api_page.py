"""The blocks of docs/api.md run as they stand, against a running service."""

import os
import re
import subprocess
from pathlib import Path

from tests.support.http_server import in_a_thread

PAGE = Path(__file__).parents[2] / "docs" / "api.md"
ADDRESS = "http://127.0.0.1:8000"
BLOCK = re.compile(r"```sh\n(.*?)```", re.DOTALL)


def test_every_block_of_the_page_runs(url: str, tmp_path: Path, data_dir: Path) -> None:
    blocks = [block for block in BLOCK.findall(PAGE.read_text("utf-8")) if "curl" in block]
    with in_a_thread(url, data_dir=data_dir) as (address, key):
        script = "\n".join(blocks).replace(ADDRESS, address).replace("/tmp/", f"{tmp_path}/")
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", script],
            check=False,
            env=os.environ | {"VCCI_KEY": key},
            capture_output=True,
            text=True,
            timeout=120,
        )
    assert done.returncode == 0, done.stdout[-2_000:] + done.stderr
    assert "event: completed" in done.stdout
    assert '"total_kg_co2e":"195.739200"' in done.stdout
    assert (tmp_path / "suppliers.xlsx").read_bytes().startswith(b"PK")
    assert len(blocks) >= 7
