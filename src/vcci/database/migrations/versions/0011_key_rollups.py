"""Sums of lines by multiplier: what factors add to a total, its methods and data quality, without the lines.

Runs whose lines are not in the database, which Spark keeps in files, have none of these sums until they are
stored again.
"""

from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

READ = ("emissions", "activities", "runs")
"""Row security is forced on their owners too, who have no tenant here."""

MAKE = """
    CREATE TABLE vcci.key_rollups (
        tenant_id uuid NOT NULL,
        run_id uuid NOT NULL,
        scope3_category smallint NOT NULL,
        multiplier_key integer NOT NULL,
        year integer,
        lines bigint NOT NULL,
        co2e_mg bigint NOT NULL,
        spend_hundredths bigint NOT NULL,
        turnover_hundredths bigint NOT NULL,
        UNIQUE NULLS NOT DISTINCT (tenant_id, run_id, scope3_category, multiplier_key, year),
        FOREIGN KEY (tenant_id, run_id) REFERENCES vcci.runs (tenant_id, id) ON DELETE CASCADE
    )
"""

FILL = """
    INSERT INTO vcci.key_rollups (tenant_id, run_id, scope3_category, multiplier_key, year, lines, co2e_mg,
        spend_hundredths, turnover_hundredths)
    SELECT e.tenant_id, e.run_id, e.scope3_category, e.multiplier_key,
        extract(year FROM e.transaction_date)::integer, count(*), sum(e.co2e_mg),
        coalesce(sum(s.spend), 0), coalesce(sum(abs(s.spend)), 0)
    FROM vcci.emissions e
    JOIN vcci.runs r ON r.tenant_id = e.tenant_id AND r.id = e.run_id
    LEFT JOIN vcci.activities a
        ON a.tenant_id = e.tenant_id AND a.import_id = r.import_id AND a.row_number = e.row_number
    CROSS JOIN LATERAL (
        SELECT CASE WHEN abs(a.quantity) < 1e15
            THEN floor(a.quantity::double precision * 100 + 0.5)::bigint ELSE 0 END AS spend
    ) s
    GROUP BY 1, 2, 3, 4, 5
"""

SECURE = (
    "ALTER TABLE vcci.key_rollups ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY",
    """
    CREATE POLICY tenant ON vcci.key_rollups TO vcci_app, vcci_loader
        USING (tenant_id = nullif(current_setting('vcci.tenant_id', true), '')::uuid)
        WITH CHECK (tenant_id = nullif(current_setting('vcci.tenant_id', true), '')::uuid)
    """,
    "GRANT SELECT ON vcci.key_rollups TO vcci_app, vcci_loader",
    "GRANT INSERT, DELETE ON vcci.key_rollups TO vcci_loader",
)


STATEMENTS = (
    MAKE,
    *(f"ALTER TABLE vcci.{table} NO FORCE ROW LEVEL SECURITY" for table in READ),
    FILL,
    *(f"ALTER TABLE vcci.{table} FORCE ROW LEVEL SECURITY" for table in READ),
    *SECURE,
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)
