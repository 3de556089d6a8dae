"""Folders and archives: every file with data is read in the order of names, the others are listed."""

import gzip
import zipfile
from pathlib import Path

import pytest
from tests.support.front import outcome, rows_of

from vcci.domain.mapping import Conventions
from vcci.errors import FileRefusedError, InputError
from vcci.intake.front import RawTable, read_tables
from vcci.intake.limits import IntakeLimits
from vcci.intake.members import harmless, is_data


def read_all(path: Path, folder: Path) -> list[RawTable]:
    return read_tables([path], conventions=Conventions(), limits=IntakeLimits(), folder=folder)


def write_zip(path: Path, **members: str) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in members.items():
            archive.writestr(name, text)
    return path


def test_folder_is_read_file_by_file_with_layouts_of_their_own(tmp_path: Path) -> None:
    (tmp_path / "in" / "sub").mkdir(parents=True)
    (tmp_path / "in" / "b.csv").write_text("a,b\nx,1\n")
    (tmp_path / "in" / "c.csv.gz").write_bytes(gzip.compress(b"a;b\ny;2\n"))
    (tmp_path / "in" / "sub" / "d.json").write_text('[{"b": 3}]')
    (tmp_path / "in" / "readme.txt").write_text("Hello")
    (tmp_path / "in" / "guide.pdf").write_text("%PDF")
    tables = read_all(tmp_path / "in", tmp_path)
    assert [(table.name, rows_of(table)) for table in tables] == [
        ("in/b.csv", [("x", "1")]),
        ("in/c.csv.gz/c.csv", [("y", "2")]),
        ("in/sub/d.json", [("3",)]),
    ]
    assert tables[0].found["left_out"] == "in/guide.pdf, in/readme.txt"


def test_archive_is_read_member_by_member_whatever_their_paths_say(tmp_path: Path) -> None:
    members = {
        "../../b.csv": "a,b\nx,1\n",
        "/tmp/a.csv": "a,b\ny,2\n",
        "__MACOSX/._b.csv": "?",
        "notes.md": "?",
    }
    tables = read_all(write_zip(tmp_path / "files.zip", **members), tmp_path)
    assert [table.name for table in tables] == ["files.zip/b.csv", "files.zip/tmp/a.csv"]
    assert tables[0].found["left_out"] == "__MACOSX/._b.csv, notes.md"
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "files.zip",
        "raw-0000.parquet",
        "raw-0001.parquet",
    ]


def test_refused_member_refuses_the_run_by_its_name(tmp_path: Path) -> None:
    path = write_zip(tmp_path / "files.zip", **{"a.csv": "a,b\nx,1\n", "b.csv": "a,b\n\0,1\n"})
    with pytest.raises(FileRefusedError, match=r"^files\.zip/b\.csv has a NUL"):
        read_all(path, tmp_path)


def test_archive_in_an_archive_is_refused(tmp_path: Path) -> None:
    inner = write_zip(tmp_path / "inner.zip", **{"a.csv": "a,b\nx,1\n"}).read_bytes()
    for name in ("inner.zip", "inner.xlsx"):
        with zipfile.ZipFile(tmp_path / "outer.zip", "w") as archive:
            archive.writestr(name, inner)
        assert outcome(tmp_path / "outer.zip", tmp_path) == "archive_nested"
    (tmp_path / "a.zip.gz").write_bytes(gzip.compress(inner))
    assert outcome(tmp_path / "a.zip.gz", tmp_path) == "archive_nested"


def test_archive_without_data_is_refused_with_what_it_holds(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="readme") as refused:
        read_all(write_zip(tmp_path / "files.zip", **{"readme.txt": "x"}), tmp_path)
    assert refused.value.code == "nothing_to_read"


def test_members_of_one_name_are_refused(tmp_path: Path) -> None:
    path = write_zip(tmp_path / "files.zip", **{"a.csv": "a,b\n", "../a.csv": "a,b\n"})
    assert outcome(path, tmp_path) == "file_damaged"


def test_limits_hold_for_the_sum_of_a_folder(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    for name in ("a.csv", "b.csv"):
        (tmp_path / "in" / name).write_text("a,b\nx,1\n")
    limits = IntakeLimits(file_bytes=15)
    with pytest.raises(FileRefusedError) as refused:
        read_tables([tmp_path / "in"], conventions=Conventions(), limits=limits, folder=tmp_path)
    assert refused.value.code == "file_too_large"


def test_results_of_a_run_are_no_ledger(tmp_path: Path) -> None:
    (tmp_path / "in" / "out").mkdir(parents=True)
    (tmp_path / "in" / "a.csv").write_text("a,b\nx,1\n")
    for name in ("inventory.json", "lines.csv"):
        (tmp_path / "in" / "out" / name).write_text("{}")
    table = read_all(tmp_path / "in", tmp_path)[0]
    assert (table.name, table.found["left_out"]) == ("in/a.csv", "in/out (results of a run)")


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("2024/Spend Q1.CSV", True),
        ("book.xlsb", True),
        ("README.txt", False),
        ("~$book.xlsx", False),
        (".hidden.csv", False),
        (".git/x.csv", False),
        ("ledger", False),
        ("mapping.yaml", False),
    ],
)
def test_data_are_told_by_their_names(name: str, data: bool) -> None:
    assert is_data(name) is data


def test_names_of_members_are_shown_without_what_could_do_harm() -> None:
    assert harmless("..\\..\\x/./\x1b[31m.csv") == "x/\N{REPLACEMENT CHARACTER}[31m.csv"
