"""What changes make outdated: announcements with numbers that leave no gap, and the newest of each group."""

from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

STATEMENTS = (
    """
    CREATE TABLE vcci.announced (
        id boolean NOT NULL DEFAULT true CHECK (id),
        number bigint NOT NULL,
        PRIMARY KEY (id)
    ) WITH (fillfactor = 10, autovacuum_vacuum_threshold = 1000)
    """,
    "INSERT INTO vcci.announced (number) VALUES (0)",
    """
    CREATE TABLE vcci.outdated_groups (
        tenant_id uuid NOT NULL REFERENCES vcci.tenants (id),
        data_group text NOT NULL,
        number bigint NOT NULL,
        PRIMARY KEY (tenant_id, data_group)
    ) WITH (fillfactor = 50)
    """,
    "ALTER TABLE vcci.outdated_groups ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY",
    """
    CREATE POLICY tenant ON vcci.outdated_groups TO vcci_app, vcci_loader
        USING (tenant_id = nullif(current_setting('vcci.tenant_id', true), '')::uuid)
        WITH CHECK (tenant_id = nullif(current_setting('vcci.tenant_id', true), '')::uuid)
    """,
    "GRANT SELECT ON vcci.announced, vcci.outdated_groups TO vcci_app, vcci_loader",
    "GRANT UPDATE ON vcci.announced TO vcci_loader",
    "GRANT INSERT, UPDATE ON vcci.outdated_groups TO vcci_loader",
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)
