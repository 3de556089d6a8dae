"""People who sign in, and whose session a key is."""

from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

STATEMENTS = (
    """
    CREATE TABLE vcci.users (
        tenant_id uuid NOT NULL REFERENCES vcci.tenants (id),
        id uuid NOT NULL,
        name text NOT NULL,
        role text NOT NULL,
        password_hash text NOT NULL,
        created_at timestamptz NOT NULL DEFAULT now(),
        disabled_at timestamptz,
        failures integer NOT NULL DEFAULT 0,
        failed_at timestamptz,
        PRIMARY KEY (tenant_id, id),
        UNIQUE (tenant_id, name)
    )
    """,
    "ALTER TABLE vcci.users ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY",
    """
    CREATE POLICY tenant ON vcci.users TO vcci_app, vcci_loader
        USING (tenant_id = nullif(current_setting('vcci.tenant_id', true), '')::uuid)
        WITH CHECK (tenant_id = nullif(current_setting('vcci.tenant_id', true), '')::uuid)
    """,
    "GRANT SELECT, INSERT ON vcci.users TO vcci_loader",
    "GRANT UPDATE (role, password_hash, disabled_at, failures, failed_at) ON vcci.users TO vcci_loader",
    "GRANT SELECT (tenant_id, id, name, role, created_at, disabled_at) ON vcci.users TO vcci_app",
    "ALTER TABLE vcci.api_keys ADD COLUMN user_id uuid",
    """
    ALTER TABLE vcci.api_keys ADD FOREIGN KEY (tenant_id, user_id)
        REFERENCES vcci.users (tenant_id, id)
    """,
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)
