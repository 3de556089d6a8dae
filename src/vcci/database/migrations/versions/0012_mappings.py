"""How uploaded ledgers are read: what was said of each file, and what is remembered of each source."""

from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

STATEMENTS = (
    """
    CREATE TABLE vcci.mappings (
        tenant_id uuid NOT NULL REFERENCES vcci.tenants (id),
        source text NOT NULL,
        mapping text NOT NULL,
        options jsonb NOT NULL,
        api_key_id uuid NOT NULL,
        user_id uuid,
        created_at timestamptz NOT NULL DEFAULT now(),
        changed_at timestamptz,
        PRIMARY KEY (tenant_id, source)
    )
    """,
    "ALTER TABLE vcci.mappings ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY",
    """
    CREATE POLICY tenant ON vcci.mappings TO vcci_app, vcci_loader
        USING (tenant_id = nullif(current_setting('vcci.tenant_id', true), '')::uuid)
        WITH CHECK (tenant_id = nullif(current_setting('vcci.tenant_id', true), '')::uuid)
    """,
    "GRANT SELECT ON vcci.mappings TO vcci_app, vcci_loader",
    "GRANT INSERT, UPDATE (mapping, options, api_key_id, user_id, changed_at) ON vcci.mappings"
    " TO vcci_loader",
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)
