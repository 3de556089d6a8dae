"""Hostile and messy files end in a table or in a coded error, and never in the death of the reader."""

import json
import struct
import zipfile
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from tests.support.front import outcome, read, sheet_xml, write_workbook

from vcci.errors import FileRefusedError
from vcci.intake.limits import IntakeLimits

SETS = [
    ("csv-spectrum/csvs", "*.csv", 6),
    ("phpspreadsheet/csv", "*.csv", 17),
    ("phpspreadsheet", "xlsx-*/*.xlsx", 16),
    ("phpspreadsheet", "[xo]*/*.[!x]*", 0),
    ("messytables-horror", "*", 5),
    ("calamine-workbooks", "*.xlsx", 25),
    ("calamine-workbooks", "*.[!x]*", 0),
    ("poi-hostile-xlsx", "*.xlsx", 0),
    ("xlsx-dimension-bombs", "*.xlsx", 0),
    ("parquet-bad-data", "*.parquet", 0),
    ("defusedxml-bombs", "*.xml", 0),
]
"""Folder, files, and how many of them must at least be readable, if not all with a plain header."""

READABLE = {"read", "header_ambiguous"}
MEANT = {"encoding_ambiguous", "sheet_ambiguous", "parquet_type_unreadable"}


@pytest.mark.parametrize(("folder", "files", "readable"), SETS)
def test_every_file_is_read_or_refused_with_a_code(
    shared: Path, tmp_path: Path, *, folder: str, files: str, readable: int
) -> None:
    paths = sorted((shared / "corpora/bad-input" / folder).glob(files))
    outcomes = {path.name: outcome(path, tmp_path) for path in paths}
    assert outcomes
    assert {code for code in outcomes.values() if not code.startswith("file_")} <= READABLE | MEANT
    assert sum(code in READABLE for code in outcomes.values()) >= readable


def test_messy_ledgers_have_the_rows_that_are_known_of_them(shared: Path, tmp_path: Path) -> None:
    folder = shared / "corpora/bad-input/scope3-messy"
    truth = json.loads((folder / "truth.json").read_text(encoding="utf-8"))
    refused = {"empty.csv": "file_empty", "nul_bytes.csv": "file_has_nul"}
    totals = {"preamble_and_total.csv": 1}
    for name, known in truth.items():
        if name in refused:
            assert outcome(folder / name, tmp_path) == refused[name]
            continue
        (tmp_path / name).write_bytes((folder / name).read_bytes())
        table = read(tmp_path / name)
        assert table.rows == known["data_rows"] + totals.get(name, 0), name
        assert table.found["encoding"] == known.get("encoding", "utf-8")


def refused_code(path: Path, **limits: int) -> str:
    with pytest.raises(FileRefusedError) as refused:
        read(path, limits=IntakeLimits(**limits))
    return refused.value.code


def test_two_cells_that_span_seventeen_thousand_million_are_refused(tmp_path: Path) -> None:
    rows = '<row r="1"><c r="A1"><v>1</v></c></row><row r="1048576"><c r="XFD1048576"><v>1</v></c></row>'
    bomb = write_workbook(tmp_path / "bomb.xlsx", sheet_xml(rows))
    assert refused_code(bomb) == "file_too_many_columns"
    assert refused_code(bomb, columns=20_000) == "file_too_many_cells"


def test_empty_row_with_an_absurd_number_is_refused(tmp_path: Path) -> None:
    bomb = write_workbook(tmp_path / "bomb.xlsx", sheet_xml('<row r="999999999"/>'))
    assert refused_code(bomb) == "file_outside_grid"


def test_gigabyte_of_spaces_is_refused(tmp_path: Path) -> None:
    bomb = write_workbook(tmp_path / "bomb.xlsx", sheet_xml(""))
    with (
        zipfile.ZipFile(bomb, "a", zipfile.ZIP_DEFLATED, compresslevel=1) as archive,
        archive.open("xl/worksheets/s2.xml", "w") as part,
    ):
        for _ in range(1024):
            part.write(b" " * 1_048_576)
    assert refused_code(bomb) == "file_unpacks_too_large"
    assert refused_code(bomb, unpacked_bytes=2_000_000_000) == "file_ratio_too_high"


def test_part_that_unpacks_to_more_than_it_says_is_refused(tmp_path: Path) -> None:
    bomb = write_workbook(tmp_path / "bomb.xlsx", sheet_xml(" " * 10_000_000))
    content = bytearray(bomb.read_bytes())
    true_size = struct.pack("<I", len(sheet_xml(" " * 10_000_000)))
    bomb.write_bytes(content.replace(true_size, struct.pack("<I", 1_000)))
    assert refused_code(bomb) == "file_damaged"


def test_archive_of_a_thousand_and_one_parts_is_refused(tmp_path: Path) -> None:
    extra = {f"xl/media/{n}.xml": "<a/>" for n in range(1_000)}
    assert refused_code(write_workbook(tmp_path / "b.xlsx", sheet_xml(""), extra=extra)) == (
        "file_too_many_entries"
    )


def test_entities_are_refused_wherever_they_are(tmp_path: Path) -> None:
    bomb = '<!DOCTYPE a [<!ENTITY b "bbbb"><!ENTITY c "&b;&b;">]><a>&c;</a>'
    path = write_workbook(tmp_path / "b.xlsx", sheet_xml(""), extra={"xl/styles.xml": bomb})
    assert refused_code(path) == "file_declares_entities"


def test_shared_text_that_swells_in_memory_ends_at_the_memory_limit(tmp_path: Path) -> None:
    cells = "".join(f'<row r="{n}"><c r="A{n}" t="s"><v>0</v></c></row>' for n in range(1, 30_001))
    shared_text = f"<si><t>{'x' * 32_000}</t></si>"
    bomb = write_workbook(tmp_path / "bomb.xlsx", sheet_xml(cells), shared=shared_text)
    with pytest.raises(FileRefusedError, match="VCCI_PARSER_MEMORY_MB") as refused:
        read(bomb, limits=IntakeLimits(memory_mb=200))
    assert refused.value.code == "parser_out_of_memory"


def test_line_without_end_ends_at_the_memory_limit(tmp_path: Path) -> None:
    path = tmp_path / "line.csv"
    path.write_bytes(b"a,b\n" + b"1," * 50_000_000)
    assert refused_code(path, memory_mb=150) == "parser_out_of_memory"


def test_slow_file_ends_at_the_time_limit(tmp_path: Path) -> None:
    path = tmp_path / "slow.csv"
    path.write_bytes(b"a,b\n" + b'"1","2"\n' * 3_000_000)
    with pytest.raises(FileRefusedError, match="VCCI_PARSER_CPU_SECONDS") as refused:
        read(path, limits=IntakeLimits(cpu_seconds=1))
    assert refused.value.code == "parser_out_of_time"


def test_parquet_of_a_thousand_million_rows_is_refused_by_its_footer(tmp_path: Path) -> None:
    path = tmp_path / "bomb.parquet"
    part = pa.table({"a": pa.nulls(100_000_000)})
    with pq.ParquetWriter(path, part.schema) as writer:
        for _ in range(10):
            writer.write_table(part, row_group_size=100_000_000)
    assert refused_code(path) == "file_too_many_rows"


def test_parquet_text_that_swells_in_memory_ends_at_the_memory_limit(tmp_path: Path) -> None:
    path = tmp_path / "bomb.parquet"
    pq.write_table(pa.table({"a": pa.array(["x" * 32_000]).take(pa.array([0] * 20_000))}), path)
    assert refused_code(path, memory_mb=100) == "parser_out_of_memory"


def test_truncated_parquet_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "half.parquet"
    pq.write_table(pa.table({"a": list(range(1_000))}), path)
    path.write_bytes(path.read_bytes()[:-20])
    assert refused_code(path) == "file_damaged"
