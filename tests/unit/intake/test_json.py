"""JSON documents and JSON lines: rows are objects, numbers are the digits that were written."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.support.front import column, outcome, read, rows_of

from vcci.errors import FileRefusedError, InputError, QuestionError
from vcci.intake.front import RawTable
from vcci.intake.json_values import flat, value_of


def read_json(folder: Path, text: str, name: str = "ledger.json", **conventions: Any) -> RawTable:
    (folder / name).write_text(text, encoding="utf-8")
    return read(folder / name, **conventions)


def test_columns_are_the_keys_in_order_and_a_missing_one_is_empty(tmp_path: Path) -> None:
    table = read_json(tmp_path, '[{"a": "x", "b": 1.10}, {"c": true, "a": null, "d": {"e": 7, "f": []}}]')
    assert table.header == ("a", "b", "c", "d.e", "d.f")
    assert rows_of(table) == [("x", "1.10", "", "", ""), ("", "", "TRUE", "7", "")]


def test_table_of_a_document_lies_beside_its_metadata(tmp_path: Path) -> None:
    table = read_json(tmp_path, '{"meta": {"top": [{"n": 1}]}, "words": ["x"], "rows": [{"a": 1}]}')
    assert (table.kind, table.found["table"], rows_of(table)) == ("json", "rows", [("1",)])


def test_several_tables_are_a_question_that_sheet_answers(tmp_path: Path) -> None:
    text = '{"paid": [{"a": 1}], "due": [{"a": 2}]}'
    with pytest.raises(QuestionError, match=r"paid, due.*--sheet"):
        read_json(tmp_path, text)
    assert rows_of(read_json(tmp_path, text, sheet="due")) == [("2",)]
    with pytest.raises(InputError, match="no array of objects 'no'"):
        read_json(tmp_path, text, sheet="no")


@pytest.mark.parametrize("name", ["ledger.jsonl", "ledger.txt"])
def test_lines_of_objects_are_rows_with_their_line(tmp_path: Path, name: str) -> None:
    table = read_json(tmp_path, '{"a": 1}\n\n{"a": 2, "b": "x"}\n', name)
    assert (table.kind, rows_of(table), column(table, "line")) == (
        "jsonl",
        [("1", ""), ("2", "x")],
        [1, 3],
    )


@pytest.mark.parametrize(
    ("written", "text"),
    [
        ("1.10", "1.10"),
        ("-0.0", "-0.0"),
        ("12345678901234567890.5", "12345678901234567890.5"),
        ("1.5e3", "1500"),
        ("25E-4", "0.0025"),
        ("1e999999999", "1e999999999"),
    ],
)
def test_number_stays_as_written_and_only_a_readable_exponent_is_written_out(written: str, text: str) -> None:
    assert flat(value_of(f'{{"n": {written}}}', "f"), "f", 1) == {"n": text}


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ('[{"a": 1, "a": 2}]', "json_key_twice"),
        ('[{"a": [1]}]', "json_not_flat"),
        ('[{"a": {"b": {"c": 1}}}]', "json_not_flat"),
        ('[{"a": {"b": 1}, "a.b": 2}]', "json_not_flat"),
        ('[{"a": 1}, 2]', "json_not_flat"),
        ('[{"a": NaN}]', "file_damaged"),
        ('[{"a": -Infinity}]', "file_damaged"),
        ('[{"a": "\\ud800"}]', "file_damaged"),
        ('[{"a": "\\u0000"}]', "file_has_nul"),
        ('[{"a": 1}', "file_damaged"),
        ('{"a": 1}', "json_without_table"),
        ('["a", "b"]', "json_without_table"),
        ("[{}]", "file_empty"),
        ('[{"a": ' + "[" * 100_000, "json_too_deep"),
    ],
)
def test_what_is_no_plain_table_is_refused_by_its_own_code(tmp_path: Path, text: str, code: str) -> None:
    (tmp_path / "ledger.json").write_text(text)
    assert outcome(tmp_path / "ledger.json", tmp_path) == code


def test_wrong_line_is_named(tmp_path: Path) -> None:
    with pytest.raises(FileRefusedError, match="line 2: an object has the key 'a' twice"):
        read_json(tmp_path, '{"a": 1}\n{"a": 1, "a": 2}\n')


def test_amounts_in_quotes_are_no_evidence_of_a_point(tmp_path: Path) -> None:
    assert read_json(tmp_path, '[{"a": 1.234}]').found["decimal"] == "point"
    assert "decimal" not in read_json(tmp_path, '[{"a": "1.234"}]').found


@given(st.dictionaries(st.text(), st.one_of(st.none(), st.booleans(), st.integers(), st.text())))
def test_flat_objects_keep_every_key_and_text(record: dict[str, object]) -> None:
    words = {None: "", True: "TRUE", False: "FALSE"}
    expected = {k: words[v] if v is None or isinstance(v, bool) else str(v) for k, v in record.items()}
    assert flat(value_of(json.dumps(record), "f"), "f", 1) == expected


def test_suite_of_json_texts_is_accepted_and_refused_as_published(shared: Path) -> None:
    wrong = []
    for path in sorted((shared / "corpora/bad-input/json-test-suite/test_parsing").glob("[yn]_*.json")):
        try:
            value_of(path.read_bytes().decode("utf-8"), path.name)
            accepted = True
        except (FileRefusedError, UnicodeDecodeError):
            accepted = False
        wrong += [path.name] if accepted != path.name.startswith("y_") else []
    assert wrong == []
