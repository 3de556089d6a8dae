"""`vcci users`: people are added, listed and shut out; a password is typed or piped, never an argument."""

import os
import pty
import subprocess
import sys
from pathlib import Path

from tests.acceptance.conftest import Vcci

PASSWORD = "correct horse battery"


def piped(server_dir: Path, *arguments: str, given: str) -> "subprocess.CompletedProcess[str]":
    environment = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    return subprocess.run(
        [sys.executable, "-m", "vcci", "users", *arguments],
        env=environment | {"VCCI_DATA_DIR": str(server_dir)},
        input=given,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


def listed(vcci: Vcci, name: str) -> list[str]:
    rows = (line.split("\t") for line in vcci("users", "list").stdout.splitlines())
    return next((row[1:3] for row in rows if row[0] == name), [])


def test_user_is_added_shut_out_and_let_in_again(vcci: Vcci, server_dir: Path) -> None:
    added = piped(server_dir, "add", "anna", "--role", "editor", given=f"{PASSWORD}\n")
    assert (added.returncode, added.stdout) == (0, "added\n")
    assert listed(vcci, "anna") == ["editor", "may sign in"]
    assert vcci("users", "disable", "anna").stdout == "changed\n"
    assert listed(vcci, "anna") == ["editor", "disabled"]
    vcci("users", "enable", "anna")
    vcci("users", "role", "anna", "admin")
    assert listed(vcci, "anna") == ["admin", "may sign in"]
    assert piped(server_dir, "password", "anna", given="another password\n").stdout == "changed\n"


def test_what_cannot_be_is_refused_with_what_to_do(vcci: Vcci, server_dir: Path) -> None:
    short = piped(server_dir, "add", "bert", given="short\n")
    nobody = vcci("users", "disable", "nobody")
    odd = piped(server_dir, "add", "a\tb", given=f"{PASSWORD}\n")
    piped(server_dir, "add", "carl", given=f"{PASSWORD}\n")
    twice = piped(server_dir, "add", "carl", given=f"{PASSWORD}\n")
    said = [(one.returncode, one.stderr.strip()[-20:]) for one in (short, nobody, odd, twice)]
    assert [code for code, _ in said] == [3] * 4
    codes = ("password_unfit]", "user_unknown]", "user_name_unfit]", "user_exists]")
    assert all(text.endswith(code) for (_, text), code in zip(said, codes, strict=True))
    assert listed(vcci, "bert") == []


def test_password_is_asked_twice_on_a_terminal_and_not_shown(vcci: Vcci, server_dir: Path) -> None:
    keyboard, terminal = pty.openpty()
    environment = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    typing = subprocess.Popen(
        [sys.executable, "-m", "vcci", "users", "add", "dora"],
        env=environment | {"VCCI_DATA_DIR": str(server_dir)},
        stdin=terminal, stdout=terminal, stderr=terminal, start_new_session=True,
    )  # fmt: skip
    os.close(terminal)
    shown = b""
    for prompts in (1, 2):
        while shown.count(b": ") < prompts:
            shown += os.read(keyboard, 1_000)
        os.write(keyboard, f"{PASSWORD}\n".encode())
    while b"added" not in shown:
        shown += os.read(keyboard, 1_000)
    assert typing.wait(timeout=300) == 0
    assert PASSWORD.encode() not in shown
    assert listed(vcci, "dora") == ["viewer", "may sign in"]
