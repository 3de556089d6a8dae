"""Prometheus' own checks of rules and of what is exposed."""

import shutil
import subprocess

import pytest


def promtool(*arguments: object, given: bytes = b"") -> tuple[int, str]:
    """Return the exit code of promtool and all that it said; a test without promtool is skipped."""
    found = shutil.which("promtool")
    if found is None:
        pytest.skip("promtool is not installed")
    command = [found, *map(str, arguments)]
    done = subprocess.run(command, input=given, capture_output=True, check=False, timeout=300)
    return done.returncode, (done.stdout + done.stderr).decode()
