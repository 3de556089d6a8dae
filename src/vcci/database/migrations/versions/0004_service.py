"""The tables of the service, what suppliers need in it, and the order of lines by date."""

from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

TABLES = {
    "api_keys": """
        CREATE TABLE vcci.api_keys (
            tenant_id uuid NOT NULL REFERENCES vcci.tenants (id),
            id uuid NOT NULL,
            name text NOT NULL,
            role text NOT NULL,
            permissions text[] NOT NULL,
            secret_digest bytea NOT NULL,
            created_at timestamptz NOT NULL DEFAULT now(),
            expires_at timestamptz,
            revoked_at timestamptz,
            PRIMARY KEY (tenant_id, id)
        )
    """,
    "idempotent_replies": """
        CREATE TABLE vcci.idempotent_replies (
            tenant_id uuid NOT NULL REFERENCES vcci.tenants (id),
            api_key_id uuid NOT NULL,
            route text NOT NULL,
            idempotency_key text NOT NULL,
            request_digest bytea NOT NULL,
            status smallint NOT NULL,
            headers jsonb NOT NULL,
            body bytea NOT NULL,
            created_at timestamptz NOT NULL DEFAULT now(),
            PRIMARY KEY (tenant_id, api_key_id, route, idempotency_key)
        )
    """,
    "calculations": """
        CREATE TABLE vcci.calculations (
            tenant_id uuid NOT NULL REFERENCES vcci.tenants (id),
            id uuid NOT NULL,
            api_key_id uuid NOT NULL,
            created_at timestamptz NOT NULL DEFAULT now(),
            scope3_category smallint,
            co2e_mg bigint,
            request text NOT NULL,
            reply text NOT NULL,
            PRIMARY KEY (tenant_id, id)
        )
    """,
    "open_runs": """
        CREATE TABLE vcci.open_runs (
            tenant_id uuid PRIMARY KEY REFERENCES vcci.tenants (id),
            run_id uuid NOT NULL,
            next_row bigint NOT NULL,
            next_key integer NOT NULL,
            FOREIGN KEY (tenant_id, run_id) REFERENCES vcci.runs (tenant_id, id) ON DELETE CASCADE
        )
    """,
    "entries": """
        CREATE TABLE vcci.entries (
            tenant_id uuid NOT NULL REFERENCES vcci.tenants (id),
            id uuid NOT NULL,
            run_id uuid NOT NULL,
            first_row bigint NOT NULL,
            rows integer NOT NULL,
            version integer NOT NULL,
            api_key_id uuid NOT NULL,
            created_at timestamptz NOT NULL DEFAULT now(),
            changed_at timestamptz,
            request text NOT NULL,
            reply text NOT NULL,
            PRIMARY KEY (tenant_id, id),
            FOREIGN KEY (tenant_id, run_id) REFERENCES vcci.runs (tenant_id, id) ON DELETE CASCADE
        )
    """,
    "entry_versions": """
        CREATE TABLE vcci.entry_versions (
            tenant_id uuid NOT NULL REFERENCES vcci.tenants (id),
            entry_id uuid NOT NULL,
            version integer NOT NULL,
            api_key_id uuid NOT NULL,
            created_at timestamptz NOT NULL DEFAULT now(),
            request text NOT NULL,
            reply text NOT NULL,
            PRIMARY KEY (tenant_id, entry_id, version),
            FOREIGN KEY (tenant_id, entry_id) REFERENCES vcci.entries (tenant_id, id)
        )
    """,
    "intake_files": """
        CREATE TABLE vcci.intake_files (
            tenant_id uuid NOT NULL REFERENCES vcci.tenants (id),
            id uuid NOT NULL,
            api_key_id uuid NOT NULL,
            name text NOT NULL,
            digest text NOT NULL,
            size_bytes bigint NOT NULL,
            created_at timestamptz NOT NULL DEFAULT now(),
            PRIMARY KEY (tenant_id, id)
        )
    """,
    "jobs": """
        CREATE TABLE vcci.jobs (
            tenant_id uuid NOT NULL REFERENCES vcci.tenants (id),
            id uuid NOT NULL,
            api_key_id uuid NOT NULL,
            kind text NOT NULL,
            state text NOT NULL CONSTRAINT jobs_state
                CHECK (state IN ('queued', 'running', 'completed', 'failed')),
            task jsonb NOT NULL,
            progress jsonb NOT NULL,
            outcome jsonb NOT NULL,
            attempts integer NOT NULL,
            worker_id uuid,
            lease_until timestamptz,
            created_at timestamptz NOT NULL DEFAULT now(),
            started_at timestamptz,
            finished_at timestamptz,
            PRIMARY KEY (tenant_id, id)
        )
    """,
}

SUPPLIERS = """
    ALTER TABLE vcci.suppliers
        ADD COLUMN lei_code text,
        ADD COLUMN country text NOT NULL DEFAULT '',
        ADD COLUMN industry_code text NOT NULL DEFAULT '',
        ADD COLUMN annual_spend_usd numeric,
        ADD COLUMN status text NOT NULL DEFAULT 'active' CONSTRAINT suppliers_status
            CHECK (status IN ('active', 'inactive', 'pending', 'merged')),
        ADD COLUMN merged_into uuid,
        ADD COLUMN version integer NOT NULL DEFAULT 1,
        ADD COLUMN changed_at timestamptz,
        ADD FOREIGN KEY (tenant_id, merged_into) REFERENCES vcci.suppliers (tenant_id, id)
"""

INDEXES = (
    "CREATE UNIQUE INDEX suppliers_duns ON vcci.suppliers (tenant_id, duns_number)"
    " WHERE duns_number IS NOT NULL",
    "CREATE UNIQUE INDEX suppliers_lei ON vcci.suppliers (tenant_id, lei_code) WHERE lei_code IS NOT NULL",
    "CREATE INDEX suppliers_by_name ON vcci.suppliers (tenant_id, name, id)",
    "CREATE INDEX emissions_by_date ON vcci.emissions (tenant_id, run_id, transaction_date, id)",
    "CREATE UNIQUE INDEX entries_by_row ON vcci.entries (tenant_id, run_id, first_row)",
    "CREATE INDEX idempotent_replies_by_age ON vcci.idempotent_replies (created_at)",
    "CREATE INDEX jobs_to_do ON vcci.jobs (created_at) WHERE state IN ('queued', 'running')",
)

SECURE = """
    ALTER TABLE vcci.{table} ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
    CREATE POLICY tenant ON vcci.{table} TO vcci_app, vcci_loader
        USING (tenant_id = nullif(current_setting('vcci.tenant_id', true), '')::uuid)
        WITH CHECK (tenant_id = nullif(current_setting('vcci.tenant_id', true), '')::uuid)
"""

WRITES = (
    "GRANT INSERT ON {tables} TO vcci_loader",
    "GRANT UPDATE (revoked_at) ON vcci.api_keys TO vcci_loader",
    "GRANT DELETE ON vcci.idempotent_replies TO vcci_loader",
    "GRANT UPDATE (next_row, next_key) ON vcci.open_runs TO vcci_loader",
    "GRANT UPDATE (first_row, rows, version, changed_at, request, reply) ON vcci.entries TO vcci_loader",
    "GRANT UPDATE (state, progress, outcome, attempts, worker_id, lease_until, started_at, finished_at)"
    " ON vcci.jobs TO vcci_loader",
    "GRANT UPDATE (duns_number, lei_code, country, industry_code, annual_spend_usd, status, merged_into,"
    " version, changed_at) ON vcci.suppliers TO vcci_loader",
    "GRANT UPDATE (rows, lines, total_mg_co2e) ON vcci.runs TO vcci_loader",
    "GRANT UPDATE (rows) ON vcci.imports TO vcci_loader",
    "GRANT UPDATE (lines, co2e_mg), DELETE ON vcci.emission_rollups TO vcci_loader",
)


def upgrade() -> None:
    for table in TABLES.values():
        op.execute(table)
    op.execute(SUPPLIERS)
    for index in INDEXES:
        op.execute(index)
    for name in TABLES:
        op.execute(SECURE.format(table=name))
    tables = ", ".join(f"vcci.{name}" for name in TABLES)
    op.execute(f"GRANT SELECT ON {tables} TO vcci_app, vcci_loader")
    for grant in WRITES:
        op.execute(grant.format(tables=tables))
