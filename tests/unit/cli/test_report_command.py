"""`vcci report`: a folder of results as a standard asks for it."""

import json
from pathlib import Path

import pytest
from tests.support.inventories import TONNE, inventory
from tests.support.reports import pdf_text

from vcci.cli.report import Format, Paper, Standard, report
from vcci.errors import InputError
from vcci.reports.inventory import publish
from vcci.reports.standards import STANDARDS
from vcci.runtime.report_exports import MEDIA_TYPES


def test_standards_and_formats_are_those_that_there_are() -> None:
    assert [str(one) for one in Standard] == list(STANDARDS)
    assert {str(one) for one in Format} == {*MEDIA_TYPES, "json"}


def test_folder_of_a_run_becomes_a_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    publish(inventory(), tmp_path)
    report(str(tmp_path), standard=Standard.ESRS_E1_6, out=tmp_path / "r.pdf", paper=Paper.LETTER)
    report(str(tmp_path), form=Format.JSON, out=tmp_path / "r.json")
    assert "8.000000000 t CO2e" in pdf_text((tmp_path / "r.pdf").read_bytes())
    assert json.loads((tmp_path / "r.json").read_bytes())["total_mg_co2e"] == 8 * TONNE
    assert "not available, each with the reason" in capsys.readouterr().out


def test_folder_without_a_run_and_a_file_that_cannot_be_are_told(tmp_path: Path) -> None:
    with pytest.raises(InputError) as missing:
        report(str(tmp_path))
    publish(inventory(), tmp_path)
    with pytest.raises(InputError) as taken:
        report(str(tmp_path), form=Format.JSON, out=tmp_path / "none" / "r.json")
    assert (missing.value.code, taken.value.code) == ("run_missing", "out_is_taken")
