"""What people decide of texts, and what hangs on the texts of each run that no rule placed."""

from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

POLICY = """
    CREATE POLICY tenant ON vcci.{table} TO vcci_app, vcci_loader
        USING (tenant_id = nullif(current_setting('vcci.tenant_id', true), '')::uuid)
        WITH CHECK (tenant_id = nullif(current_setting('vcci.tenant_id', true), '')::uuid)
"""

STATEMENTS = (
    """
    CREATE TABLE vcci.match_decisions (
        tenant_id uuid NOT NULL REFERENCES vcci.tenants (id),
        number bigint NOT NULL,
        text_key text NOT NULL,
        account text NOT NULL,
        description text NOT NULL,
        verdict text NOT NULL,
        commodity text NOT NULL,
        reason text NOT NULL,
        decided_by text NOT NULL,
        api_key_id uuid NOT NULL,
        user_id uuid,
        created_at timestamptz NOT NULL DEFAULT now(),
        PRIMARY KEY (tenant_id, number)
    )
    """,
    """
    CREATE TABLE vcci.run_texts (
        tenant_id uuid NOT NULL,
        run_id uuid NOT NULL,
        text_key text NOT NULL,
        unit text NOT NULL,
        account text NOT NULL,
        account_code text NOT NULL,
        description text NOT NULL,
        activity text NOT NULL,
        score double precision NOT NULL,
        decision bigint NOT NULL,
        rows bigint NOT NULL,
        spend_hundredths bigint NOT NULL,
        co2e_mg bigint NOT NULL,
        PRIMARY KEY (tenant_id, run_id, text_key, unit),
        FOREIGN KEY (tenant_id, run_id) REFERENCES vcci.runs (tenant_id, id) ON DELETE CASCADE
    )
    """,
    *(
        f"ALTER TABLE vcci.{table} ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY"
        for table in ("match_decisions", "run_texts")
    ),
    *(POLICY.format(table=table) for table in ("match_decisions", "run_texts")),
    # A decision is never changed and never deleted: a later one holds in its place.
    "GRANT SELECT ON vcci.match_decisions, vcci.run_texts TO vcci_app, vcci_loader",
    "GRANT INSERT ON vcci.match_decisions, vcci.run_texts TO vcci_loader",
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)
