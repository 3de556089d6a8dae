"""The tables, in SQLAlchemy Core. Migrations make them; a test holds that both say the same.

Every key of a tenant's table begins with the tenant. `activities`, `emissions` and `unlined` are
partitioned by the import or run whose rows they hold. Row security and rights are in the migrations.
"""

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Computed,
    Date,
    Double,
    ForeignKey,
    ForeignKeyConstraint,
    Integer,
    Numeric,
    PrimaryKeyConstraint,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
)

from vcci.database import review_schema, service_schema
from vcci.database.columns import (
    PARTITION_SCHEMA,
    SCHEMA,
    added_text,
    count,
    created,
    id_,
    index,
    json_,
    metadata,
    moment,
    of_run,
    tenant,
    text,
)
from vcci.domain.quality import INDICATORS

__all__ = ["PARTITION_SCHEMA", "SCHEMA", "metadata", "review_schema", "service_schema"]

tenants = Table(
    "tenants",
    metadata,
    Column("id", Uuid, primary_key=True),
    text("slug"),
    text("name"),
    created(),
    UniqueConstraint("slug"),
)

suppliers = Table(
    "suppliers",
    metadata,
    tenant(),
    id_(),
    text("source_key"),
    text("name"),
    text("duns_number", nullable=True),
    created(),
    text("lei_code", nullable=True),
    added_text("country"),
    added_text("industry_code"),
    Column("annual_spend_usd", Numeric),
    Column("status", Text, nullable=False, server_default="active"),
    id_("merged_into", nullable=True),
    Column("version", Integer, nullable=False, server_default="1"),
    moment("changed_at"),
    PrimaryKeyConstraint("tenant_id", "id"),
    UniqueConstraint("tenant_id", "source_key"),
    index(
        "idx_suppliers_duns",
        *("tenant_id", "duns_number"),
        serves="whose a DUNS number is; no two suppliers of a tenant have the same",
        buffers="log",
        unique=True,
        postgresql_where="duns_number IS NOT NULL",
    ),
    index(
        "idx_suppliers_lei",
        *("tenant_id", "lei_code"),
        serves="whose an LEI is; no two suppliers of a tenant have the same",
        buffers="log",
        unique=True,
        postgresql_where="lei_code IS NOT NULL",
    ),
    index(
        "suppliers_by_name",
        *("tenant_id", "name", "id"),
        serves="pages of suppliers by their name",
        buffers="page",
    ),
    ForeignKeyConstraint(["tenant_id", "merged_into"], ["vcci.suppliers.tenant_id", "vcci.suppliers.id"]),
    CheckConstraint("status IN ('active', 'inactive', 'pending', 'merged')", name="suppliers_status"),
)
"""`source_key` is the ledger's own key of the supplier, or its name where the ledger has no key.

One that was merged stays, for the lines that name it, and says into which.
"""

imports = Table(
    "imports",
    metadata,
    tenant(),
    id_(),
    text("digest"),
    json_("files"),
    count("rows"),
    created(),
    PrimaryKeyConstraint("tenant_id", "id"),
    UniqueConstraint("tenant_id", "digest"),
)
"""Files as they were read once: the same bytes read in the same way are one import, shared by its runs."""

activities = Table(
    "activities",
    metadata,
    id_("tenant_id"),
    id_("import_id"),
    id_(),
    count("row_number"),
    text("source"),
    count("line"),
    id_("supplier_id", nullable=True),
    text("account"),
    text("account_code"),
    text("description"),
    Column("capital", Boolean, nullable=False),
    Column("transaction_date", Date),
    Column("quantity", Numeric),
    text("unit"),
    text("region"),
    text("problem"),
    text("problem_column"),
    text("problem_value"),
    text("notices"),
    added_text("asked_method"),
    added_text("part"),
    added_text("formula"),
    PrimaryKeyConstraint("tenant_id", "import_id", "id"),
    # Serves: from a line or a rejected row back to the row of the file.
    UniqueConstraint("tenant_id", "import_id", "row_number"),
    postgresql_partition_by="LIST (import_id)",
)
"""Every row of the user's files; texts as found, empty where absent; a null quantity could not be read."""

factor_packs = Table(
    "factor_packs",
    metadata,
    Column("digest", Text, primary_key=True),
    text("name"),
    text("version"),
    json_("manifest"),
    created(),
)

factors = Table(
    "factors",
    metadata,
    Column("pack_digest", Text, ForeignKey("vcci.factor_packs.digest"), nullable=False),
    text("factor_id"),
    text("activity"),
    text("name"),
    Column("value_kg_co2e", Numeric, nullable=False),
    text("unit"),
    Column("price_year", Integer),
    text("price_basis", nullable=True),
    text("region"),
    text("gwp_set"),
    PrimaryKeyConstraint("pack_digest", "factor_id"),
)
"""Published emission factors, the same for every tenant."""

runs = Table(
    "runs",
    metadata,
    tenant(),
    id_(),
    text("digest"),
    id_("import_id"),
    text("title"),
    Column("year", Integer),
    json_("parameters"),
    json_("packs"),
    count("rows"),
    count("lines"),
    count("excluded"),
    count("not_covered"),
    count("rejected"),
    count("total_mg_co2e"),
    json_("inventory"),
    text("successor_of", nullable=True),
    created(),
    PrimaryKeyConstraint("tenant_id", "id"),
    UniqueConstraint("tenant_id", "digest"),
    ForeignKeyConstraint(["tenant_id", "import_id"], ["vcci.imports.tenant_id", "vcci.imports.id"]),
    CheckConstraint("rows = lines + excluded + not_covered + rejected"),
)

run_multipliers = Table(
    "run_multipliers",
    metadata,
    id_("tenant_id"),
    id_("run_id"),
    Column("key", Integer, nullable=False),
    Column("scope3_category", SmallInteger, nullable=False),
    text("activity"),
    text("region"),
    text("unit"),
    Column("year", Integer),
    Column("mg_co2e_per_unit", Double, nullable=False),
    text("factor_currency"),
    text("factor_id"),
    text("factor_name"),
    text("factor_value"),
    text("factor_unit"),
    text("pack"),
    text("method"),
    text("notices"),
    text("steps"),
    added_text("asked_method"),
    added_text("gwp_set"),
    added_text("factor_region"),
    Column("factor_year", Integer),
    Column("mg_co2_per_unit", Double),
    Column("mg_ch4_as_co2e_per_unit", Double),
    Column("mg_n2o_as_co2e_per_unit", Double),
    Column("mg_biogenic_co2_per_unit", Double),
    *(Column(f"dq_{name}", SmallInteger) for name in INDICATORS),
    Column("ln_sigma", Double),
    PrimaryKeyConstraint("tenant_id", "run_id", "key"),
    of_run(),
)
"""The resolved multipliers: with `emissions`, every line can be recomputed in SQL."""

emissions = Table(
    "emissions",
    metadata,
    id_("tenant_id"),
    id_("run_id"),
    id_(),
    count("row_number"),
    id_("supplier_id", nullable=True),
    Column("scope3_category", SmallInteger, nullable=False),
    Column("transaction_date", Date),
    Column("multiplier_key", Integer, nullable=False),
    Column("amount", Double, nullable=False),
    count("co2e_mg"),
    # A product is exact in numeric; a quotient is rounded to its sixteenth digit or so.
    Column("emissions_tco2e", Numeric, Computed("co2e_mg * 0.000000001", persisted=True)),
    text("notices"),
    Column("co2_mg", BigInteger),
    Column("ch4_mg_co2e", BigInteger),
    Column("n2o_mg_co2e", BigInteger),
    Column("biogenic_co2_mg", BigInteger),
    PrimaryKeyConstraint("tenant_id", "run_id", "id"),
    index(
        "emissions_by_date",
        *("tenant_id", "run_id", "transaction_date", "id"),
        serves="pages of lines by their date",
        buffers="page",
    ),
    index(
        "idx_emissions_composite",
        *("tenant_id", "run_id", "supplier_id", "scope3_category", "transaction_date"),
        serves="the lines of one supplier, of one category and between two days if asked",
        buffers="group",
    ),
    index(
        "idx_emissions_reporting",
        *("tenant_id", "run_id", "transaction_date", "scope3_category"),
        serves="sums by category of days that cut a month, from the index alone",
        buffers="group",
        postgresql_include=["co2e_mg"],
    ),
    index(
        "emissions_by_row",
        "row_number",
        serves="the line of one row of the ledger, for its derivation",
        buffers="log",
        postgresql_using="brin",
        postgresql_with={"pages_per_range": "16", "autosummarize": "on"},
    ),
    postgresql_partition_by="LIST (run_id)",
)
"""The lines; gases are null where no factor tells them, and category 0 is apart from totals.

Ids rise with the rows, so the primary key also pages through a run in ledger order. Rows of a run lie in
ledger order, too: a BRIN index over them takes a few pages, where a b-tree would take forty bytes a line.
No index holds `emissions_tco2e`: sums are made of whole milligrams, and nothing reads it in a report.
"""

unlined = Table(
    "unlined",
    metadata,
    id_("tenant_id"),
    id_("run_id"),
    count("row_number"),
    text("reason"),
    PrimaryKeyConstraint("tenant_id", "run_id", "row_number"),
    postgresql_partition_by="LIST (run_id)",
)
"""The rows of a run that have no line, and why: lines and these are all rows."""

emission_rollups = Table(
    "emission_rollups",
    metadata,
    id_("tenant_id"),
    id_("run_id"),
    Column("scope3_category", SmallInteger, nullable=False),
    id_("supplier_id", nullable=True),
    Column("month", Date),
    count("lines"),
    count("co2e_mg"),
    UniqueConstraint(
        "tenant_id", "run_id", "scope3_category", "supplier_id", "month", postgresql_nulls_not_distinct=True
    ),
    of_run(),
)
"""Sums of `emissions`, written with them; reports read these."""

month_rollups = Table(
    "month_rollups",
    metadata,
    id_("tenant_id"),
    id_("run_id"),
    Column("scope3_category", SmallInteger, nullable=False),
    Column("month", Date),
    count("lines"),
    count("co2e_mg"),
    UniqueConstraint("tenant_id", "run_id", "scope3_category", "month", postgresql_nulls_not_distinct=True),
    of_run(),
)
"""The same sums over all suppliers."""

key_rollups = Table(
    "key_rollups",
    metadata,
    id_("tenant_id"),
    id_("run_id"),
    Column("scope3_category", SmallInteger, nullable=False),
    Column("multiplier_key", Integer, nullable=False),
    Column("year", Integer),
    count("lines"),
    count("co2e_mg"),
    count("spend_hundredths"),
    count("turnover_hundredths"),
    UniqueConstraint(
        "tenant_id",
        "run_id",
        "scope3_category",
        "multiplier_key",
        "year",
        postgresql_nulls_not_distinct=True,
    ),
    of_run(),
)
"""Sums of `emissions` by multiplier and calendar year of their dates, null without one.

With `run_multipliers` they tell factors, methods, regions and data quality without the lines. Spend is in
hundredths of the unit of the rows, of money where that is a currency; in turnover credits count as what they
are worth.
"""

supplier_rollups = Table(
    "supplier_rollups",
    metadata,
    id_("tenant_id"),
    id_("run_id"),
    Column("scope3_category", SmallInteger, nullable=False),
    id_("supplier_id", nullable=True),
    text("method"),
    count("lines"),
    count("co2e_mg"),
    Column("quality_mg", Numeric, nullable=False),
    Column("quality_points_mg", Numeric, nullable=False),
    UniqueConstraint(
        "tenant_id", "run_id", "scope3_category", "supplier_id", "method", postgresql_nulls_not_distinct=True
    ),
    of_run(),
)
"""Sums by supplier and method over all months, with what their data quality weighs, for the league table."""
