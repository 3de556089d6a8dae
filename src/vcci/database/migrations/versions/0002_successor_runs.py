"""A run whose rejected rows were mended names the run that it follows, by its digest."""

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("ALTER TABLE vcci.runs ADD COLUMN successor_of text")
