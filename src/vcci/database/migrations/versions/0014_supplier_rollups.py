"""Sums of lines by supplier, category and method, with what their data quality weighs."""

from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

STATEMENTS = (
    """
    CREATE TABLE vcci.supplier_rollups (
        tenant_id uuid NOT NULL,
        run_id uuid NOT NULL,
        scope3_category smallint NOT NULL,
        supplier_id uuid,
        method text NOT NULL,
        lines bigint NOT NULL,
        co2e_mg bigint NOT NULL,
        quality_mg numeric NOT NULL,
        quality_points_mg numeric NOT NULL,
        UNIQUE NULLS NOT DISTINCT (tenant_id, run_id, scope3_category, supplier_id, method),
        FOREIGN KEY (tenant_id, run_id) REFERENCES vcci.runs (tenant_id, id) ON DELETE CASCADE
    )
    """,
    # Row security is forced on its owner too, who has no tenant here.
    "ALTER TABLE vcci.emissions NO FORCE ROW LEVEL SECURITY",
    "ALTER TABLE vcci.emission_rollups NO FORCE ROW LEVEL SECURITY",
    "ALTER TABLE vcci.run_multipliers NO FORCE ROW LEVEL SECURITY",
    """
    INSERT INTO vcci.supplier_rollups (tenant_id, run_id, scope3_category, supplier_id, method, lines,
        co2e_mg, quality_mg, quality_points_mg)
    SELECT g.tenant_id, g.run_id, g.scope3_category, g.supplier_id, coalesce(m.method, ''), sum(g.lines),
        sum(g.co2e_mg),
        sum(abs(g.co2e_mg)::numeric * num_nonnulls(m.dq_technology, m.dq_time, m.dq_geography,
            m.dq_completeness, m.dq_reliability)),
        sum(abs(g.co2e_mg)::numeric * (coalesce(m.dq_technology, 0) + coalesce(m.dq_time, 0)
            + coalesce(m.dq_geography, 0) + coalesce(m.dq_completeness, 0) + coalesce(m.dq_reliability, 0)))
    FROM (
        SELECT tenant_id, run_id, scope3_category, supplier_id, multiplier_key, count(*) AS lines,
            sum(co2e_mg)::bigint AS co2e_mg
        FROM vcci.emissions GROUP BY 1, 2, 3, 4, 5
    ) g
    LEFT JOIN vcci.run_multipliers m
        ON m.tenant_id = g.tenant_id AND m.run_id = g.run_id AND m.key = g.multiplier_key
    GROUP BY 1, 2, 3, 4, 5
    """,
    # Of runs whose lines stay in files only sums are here.
    """
    INSERT INTO vcci.supplier_rollups (tenant_id, run_id, scope3_category, supplier_id, method, lines,
        co2e_mg, quality_mg, quality_points_mg)
    SELECT tenant_id, run_id, scope3_category, supplier_id, '', sum(lines), sum(co2e_mg), 0, 0
    FROM vcci.emission_rollups e
    WHERE NOT EXISTS (
        SELECT FROM vcci.supplier_rollups s WHERE s.tenant_id = e.tenant_id AND s.run_id = e.run_id
    )
    GROUP BY 1, 2, 3, 4
    """,
    "ALTER TABLE vcci.run_multipliers FORCE ROW LEVEL SECURITY",
    "ALTER TABLE vcci.emission_rollups FORCE ROW LEVEL SECURITY",
    "ALTER TABLE vcci.emissions FORCE ROW LEVEL SECURITY",
    "ALTER TABLE vcci.supplier_rollups ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY",
    """
    CREATE POLICY tenant ON vcci.supplier_rollups TO vcci_app, vcci_loader
        USING (tenant_id = nullif(current_setting('vcci.tenant_id', true), '')::uuid)
        WITH CHECK (tenant_id = nullif(current_setting('vcci.tenant_id', true), '')::uuid)
    """,
    "GRANT SELECT ON vcci.supplier_rollups TO vcci_app, vcci_loader",
    "GRANT INSERT, UPDATE, DELETE ON vcci.supplier_rollups TO vcci_loader",
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)
