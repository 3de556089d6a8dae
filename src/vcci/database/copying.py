"""COPY of records and frames into a table, which ends when its connection does.

The driver waits for room in the connection's buffer and is not told when the connection is lost meanwhile:
it would wait for ever, and with it a job whose worker goes on saying that it lives.
"""

import asyncio
import io
from collections.abc import AsyncIterator, Coroutine, Iterable, Sequence
from typing import Any

import asyncpg
import polars as pl

from vcci.database.connections import Connection


async def copy_frames(
    connection: Connection, table: str, *, schema: str, frames: Iterable[pl.DataFrame], columns: Sequence[str]
) -> None:
    """Copy frames into the columns of a table: as text, which is made much faster than records are.

    UUIDs are texts. Texts are quoted and nulls are not, so that an empty text is no null; floats are the
    shortest texts that mean them. Raises as `copy_into` does.
    """
    copying = connection.copy_to_table(
        table, schema_name=schema, columns=list(columns), source=_texts(frames, columns), format="csv"
    )
    await _while_connected(connection, copying)


async def copy_into(
    connection: Connection,
    table: str,
    *,
    schema: str | None,
    records: Iterable[Sequence[Any]],
    columns: Sequence[str] | None = None,
) -> None:
    """Copy records, tuples in the order of `columns`, into a table.

    Raises what the driver raises; `asyncpg.ConnectionDoesNotExistError` if the connection is lost meanwhile.
    """
    named = None if columns is None else list(columns)
    copying = connection.copy_records_to_table(table, schema_name=schema, columns=named, records=records)
    await _while_connected(connection, copying)


async def _texts(frames: Iterable[pl.DataFrame], columns: Sequence[str]) -> AsyncIterator[bytes]:
    for frame in frames:
        text = io.BytesIO()
        frame.select(columns).write_csv(text, include_header=False, quote_style="non_numeric")
        yield text.getvalue()


async def _while_connected(connection: Connection, work: Coroutine[Any, Any, Any]) -> None:
    """Copy until the end, or until the connection is lost."""
    copying = asyncio.ensure_future(work)

    def give_up(_: Any) -> None:
        copying.cancel()

    connection.add_termination_listener(give_up)
    try:
        await copying
    except (AttributeError, asyncio.CancelledError):  # the first where the driver writes to what is gone
        task = asyncio.current_task()
        if not connection.is_closed() or (task and task.cancelling()):
            raise
        raise asyncpg.ConnectionDoesNotExistError("the connection was lost within a COPY") from None
    finally:
        connection.remove_termination_listener(give_up)
