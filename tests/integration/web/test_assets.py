"""The scripts of the pages are what their sources make, byte for byte; small, and nobody else's."""

import gzip
import json
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
STATIC = ROOT / "src" / "vcci" / "web" / "static"
BUILT = ("LICENSES.txt", "charts.js", "htmx.js")
KIB = 1024
NAMESPACES = re.compile(
    r"http://www\.w3\.org/(1999/xlink|2000/svg|2000/xmlns/|XML/1998/namespace|1999/xhtml)"
)
"""Names of XML that look like addresses; nothing is loaded from there."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sources in a scratch folder, with what they need installed."""
    in_ci = bool(os.environ.get("CI"))
    if not in_ci and not (shutil.which("node") and shutil.which("npm")):
        pytest.skip("the scripts of the pages are built with node and npm")
    scratch = tmp_path_factory.mktemp("sources")
    folder, static = scratch / "assets", scratch / "src" / "vcci" / "web" / "static"
    shutil.copytree(ROOT / "assets", folder, ignore=shutil.ignore_patterns("node_modules"))
    static.mkdir(parents=True)
    shutil.copy(STATIC / "hierarchy.js", static)
    command = ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
    done = subprocess.run(command, cwd=folder, check=False, capture_output=True, text=True)
    if done.returncode != 0 and not in_ci:
        pytest.skip(f"what builds the scripts could not be installed: {done.stderr[-200:]}")
    assert done.returncode == 0, done.stderr
    return folder


def test_built_files_are_what_their_sources_make(folder: Path, tmp_path: Path) -> None:
    subprocess.run(["node", "build.mjs", tmp_path], cwd=folder, check=True)
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(BUILT)
    differing = [name for name in BUILT if (tmp_path / name).read_bytes() != (STATIC / name).read_bytes()]
    assert differing == [], "run `make assets`"


@pytest.mark.parametrize("script", ["check", "test"])
def test_own_scripts_are_typed_and_add_up(folder: Path, script: str) -> None:
    done = subprocess.run(["npm", "run", script], cwd=folder, check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize(
    "path", sorted([*STATIC.glob("*.js"), *STATIC.glob("*.css")]), ids=lambda path: path.name
)
def test_no_file_loads_from_another_host(path: Path) -> None:
    text = NAMESPACES.sub("", path.read_text("utf-8"))
    assert re.findall(r"https?://[^\s\"'`]+|@import|url\(\s*[\"']?//|[\"'`]//[a-z]+\.", text) == []
    assert "sourceMappingURL" not in text


@pytest.mark.parametrize(("names", "limit_kib"), [(("htmx.js", "keys.js"), 40), (("charts.js",), 210)])
def test_scripts_are_small(names: tuple[str, ...], limit_kib: int) -> None:
    sizes = [len(gzip.compress((STATIC / name).read_bytes(), 9, mtime=0)) for name in names]
    assert sum(sizes) <= limit_kib * KIB


def test_scripts_cannot_make_html_tooltips_nor_run_text_as_code() -> None:
    assert "tooltips are text: renderMode richText" in (STATIC / "charts.js").read_text("utf-8")
    assert "never run as code" in (STATIC / "htmx.js").read_text("utf-8")
    assert not re.search(r"\bnew Function\(|[^.\w]eval\(", (STATIC / "charts.js").read_text("utf-8"))


def test_lock_file_names_no_registry_and_pins_everything() -> None:
    locked = json.loads((ROOT / "assets" / "package-lock.json").read_text("utf-8"))["packages"]
    packages = [package for name, package in locked.items() if name]
    assert not [package for package in packages if "resolved" in package]
    assert all(package["integrity"].startswith("sha512-") for package in packages)


def test_every_bundled_package_has_its_licence() -> None:
    text = (STATIC / "LICENSES.txt").read_text("utf-8")
    manifest = json.loads((ROOT / "assets" / "package-lock.json").read_text("utf-8"))["packages"]
    bundled = {name: one["version"] for name, one in manifest.items() if name and not one.get("dev")}
    bundled = {
        name.removeprefix("node_modules/").removesuffix(".org"): version for name, version in bundled.items()
    }
    assert sorted(bundled) == ["echarts", "htmx", "tslib", "zrender"]
    assert [
        name for name, version in bundled.items() if not re.search(rf"{name} {version}", text, re.IGNORECASE)
    ] == []
    assert "Zero-Clause BSD" in text
    assert "Mike Bostock" in text
