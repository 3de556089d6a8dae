"""Sums of lines by category and month alone: a report that is not by supplier reads far fewer rows."""

from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

STATEMENTS = (
    """
    CREATE TABLE vcci.month_rollups (
        tenant_id uuid NOT NULL,
        run_id uuid NOT NULL,
        scope3_category smallint NOT NULL,
        month date,
        lines bigint NOT NULL,
        co2e_mg bigint NOT NULL,
        UNIQUE NULLS NOT DISTINCT (tenant_id, run_id, scope3_category, month),
        FOREIGN KEY (tenant_id, run_id) REFERENCES vcci.runs (tenant_id, id) ON DELETE CASCADE
    )
    """,
    # Row security is forced on its owner too, who has no tenant here.
    "ALTER TABLE vcci.emission_rollups NO FORCE ROW LEVEL SECURITY",
    """
    INSERT INTO vcci.month_rollups (tenant_id, run_id, scope3_category, month, lines, co2e_mg)
    SELECT tenant_id, run_id, scope3_category, month, sum(lines), sum(co2e_mg)
    FROM vcci.emission_rollups GROUP BY 1, 2, 3, 4
    """,
    "ALTER TABLE vcci.emission_rollups FORCE ROW LEVEL SECURITY",
    "ALTER TABLE vcci.month_rollups ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY",
    """
    CREATE POLICY tenant ON vcci.month_rollups TO vcci_app, vcci_loader
        USING (tenant_id = nullif(current_setting('vcci.tenant_id', true), '')::uuid)
        WITH CHECK (tenant_id = nullif(current_setting('vcci.tenant_id', true), '')::uuid)
    """,
    "GRANT SELECT ON vcci.month_rollups TO vcci_app, vcci_loader",
    "GRANT INSERT, UPDATE, DELETE ON vcci.month_rollups TO vcci_loader",
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)
