"""Hostile and messy files end in a table or in a coded error, and never in the death of the reader."""

import copy
import gzip
import json
import struct
import zipfile
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from tests.support.front import outcome, read, sheet_xml, write_workbook

from vcci.domain.mapping import Mapping
from vcci.errors import FileRefusedError, VcciError
from vcci.intake import IntakeLimits, read_ledger

TABLES = {
    "blns": 0,
    "calamine-workbooks": 50,
    "csv-spectrum": 12,
    "defusedxml-bombs": 0,
    "http-desync": 0,
    "json-test-suite": 0,
    "messytables-horror": 8,
    "parquet-bad-data": 0,
    "payload-lists": 0,
    "phpspreadsheet": 35,
    "poi-hostile-xlsx": 0,
    "prompt-injection": 0,
    "scope3-messy": 35,
    "utf8tests": 0,
    "wpt-url": 1,
    "wycheproof-jose": 0,
    "xlsx-dimension-bombs": 0,
}
"""How many files of each folder must at least come out as a table, whatever a ledger may then lack."""

PATIENT = IntakeLimits(cpu_seconds=10)
PARENT_MAY_GROW_KB = 50_000


@dataclass(frozen=True)
class Reading:
    """What became of every file of the corpus, and by how much this process grew meanwhile."""

    codes: dict[str, dict[str, str]]
    grown_kb: int


@pytest.fixture(scope="module")
def reading(shared: Path, tmp_path_factory: pytest.TempPathFactory) -> Reading:
    """Read every file of the corpus as a ledger, once for all tests here."""
    corpus, folder = shared / "corpora/bad-input", tmp_path_factory.mktemp("ledgers")
    code_of(corpus / "scope3-messy/crlf.csv", folder)
    Path("/proc/self/clear_refs").write_text("5")
    before = memory_kb("VmRSS")
    files = {top: sorted(path for path in (corpus / top).rglob("*") if path.is_file()) for top in TABLES}
    codes = {
        top: {str(path.relative_to(corpus)): code_of(path, folder) for path in paths}
        for top, paths in files.items()
    }
    return Reading(codes, memory_kb("VmHWM") - before)


def code_of(path: Path, folder: Path) -> str:
    """Return "read", or the code of the error."""
    mapping, out = Mapping(currency="GBP"), folder / "ledger.parquet"
    try:
        read_ledger([path], mapping=mapping, out=out, limits=PATIENT, year=2025)
    except VcciError as error:
        return error.code
    return "read"


def memory_kb(name: str) -> int:
    """Return a figure of this process's memory: VmRSS now, VmHWM at its highest."""
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(name))


@pytest.mark.parametrize("folder", TABLES)
def test_every_file_is_read_or_refused_with_a_code(reading: Reading, folder: str) -> None:
    codes = reading.codes[folder]
    refused = ("file_", "json_", "archive_", "parquet_", "parser_", "encoding_", "row_counts_")
    assert sum(not code.startswith(refused) for code in codes.values()) >= TABLES[folder], codes
    assert codes


def test_no_reader_of_a_hostile_file_breaks_down_or_runs_out_of_time(reading: Reading) -> None:
    bad = {"parser_out_of_time", "vcci_error", "input_refused", "file_refused"}
    assert {name: code for c in reading.codes.values() for name, code in c.items() if code in bad} == {}


def test_process_that_has_files_read_hardly_grows(reading: Reading) -> None:
    assert reading.grown_kb < PARENT_MAY_GROW_KB


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


def test_twelve_million_rows_are_refused(tmp_path: Path) -> None:
    bomb = write_workbook(tmp_path / "bomb.xlsx", sheet_xml(""))
    with (
        zipfile.ZipFile(bomb, "a", zipfile.ZIP_DEFLATED, compresslevel=1) as archive,
        archive.open("xl/worksheets/s2.xml", "w") as part,
    ):
        part.write(sheet_xml("").partition("</sheetData>")[0].encode())
        for _ in range(12):
            part.write(b"<row><c><v>1</v></c></row>" * 1_000_000)
        part.write(b"</sheetData></worksheet>")
    assert refused_code(bomb) == "file_unpacks_too_large"
    assert refused_code(bomb, unpacked_bytes=2_000_000_000) == "file_ratio_too_high"


def test_a_million_rows_are_refused_by_their_number_if_the_archive_is_plain(tmp_path: Path) -> None:
    bomb = write_workbook(tmp_path / "bomb.xlsx", sheet_xml(""))
    rows = "".join(f"<row><c><v>{n * 7919 % 1_000_003}</v></c></row>" for n in range(1_048_577))
    with zipfile.ZipFile(bomb, "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/worksheets/s2.xml", sheet_xml(rows))
    assert refused_code(bomb) == "file_outside_grid"
    assert refused_code(bomb, rows=1_000_000) == "file_too_many_rows"


def test_archive_whose_members_lie_on_each_other_is_refused(tmp_path: Path) -> None:
    bomb = tmp_path / "bomb.zip"
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("0.csv", "a,b\n" + "x,1\n" * 20)
        for n in range(1, 500):
            again = copy.copy(archive.filelist[0])
            again.filename = f"{n}.csv"
            archive.filelist.append(again)
    assert refused_code(bomb) == "file_entries_overlap"


@pytest.mark.parametrize("name", ["bomb.csv.gz", "bomb.zip"])
def test_packed_text_that_unpacks_to_a_gigabyte_is_refused(tmp_path: Path, name: str) -> None:
    bomb = tmp_path / name
    if name.endswith(".gz"):
        bomb.write_bytes(gzip.compress(b"a,b\n", mtime=0) + gzip.compress(b"1,2\n" * 1_000_000) * 268)
    else:
        with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as archive, archive.open("a.csv", "w") as part:
            for _ in range(1024):
                part.write(b"1,2\n" * 262_144)
    assert refused_code(bomb, unpacked_bytes=2_000_000_000) == "file_ratio_too_high"
    assert refused_code(bomb, unpacked_bytes=20_000) == "file_unpacks_too_large"


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
