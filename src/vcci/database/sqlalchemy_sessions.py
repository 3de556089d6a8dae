"""Sessions of SQLAlchemy for applications that embed the toolkit: plain ones, and those of one tenant."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Select, event, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker
from sqlalchemy.util.concurrency import await_

from vcci.concurrency.deadline import current_deadline, passed
from vcci.database.connections import connected
from vcci.database.optimizations.bulk import ROWS_PER_STATEMENT, insert_records
from vcci.database.optimizations.driver import url_of
from vcci.database.query_pages import order_of, query_page
from vcci.database.tenants import MARGIN_SECONDS, Role, settings_of
from vcci.errors import VcciError
from vcci.services.paging import MOST_ROWS, Position

HEALTH_SECONDS: Final = 2.0
QUERY_CANCELLED: Final = "57014"


class OptimizedSessionFactory:
    """Makes sessions over one engine; with `expire_on_commit` objects are read anew after a commit."""

    def __init__(self, engine: AsyncEngine, expire_on_commit: bool = False) -> None:
        self._engine = engine
        self._sessions = async_sessionmaker(engine, expire_on_commit=expire_on_commit)

    @asynccontextmanager
    async def session(self) -> AsyncIterator[AsyncSession]:
        """Give a session, closed at the end. What was not committed by then is rolled back."""
        async with self._sessions() as session:
            yield session

    async def health_check(self) -> bool:
        """Say whether PostgreSQL answers within two seconds, over a connection outside of the pool."""
        try:
            async with asyncio.timeout(HEALTH_SECONDS), connected(url_of(self._engine)) as connection:
                return bool(await connection.fetchval("SELECT true"))
        except (VcciError, TimeoutError):
            return False


@asynccontextmanager
async def tenant_session(
    factory: OptimizedSessionFactory, tenant_id: UUID | None, *, role: Role = Role.APP
) -> AsyncIterator[AsyncSession]:
    """Give a session of one tenant with the rights of a role, in each transaction that it begins.

    Role, tenant and the deadline of the work are set for the transaction alone, so the connection carries
    nothing to its next user. With no tenant it sees no rows. What was not committed is rolled back. Raises
    `DeadlineError` for a statement that PostgreSQL gave up at the deadline.
    """
    async with factory.session() as session:

        def set_tenant(_session: Any, _transaction: Any, connection: Any) -> None:
            connection.exec_driver_sql("SELECT 1")  # SQLAlchemy begins with its first statement
            await_(connection.connection.driver_connection.execute(settings_of(tenant_id, role)))

        event.listen(session.sync_session, "after_begin", set_tenant)
        try:
            yield session
        except DBAPIError as error:
            deadline = current_deadline()
            is_over = deadline is not None and deadline.remaining_s <= MARGIN_SECONDS
            if is_over and getattr(error.orig, "sqlstate", "") == QUERY_CANCELLED:
                raise passed() from None
            raise


@dataclass(frozen=True, slots=True)
class EntityPage:
    """Entities in their order, and the position after the last of them; None where it is the end."""

    rows: Sequence[Any]
    following: Position | None


class AsyncDatabaseOperations:
    """What an application asks one engine: each call is a transaction, `session` is the caller's."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._factory = OptimizedSessionFactory(engine)

    @asynccontextmanager
    async def session(self) -> AsyncIterator[AsyncSession]:
        """Give a session, closed at the end. What was not committed by then is rolled back."""
        async with self._factory.session() as session:
            yield session

    async def execute_query(self, query: Any, parameters: Mapping[str, Any] | None = None) -> Sequence[Any]:
        """Return the rows of a statement, or of SQL with `:names`; none of one that gives none."""
        statement = text(query) if isinstance(query, str) else query
        async with self._factory.session() as session, session.begin():
            found: Any = await session.execute(statement, parameters)
            rows: Sequence[Any] = found.all() if found.returns_rows else ()
        return rows

    async def bulk_insert(
        self, table_name: str, records: Sequence[Mapping[str, Any]], batch_size: int = ROWS_PER_STATEMENT
    ) -> int:
        """Insert records, all or none, and return how many; raises `InputError` for one that is refused."""
        async with self._factory.session() as session, session.begin():
            return await insert_records(session, table_name, records, rows_per_statement=batch_size)

    async def fetch_with_pagination(
        self,
        query: Select[Any],
        page_size: int = 100,
        *,
        model_class: type[Any],
        fields: Sequence[str] = (),
        is_descending: bool = False,
        position: Position | None = None,
    ) -> EntityPage:
        """Return a page of a query over a mapped class, found by its key and not by counting.

        Ordered by `fields` and the primary key; `position` is the `following` of the page before.
        """
        order = order_of(model_class, tuple(fields), is_descending=is_descending)
        limit = max(1, min(page_size, MOST_ROWS))
        async with self._factory.session() as session:
            page = await query_page(session, query, order=order, position=position, limit=limit)
        if not page.rows or not page.has_next:
            return EntityPage(page.rows, None)
        last = tuple(getattr(page.rows[-1], column.name) for column in order.columns)
        return EntityPage(page.rows, Position(last))
