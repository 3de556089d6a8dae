"""A session of Spark for a run: opened, or borrowed from its job, with the SQL that a run relies on."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from vcci.errors import ConfigurationError, InputError, RemoteError

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

SQL: Final = {
    "spark.sql.ansi.enabled": "true",
    "spark.sql.caseSensitive": "true",
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.parquet.compression.codec": "zstd",
    "spark.sql.parquet.datetimeRebaseModeInWrite": "CORRECTED",
    "spark.sql.parquet.datetimeRebaseModeInRead": "CORRECTED",
    "spark.sql.csv.parser.columnPruning.enabled": "false",
}
"""Set in a session of the run's own. ANSI: an overflow is an error; no pruning: every cell is parsed."""

FIRST_LINE: Final = 400
"""Characters of an error of Spark that are shown; the rest is in its log."""

OF_INPUT: Final = {
    "PATH_NOT_FOUND": ("spark_path_missing", "Check the path, and whether every worker can read it."),
    "MALFORMED_RECORD_IN_PARSING": (
        "spark_csv_malformed",
        "Write RFC 4180 with one row a line (no line ends within quotes), or Parquet.",
    ),
    "CSV header does not conform": ("spark_csv_malformed", "Give all files of a path the same header."),
}
"""What in an error of Spark tells that the input is at fault, with code and remedy."""


@contextmanager
def spark_session(master: str) -> Iterator["SparkSession"]:
    """Give a session on `master` (empty: as configured); one that runs is used and left open.

    Raises `ConfigurationError` where PySpark or Java is missing or no cluster answers.
    """
    try:
        failures = _failures()
        from pyspark.sql import SparkSession
    except ImportError as error:
        raise ConfigurationError(
            "PySpark is not installed.",
            remedy="Install it with `pip install vcci[spark]`; it needs Java 17 or newer.",
            code="spark_missing",
        ) from error
    running = SparkSession.getActiveSession()
    if running is not None:
        yield of_run(running)
        return
    builder = SparkSession.builder.appName("vcci run")
    try:
        session = (builder.master(master) if master else builder).getOrCreate()
    except failures as error:
        raise ConfigurationError(
            f"Spark cannot be started on {master or 'the master that is configured'}: {first_line(error)}",
            remedy="Check --master and that Java 17 or newer is on the PATH.",
            code="spark_not_started",
        ) from error
    try:
        session.sparkContext.setLogLevel("ERROR")
        yield of_run(session)
    finally:
        session.stop()


def of_run(session: "SparkSession") -> "SparkSession":
    """Return a session of its own in the same application, with the SQL that a run relies on."""
    own = session.newSession()
    for name, value in SQL.items():
        own.conf.set(name, value)
    return own


@contextmanager
def spark_errors() -> Iterator[None]:
    """Turn errors of Spark into ours: `InputError` where the input is at fault, else `RemoteError`."""
    failures = _failures()

    try:
        yield
    except failures as error:
        text = str(error)
        for sign, (code, remedy) in OF_INPUT.items():
            if sign in text:
                raise InputError(first_line(error), remedy=remedy, code=code) from error
        raise RemoteError(
            f"Spark could not do the work: {first_line(error)}",
            remedy="Nothing was kept. See Spark's log, and run again.",
            code="spark_failed",
        ) from error


def first_line(error: BaseException) -> str:
    """Return the line of an error that says most: the last cause that Java names, cut to FIRST_LINE."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()] or [type(error).__name__]
    causes = [line.removeprefix("Caused by:").strip() for line in lines if line.startswith("Caused by:")]
    return (causes or lines)[-1 if causes else 0][:FIRST_LINE]


def _failures() -> tuple[type[Exception], ...]:
    """Return the exceptions that Spark and its Java process raise."""
    from py4j.protocol import Py4JError  # type: ignore[import-untyped]
    from pyspark.errors import PySparkException

    return (PySparkException, Py4JError, ConnectionError)
