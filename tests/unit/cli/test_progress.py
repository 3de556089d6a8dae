"""Progress: drawn for a person, silent elsewhere, gone when an error comes."""

import io

import pytest
from rich.console import Console
from rich.progress import Progress, Task

from vcci.cli.progress import RowBar, RowCount, TerminalProgress, TimeLeft
from vcci.events import BatchAdvanced, StageFinished, StageStarted

HIDE_CURSOR, SHOW_CURSOR = "\x1b[?25l", "\x1b[?25h"


def terminal(*, is_terminal: bool = True) -> tuple[Console, io.StringIO]:
    out = io.StringIO()
    return Console(file=out, force_terminal=is_terminal, width=100, color_system=None), out


def task_of(*, total: float | None, completed: float = 0) -> Task:
    progress = Progress(disable=True)
    progress.add_task("read", total=total)
    (task,) = progress.tasks
    task.completed = completed
    return task


def test_a_finished_stage_leaves_one_line() -> None:
    console, out = terminal()
    progress = TerminalProgress(console)
    progress.on_event(StageStarted("calculate", 1000))
    progress.on_event(BatchAdvanced("calculate", 1000, 1000))
    progress.on_event(StageFinished("calculate", 2.0))
    assert out.getvalue().splitlines()[-1].endswith("calculate      2.0 s  1,000 rows  500 rows/s")


def test_nothing_is_written_where_no_person_watches() -> None:
    console, out = terminal(is_terminal=False)
    with TerminalProgress(console) as progress:
        progress.on_event(StageStarted("read"))
        progress.on_event(BatchAdvanced("read", 10))
        progress.on_event(StageFinished("read", 1.0))
    assert out.getvalue() == ""


def test_an_error_leaves_the_terminal_with_its_cursor() -> None:
    console, out = terminal()

    def fail_while_reading() -> None:
        with TerminalProgress(console) as progress:
            progress.on_event(StageStarted("read"))
            raise ValueError("no such file")

    with pytest.raises(ValueError, match="no such file"):
        fail_while_reading()
    assert out.getvalue().rfind(SHOW_CURSOR) > out.getvalue().rfind(HIDE_CURSOR) >= 0


def test_a_stage_without_rows_has_no_bar_and_no_count() -> None:
    task = task_of(total=None)
    assert (RowBar().render(task), str(RowCount().render(task)), str(TimeLeft().render(task))) == ("", "", "")


def test_a_stage_shows_rows_until_their_total_is_known_and_percent_then() -> None:
    assert str(RowCount().render(task_of(total=None, completed=1200))) == "1,200 rows"
    assert str(RowCount().render(task_of(total=5000, completed=1200))) == "24%"


def test_events_of_a_stage_that_never_began_are_passed_over() -> None:
    console, out = terminal()
    progress = TerminalProgress(console)
    progress.on_event(BatchAdvanced("read", 10, 20))
    progress.on_event(StageFinished("read", 1.0))
    assert out.getvalue() == ""
