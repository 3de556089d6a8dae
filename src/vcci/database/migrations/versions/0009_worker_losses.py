"""A worker that is lost is counted apart from a job's own process that dies."""

from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

STATEMENTS = (
    "ALTER TABLE vcci.jobs ADD COLUMN losses integer NOT NULL DEFAULT 0",
    "GRANT UPDATE (losses) ON vcci.jobs TO vcci_loader",
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)
