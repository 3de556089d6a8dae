"""A refusal names the setting that would allow the file, and a child's end names its limit."""

import signal

import pytest

from vcci.errors import FileRefusedError
from vcci.intake.job import OUT_OF_MEMORY
from vcci.intake.limits import SETTINGS, IntakeLimits, refuse_over
from vcci.intake.parser_process import end_of
from vcci.settings import Settings


def test_refusal_names_what_was_found_what_is_allowed_and_the_setting() -> None:
    with pytest.raises(FileRefusedError, match=r"\(501\); at most 500 .* VCCI_MAX_COLUMNS"):
        refuse_over(501, 500, code="file_too_many_columns", what="x.csv: too many columns")


def test_the_limit_itself_is_allowed() -> None:
    refuse_over(500, 500, code="file_too_many_columns", what="x.csv: too many columns")


def test_limits_are_by_default_those_of_the_settings() -> None:
    limits, settings = IntakeLimits(), Settings()
    assert (limits.file_bytes, limits.rows, limits.cells) == (
        settings.max_file_bytes,
        settings.max_rows,
        settings.max_cells,
    )


def test_every_named_setting_exists() -> None:
    assert set(SETTINGS.values()) <= {f"VCCI_{name.upper()}" for name in Settings.model_fields}


@pytest.mark.parametrize(
    ("status", "complaint", "code"),
    [
        (OUT_OF_MEMORY, "", "parser_out_of_memory"),
        (-signal.SIGKILL, "", "parser_out_of_memory"),
        (-signal.SIGABRT, "memory allocation of 550000000000 bytes failed", "parser_out_of_memory"),
        (-signal.SIGABRT, "terminate called after throwing 'std::bad_alloc'", "parser_out_of_memory"),
        (-signal.SIGXCPU, "", "parser_out_of_time"),
        (-signal.SIGSEGV, "", "parser_crashed"),
        (1, "Traceback ... ZeroDivisionError", "parser_crashed"),
        (0, "", "parser_crashed"),
    ],
)
def test_end_of_a_child_is_told_by_status_and_complaint(status: int, complaint: str, code: str) -> None:
    assert end_of(status, complaint) == code
