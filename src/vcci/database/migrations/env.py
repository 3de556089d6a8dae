"""Alembic's environment: renders SQL and connects to nothing.

asyncpg is the one driver, and SQLAlchemy reaches it only through greenlet, which we do not need otherwise.
"""

from alembic import context

from vcci.database.schema import SCHEMA, metadata

context.configure(
    dialect_name="postgresql",
    target_metadata=metadata,
    version_table_schema=SCHEMA,
    literal_binds=True,
    output_buffer=context.config.attributes.get("output"),
)
context.run_migrations()
