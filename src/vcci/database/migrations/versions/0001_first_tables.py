"""The first tables, their row security and rights. A published migration is never changed.

Runs as vcci_migrator, in the schemas that roles.py has made. (A colon before a word would be read as a
parameter here, and a percent sign as a format.)
"""

from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

TABLES = (
    """
    CREATE TABLE vcci.tenants (
        id uuid PRIMARY KEY,
        slug text NOT NULL UNIQUE,
        name text NOT NULL,
        created_at timestamptz NOT NULL DEFAULT now()
    )
    """,
    """
    CREATE TABLE vcci.suppliers (
        tenant_id uuid NOT NULL REFERENCES vcci.tenants (id),
        id uuid NOT NULL,
        source_key text NOT NULL,
        name text NOT NULL,
        duns_number text,
        created_at timestamptz NOT NULL DEFAULT now(),
        PRIMARY KEY (tenant_id, id),
        UNIQUE (tenant_id, source_key)
    )
    """,
    """
    CREATE TABLE vcci.imports (
        tenant_id uuid NOT NULL REFERENCES vcci.tenants (id),
        id uuid NOT NULL,
        digest text NOT NULL,
        files jsonb NOT NULL,
        rows bigint NOT NULL,
        created_at timestamptz NOT NULL DEFAULT now(),
        PRIMARY KEY (tenant_id, id),
        UNIQUE (tenant_id, digest)
    )
    """,
    """
    CREATE TABLE vcci.activities (
        tenant_id uuid NOT NULL,
        import_id uuid NOT NULL,
        id uuid NOT NULL,
        row_number bigint NOT NULL,
        source text NOT NULL,
        line bigint NOT NULL,
        supplier_id uuid,
        account text NOT NULL,
        account_code text NOT NULL,
        description text NOT NULL,
        capital boolean NOT NULL,
        transaction_date date,
        quantity numeric,
        unit text NOT NULL,
        region text NOT NULL,
        problem text NOT NULL,
        problem_column text NOT NULL,
        problem_value text NOT NULL,
        notices text NOT NULL,
        PRIMARY KEY (tenant_id, import_id, id),
        UNIQUE (tenant_id, import_id, row_number)
    ) PARTITION BY LIST (import_id)
    """,
    """
    CREATE TABLE vcci.factor_packs (
        digest text PRIMARY KEY,
        name text NOT NULL,
        version text NOT NULL,
        manifest jsonb NOT NULL,
        created_at timestamptz NOT NULL DEFAULT now()
    )
    """,
    """
    CREATE TABLE vcci.factors (
        pack_digest text NOT NULL REFERENCES vcci.factor_packs (digest),
        factor_id text NOT NULL,
        activity text NOT NULL,
        name text NOT NULL,
        value_kg_co2e numeric NOT NULL,
        unit text NOT NULL,
        price_year integer,
        price_basis text,
        region text NOT NULL,
        gwp_set text NOT NULL,
        PRIMARY KEY (pack_digest, factor_id)
    )
    """,
    """
    CREATE TABLE vcci.runs (
        tenant_id uuid NOT NULL REFERENCES vcci.tenants (id),
        id uuid NOT NULL,
        digest text NOT NULL,
        import_id uuid NOT NULL,
        title text NOT NULL,
        year integer,
        parameters jsonb NOT NULL,
        packs jsonb NOT NULL,
        rows bigint NOT NULL,
        lines bigint NOT NULL,
        excluded bigint NOT NULL,
        not_covered bigint NOT NULL,
        rejected bigint NOT NULL,
        total_mg_co2e bigint NOT NULL,
        inventory jsonb NOT NULL,
        created_at timestamptz NOT NULL DEFAULT now(),
        PRIMARY KEY (tenant_id, id),
        UNIQUE (tenant_id, digest),
        FOREIGN KEY (tenant_id, import_id) REFERENCES vcci.imports (tenant_id, id),
        CHECK (rows = lines + excluded + not_covered + rejected)
    )
    """,
    """
    CREATE TABLE vcci.run_multipliers (
        tenant_id uuid NOT NULL,
        run_id uuid NOT NULL,
        key integer NOT NULL,
        scope3_category smallint NOT NULL,
        activity text NOT NULL,
        region text NOT NULL,
        unit text NOT NULL,
        year integer,
        mg_co2e_per_unit double precision NOT NULL,
        factor_currency text NOT NULL,
        factor_id text NOT NULL,
        factor_name text NOT NULL,
        factor_value text NOT NULL,
        factor_unit text NOT NULL,
        pack text NOT NULL,
        method text NOT NULL,
        notices text NOT NULL,
        steps text NOT NULL,
        PRIMARY KEY (tenant_id, run_id, key),
        FOREIGN KEY (tenant_id, run_id) REFERENCES vcci.runs (tenant_id, id) ON DELETE CASCADE
    )
    """,
    """
    CREATE TABLE vcci.emissions (
        tenant_id uuid NOT NULL,
        run_id uuid NOT NULL,
        id uuid NOT NULL,
        row_number bigint NOT NULL,
        supplier_id uuid,
        scope3_category smallint NOT NULL,
        transaction_date date,
        multiplier_key integer NOT NULL,
        amount double precision NOT NULL,
        co2e_mg bigint NOT NULL,
        emissions_tco2e numeric GENERATED ALWAYS AS (co2e_mg * 0.000000001) STORED,
        notices text NOT NULL,
        PRIMARY KEY (tenant_id, run_id, id)
    ) PARTITION BY LIST (run_id)
    """,
    """
    CREATE TABLE vcci.unlined (
        tenant_id uuid NOT NULL,
        run_id uuid NOT NULL,
        row_number bigint NOT NULL,
        reason text NOT NULL,
        PRIMARY KEY (tenant_id, run_id, row_number)
    ) PARTITION BY LIST (run_id)
    """,
    """
    CREATE TABLE vcci.emission_rollups (
        tenant_id uuid NOT NULL,
        run_id uuid NOT NULL,
        scope3_category smallint NOT NULL,
        supplier_id uuid,
        month date,
        lines bigint NOT NULL,
        co2e_mg bigint NOT NULL,
        UNIQUE NULLS NOT DISTINCT (tenant_id, run_id, scope3_category, supplier_id, month),
        FOREIGN KEY (tenant_id, run_id) REFERENCES vcci.runs (tenant_id, id) ON DELETE CASCADE
    )
    """,
)

PARTITIONED = ("activities", "emissions", "unlined")
TENANT_TABLES = ("suppliers", "imports", "runs", "run_multipliers", "emission_rollups", *PARTITIONED)
FACTOR_TABLES = ("factor_packs", "factors")

SECURE = """
    ALTER TABLE vcci.{table} ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
    CREATE POLICY tenant ON vcci.{table} TO vcci_app, vcci_loader
        USING ({column} = nullif(current_setting('vcci.tenant_id', true), '')::uuid)
        WITH CHECK ({column} = nullif(current_setting('vcci.tenant_id', true), '')::uuid);
"""

LOADER_KNOWS_TENANTS = """
    CREATE POLICY loader_finds_tenants ON vcci.tenants FOR SELECT TO vcci_loader USING (true);
    CREATE POLICY loader_adds_tenants ON vcci.tenants FOR INSERT TO vcci_loader WITH CHECK (true)
"""

ATTACHING = "ALTER TABLE vcci.{table} OWNER TO vcci_loader"
"""Only the owner of a partitioned table may attach to it. Row security is forced: it binds the owner too."""


def upgrade() -> None:
    for table in TABLES:
        op.execute(table)
    for name in TENANT_TABLES:
        op.execute(SECURE.format(table=name, column="tenant_id"))
    op.execute(SECURE.format(table="tenants", column="id") + LOADER_KNOWS_TENANTS)
    op.execute("GRANT USAGE ON SCHEMA vcci TO vcci_app, vcci_loader")
    for name in ("tenants", *TENANT_TABLES, *FACTOR_TABLES):
        op.execute(f"GRANT SELECT ON vcci.{name} TO vcci_app, vcci_loader")
    for name in ("tenants", "suppliers", "imports", "runs", "run_multipliers", "emission_rollups"):
        op.execute(f"GRANT INSERT ON vcci.{name} TO vcci_loader")
    op.execute("GRANT UPDATE (name) ON vcci.suppliers TO vcci_loader")
    for name in FACTOR_TABLES:
        op.execute(f"GRANT INSERT ON vcci.{name} TO vcci_loader")
    op.execute("GRANT CREATE ON SCHEMA vcci TO vcci_loader")
    for name in PARTITIONED:
        op.execute(ATTACHING.format(table=name))
    op.execute("REVOKE CREATE ON SCHEMA vcci FROM vcci_loader")
