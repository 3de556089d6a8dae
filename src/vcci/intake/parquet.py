"""Parquet -> raw table, by pyarrow with checksums and full validation, the footer's claims judged first."""

import re
from collections.abc import Callable
from typing import Any, Final

import pyarrow as pa
import pyarrow.parquet as pq
import pyarrow.types as pt

from vcci.errors import FileRefusedError
from vcci.intake.cell_text import cell_text, plain_number
from vcci.intake.job import Answer, Job
from vcci.intake.kinds import empty
from vcci.intake.limits import damaged, refuse_over
from vcci.intake.raw_sink import RawSink

BATCH_ROWS: Final = 20_000
MOMENT: Final = re.compile(r"(-?\d{4,}-\d\d-\d\d) (\d\d:\d\d:\d\d)(?:\.(\d+))?(Z|[+-]\d{4})?")
"""How Arrow writes a timestamp."""
THRIFT_LIMIT: Final = 10_000_000
"""Bytes or elements that one item of the footer may claim; pyarrow's own limit is ten times that."""

Maker = Callable[[Any], Any]
"""Arrow array of values -> Arrow array of their texts."""


def read_parquet(job: Job) -> Answer:
    """Read a Parquet file of flat columns; nested columns and kinds without a text are refused by name."""
    try:
        with pq.ParquetFile(
            job.source,
            page_checksum_verification=True,
            thrift_string_size_limit=THRIFT_LIMIT,
            thrift_container_size_limit=THRIFT_LIMIT,
        ) as file:
            return _read(job, file)
    except (PermissionError, MemoryError):
        raise
    except (pa.ArrowException, OSError, ValueError, OverflowError) as error:
        raise damaged(job.name, error) from None


def _read(job: Job, file: Any) -> Answer:
    metadata, limits = file.metadata, job.limits
    refuse_over(metadata.num_rows, limits.rows, code="file_too_many_rows", what=f"{job.name}: too many rows")
    fields = list(file.schema_arrow)
    if not fields:
        raise empty(job.name)
    makers = [_maker_of(field, job.name) for field in fields]
    header = tuple(field.name.strip() for field in fields)
    line = 1
    with RawSink(job, header) as sink:
        for batch in file.iter_batches(batch_size=BATCH_ROWS, use_threads=False):
            batch.validate(full=True)
            sink.write_columns(line, [_texts(*each) for each in zip(batch.columns, makers, strict=True)])
            line += batch.num_rows
    if line - 1 != metadata.num_rows:
        raise damaged(job.name, f"it has {line - 1:,} rows where its footer says {metadata.num_rows:,}")
    return Answer(header, sink.rows, "parquet", {"decimal": "point"})


def text_maker(kind: Any) -> Maker | None:
    """Return what turns an array of distinct values of a type into texts, or None if the type has none."""
    if pt.is_dictionary(kind):
        return text_maker(kind.value_type)
    return next((maker for test, maker in MAKERS if test(kind)), None)


def _maker_of(field: Any, name: str) -> Maker:
    maker = text_maker(field.type)
    if maker is None:
        raise _unreadable_column(name, field)
    return maker


def _texts(column: Any, maker: Maker) -> Any:
    """Return the texts of a column, "" for null; each distinct value is turned into text once."""
    if not pt.is_dictionary(column.type):
        column = column.dictionary_encode() if len(column) else pa.DictionaryArray.from_arrays([], column)
    texts = maker(column.dictionary).cast(pa.string())
    texts.validate(full=True)
    return texts.take(column.indices).fill_null("")


def _as_strings(values: Any) -> Any:
    return values.cast(pa.string())


def _each_value(values: Any) -> Any:
    return pa.array(
        [None if value is None else cell_text(value) for value in values.to_pylist()], pa.string()
    )


def _each_float(values: Any) -> Any:
    """Arrow writes the shortest text of a float of its own width, which Python would widen first."""
    wide_enough = values.cast(pa.float32()) if pt.is_float16(values.type) else values
    shortest = wide_enough.cast(pa.string()).to_pylist()
    return pa.array([None if text is None else plain_number(text) for text in shortest], pa.string())


def _each_moment(values: Any) -> Any:
    """Arrow writes "2024-01-02 00:00:00.000000Z": drop what is zero, and the time if it is midnight."""
    return pa.array(
        [None if t is None else _moment(t) for t in values.cast(pa.string()).to_pylist()], pa.string()
    )


def _moment(text: str) -> str:
    parts = MOMENT.fullmatch(text)
    if parts is None:
        return text
    day, clock, fraction, zone = parts.groups(default="")
    exact = fraction.rstrip("0")
    if clock == "00:00:00" and not exact and not zone:
        return day
    offset = f"{zone[:3]}:{zone[3:]}" if len(zone) == 5 else zone
    return f"{day}T{clock}{'.' if exact else ''}{exact}{offset}"


MAKERS: Final[tuple[tuple[Callable[[Any], bool], Maker], ...]] = (
    (pt.is_string, _as_strings),
    (pt.is_large_string, _as_strings),
    (pt.is_string_view, _as_strings),
    (pt.is_binary, _as_strings),
    (pt.is_large_binary, _as_strings),
    (pt.is_integer, _as_strings),
    (pt.is_floating, _each_float),
    (pt.is_boolean, _each_value),
    (pt.is_decimal, _each_value),
    (pt.is_date, _each_value),
    (pt.is_timestamp, _each_moment),
    (pt.is_time, _as_strings),
    (pt.is_null, _as_strings),
)
"""How texts are made of a type; binary must be UTF-8. What is not here, such as nested columns, has none."""


def _unreadable_column(name: str, field: Any) -> FileRefusedError:
    return FileRefusedError(
        f"Column {field.name!r} of {name} is of type {str(field.type)[:80]}, which has no text of one cell.",
        remedy="Flatten or leave out that column.",
        code="parquet_type_unreadable",
    )
