"""Progress on stderr: the stage, rows a second, and the time left; only where a person watches."""

from types import TracebackType
from typing import Self

from rich.console import Console, RenderableType
from rich.progress import (
    BarColumn,
    Progress,
    ProgressColumn,
    SpinnerColumn,
    Task,
    TaskID,
    TextColumn,
    TimeRemainingColumn,
)
from rich.text import Text

from vcci.events import BatchAdvanced, Event, StageFinished, StageStarted


class RowBar(BarColumn):
    """A bar while it is known how many rows a stage has; the spinner alone until then."""

    def render(self, task: Task) -> RenderableType:  # type: ignore[override]
        """Return the bar, or nothing."""
        return super().render(task) if task.total is not None else ""


class RowCount(ProgressColumn):
    """How far a stage is, in percent or else in rows, and how fast; empty before the first batch."""

    def render(self, task: Task) -> Text:
        """Return `40%  79,876 rows/s`, or `40,000 rows` where their total is unknown."""
        if not task.completed:
            return Text()
        done = f"{task.completed:,.0f} rows" if task.total is None else f"{task.percentage:.0f}%"
        rate = f"  {task.speed:,.0f} rows/s" if task.speed else ""
        return Text(f"{done}{rate}", no_wrap=True)


class TimeLeft(TimeRemainingColumn):
    """The time left, empty until there is a rate to tell it from."""

    def render(self, task: Task) -> Text:
        """Return `0:01:23 left`, or nothing."""
        if task.time_remaining is None or task.finished:
            return Text()
        return super().render(task).append(" left")


class TerminalProgress:
    """Draws the events of a run on a terminal, and nothing elsewhere; a context that always tidies up."""

    def __init__(self, console: Console | None = None) -> None:
        self._console = console or Console(stderr=True)
        self._progress = Progress(
            SpinnerColumn(),
            TextColumn("{task.description:<10}"),
            RowBar(bar_width=20),
            RowCount(),
            TimeLeft(),
            console=self._console,
            transient=True,
        )
        self._tasks: dict[str, TaskID] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Take the drawing away, so that an error is printed on a clean terminal with its cursor."""
        if self._progress.live.is_started:
            self._progress.stop()
        self._tasks.clear()

    def on_event(self, event: Event) -> None:
        """Show what an event says."""
        if not self._console.is_terminal:
            return
        match event:
            case StageStarted(stage, rows_total):
                self._progress.start()
                self._tasks[stage] = self._progress.add_task(stage, total=rows_total)
            case BatchAdvanced(stage, rows_done, rows_total) if stage in self._tasks:
                self._progress.update(self._tasks[stage], completed=rows_done, total=rows_total)
            case StageFinished(stage, seconds) if stage in self._tasks:
                self._finish(stage, seconds)

    def _finish(self, stage: str, seconds: float) -> None:
        task = self._tasks.pop(stage)
        rows = self._progress.tasks[self._progress.task_ids.index(task)].completed
        self._progress.remove_task(task)
        if not self._tasks:
            self._progress.stop()
        self._console.print(_finished(stage, seconds, rows=int(rows)), highlight=False, markup=False)


def _finished(stage: str, seconds: float, *, rows: int) -> str:
    """Return the one line that stays of a stage: its time and, where it counted rows, their rate."""
    line = f"{stage:<10} {seconds:7.1f} s"
    if not rows:
        return line
    rate = f"  {rows / seconds:,.0f} rows/s" if seconds else ""
    return f"{line}  {rows:,} rows{rate}"
