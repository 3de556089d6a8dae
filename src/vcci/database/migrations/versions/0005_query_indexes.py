"""Indexes for the lines of a supplier, for sums by day and for the line of a row; names as they are known.

Nothing waits for an index to be built: that of a partitioned table is only declared, and is valid at once
where there are no partitions. `python -m vcci.database.create_indexes` builds those of the partitions.
"""

from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

RENAMED = {"suppliers_duns": "idx_suppliers_duns", "suppliers_lei": "idx_suppliers_lei"}

INDEXES = (
    "CREATE INDEX idx_emissions_composite ON ONLY vcci.emissions"
    " (tenant_id, run_id, supplier_id, scope3_category, transaction_date)",
    "CREATE INDEX idx_emissions_reporting ON ONLY vcci.emissions"
    " (tenant_id, run_id, transaction_date, scope3_category) INCLUDE (co2e_mg)",
    "CREATE INDEX emissions_by_row ON ONLY vcci.emissions USING brin (row_number)"
    " WITH (pages_per_range = 16, autosummarize = on)",
)


def upgrade() -> None:
    for old, new in RENAMED.items():
        op.execute(f"ALTER INDEX vcci.{old} RENAME TO {new}")
    for index in INDEXES:
        op.execute(index)
