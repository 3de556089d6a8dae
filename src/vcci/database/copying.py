"""COPY of records into a table, which ends when its connection does.

The driver waits for room in the connection's buffer and is not told when the connection is lost meanwhile:
it would wait for ever, and with it a job whose worker goes on saying that it lives.
"""

import asyncio
from collections.abc import Iterable, Sequence
from typing import Any

import asyncpg

from vcci.database.connections import Connection


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
    copying = asyncio.ensure_future(
        connection.copy_records_to_table(
            table, schema_name=schema, columns=None if columns is None else list(columns), records=records
        )
    )

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
