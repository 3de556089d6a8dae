"""The house keeps its own rules: size, arrows, words, documentation."""

import ast
import re
import statistics
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
SOURCE = ROOT / "src" / "vcci"
MODULES = sorted(SOURCE.rglob("*.py"))
TESTS = sorted((ROOT / "tests").rglob("test_*.py"))
FEW_MODULES = 30
FORBIDDEN_NAMES = {"utils", "helpers", "common", "manager", "util", "helper", "misc"}
PURE_ROOMS = ("domain", "engine")
READABLE = {".py", ".md", ".txt", ".toml", ".yaml", ".yml", ".json", ".jinja", ""}
LOCAL = re.compile(
    r"--(extra-)?index-url|files\.pythonhosted|registry\.npmjs|\.library/|/w[o]rk/(main|shared)"
)
IMPURE_CALLS = {"open", "now", "today", "utcnow", "monotonic", "perf_counter", "urlopen", "getenv"}


def functions_of(path: Path) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def lines_of(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    return (node.end_lineno or node.lineno) - node.lineno + 1


def module_lines(path: Path) -> int:
    return len(path.read_text(encoding="utf-8").splitlines())


def name_of(path: Path) -> str:
    return str(path.relative_to(ROOT))


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_module_fits_its_room(path: Path) -> None:
    assert module_lines(path) <= 400


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_functions_are_short_and_take_few_positional_arguments(path: Path) -> None:
    long = [f.name for f in functions_of(path) if lines_of(f) > 60]
    wide = [
        f.name
        for f in functions_of(path)
        if len([a for a in (*f.args.posonlyargs, *f.args.args) if a.arg not in ("self", "cls")]) > 3
        and not f.decorator_list
    ]
    assert (long, wide) == ([], [])


def test_medians_are_those_of_a_small_house() -> None:
    modules = [p for p in MODULES if "migrations" not in p.parts]
    lengths = [lines_of(f) for p in modules for f in functions_of(p)]
    if len(modules) >= FEW_MODULES:
        assert statistics.median(module_lines(p) for p in modules) <= 150
        assert statistics.median(lengths) <= 12


def test_tests_are_short() -> None:
    lengths = [lines_of(f) for p in TESTS for f in functions_of(p) if f.name.startswith("test_")]
    assert statistics.median(lengths) <= 15


def test_no_junk_drawer() -> None:
    names = {part for p in MODULES for part in p.relative_to(SOURCE).with_suffix("").parts}
    assert not names & FORBIDDEN_NAMES


@pytest.mark.parametrize(
    "path", [p for p in MODULES if p.relative_to(SOURCE).parts[0] in PURE_ROOMS], ids=name_of
)
def test_the_core_has_no_clock_file_or_network(path: Path) -> None:
    calls = [n.func for n in ast.walk(ast.parse(path.read_text())) if isinstance(n, ast.Call)]
    named = {c.id for c in calls if isinstance(c, ast.Name)} | {
        c.attr for c in calls if isinstance(c, ast.Attribute)
    }
    assert not named & IMPURE_CALLS


def test_import_arrows_point_down() -> None:
    lint = Path(sys.executable).with_name("lint-imports")
    done = subprocess.run([lint, "--no-cache"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def test_every_reason_and_notice_is_documented_in_its_own_words() -> None:
    from vcci.domain.finding import NOTICES, REASONS

    text = (ROOT / "docs" / "reasons.md").read_text(encoding="utf-8")
    rows = [f"| `{code}` | {reason.meaning} | {reason.remedy} |" for code, reason in REASONS.items()]
    rows += [f"| `{code}` | {meaning} |" for code, meaning in NOTICES.items()]
    assert [row for row in rows if row not in text] == []


def test_every_setting_is_documented_in_its_own_words() -> None:
    from vcci.settings import described

    text = (ROOT / "docs" / "settings.md").read_text(encoding="utf-8")
    rows = [f"| `{name}` | {default} | {meaning} |" for name, default, meaning in described()]
    assert [row for row in rows if row not in text] == []


def error_codes_of(path: Path) -> set[str]:
    """Codes that calls are given (`XError(..., code="...")`), and those of the error classes themselves."""
    nodes = list(ast.walk(ast.parse(path.read_text(encoding="utf-8"))))
    given = {k.value for n in nodes if isinstance(n, ast.Call) for k in n.keywords if k.arg == "code"}
    own = {n.value for n in nodes if isinstance(n, ast.Assign) and ast.unparse(n.targets[0]) == "code"}
    return {str(n.value) for n in given | own if isinstance(n, ast.Constant)}


def test_every_error_code_is_documented() -> None:
    from vcci.database.connections import REFUSALS

    text = (ROOT / "docs" / "errors.md").read_text(encoding="utf-8")
    modules = [path for path in MODULES if "builders" not in path.parts]
    codes = {code for path in modules for code in error_codes_of(path)} | {row[1] for row in REFUSALS}
    assert sorted(code for code in codes if f"`{code}`" not in text) == []


def test_every_command_is_documented() -> None:
    from vcci.cli import command_names

    text = (ROOT / "docs" / "cli.md").read_text(encoding="utf-8")
    assert [name for name in command_names() if f"`vcci {name}`" not in text] == []


def test_nothing_committed_names_this_machine_or_a_registry() -> None:
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True)
    found = []
    for path in (ROOT / name for name in filter(None, listed.stdout.split("\0"))):
        if path.is_file() and path.suffix in READABLE and path != Path(__file__):
            found += [path] if LOCAL.search(path.read_text(encoding="utf-8", errors="replace")) else []
    assert found == []
