"""Alembic's migrations. They are rendered as SQL text, and `vcci.database.migrate` runs that over asyncpg."""
