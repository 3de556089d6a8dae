"""The tables, in SQLAlchemy Core. Migrations make them; a test holds that both say the same.

Every key of a tenant's table begins with the tenant. `activities`, `emissions` and `unlined` are
partitioned by the import or run whose rows they hold. Row security and rights are in the migrations.
"""

from typing import Final

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
    MetaData,
    Numeric,
    PrimaryKeyConstraint,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
    func,
)
from sqlalchemy.dialects.postgresql import JSONB, TIMESTAMP

from vcci.domain.quality import INDICATORS

SCHEMA: Final = "vcci"
PARTITION_SCHEMA: Final = "vcci_runs"
"""Partitions lie apart, in a schema that the app role may not enter."""

metadata = MetaData(schema=SCHEMA)


def _text(name: str, *, nullable: bool = False) -> Column[str]:
    return Column(name, Text, nullable=nullable)


def _added_text(name: str) -> Column[str]:
    """Return a text that rows from before it was added hold as empty."""
    return Column(name, Text, nullable=False, server_default="")


def _count(name: str) -> Column[int]:
    return Column(name, BigInteger, nullable=False)


def _tenant() -> Column[object]:
    return Column("tenant_id", Uuid, ForeignKey("vcci.tenants.id"), nullable=False)


def _id(name: str = "id", *, nullable: bool = False) -> Column[object]:
    return Column(name, Uuid, nullable=nullable)


def _json(name: str) -> Column[object]:
    return Column(name, JSONB, nullable=False)


def _created() -> Column[object]:
    return Column("created_at", TIMESTAMP(timezone=True), nullable=False, server_default=func.now())


def _of_run() -> ForeignKeyConstraint:
    return ForeignKeyConstraint(
        ["tenant_id", "run_id"], ["vcci.runs.tenant_id", "vcci.runs.id"], ondelete="CASCADE"
    )


tenants = Table(
    "tenants",
    metadata,
    Column("id", Uuid, primary_key=True),
    _text("slug"),
    _text("name"),
    _created(),
    UniqueConstraint("slug"),
)

suppliers = Table(
    "suppliers",
    metadata,
    _tenant(),
    _id(),
    _text("source_key"),
    _text("name"),
    _text("duns_number", nullable=True),
    _created(),
    PrimaryKeyConstraint("tenant_id", "id"),
    UniqueConstraint("tenant_id", "source_key"),
)
"""`source_key` is the ledger's own key of the supplier, or its name where the ledger has no key."""

imports = Table(
    "imports",
    metadata,
    _tenant(),
    _id(),
    _text("digest"),
    _json("files"),
    _count("rows"),
    _created(),
    PrimaryKeyConstraint("tenant_id", "id"),
    UniqueConstraint("tenant_id", "digest"),
)
"""Files as they were read once: the same bytes read in the same way are one import, shared by its runs."""

activities = Table(
    "activities",
    metadata,
    _id("tenant_id"),
    _id("import_id"),
    _id(),
    _count("row_number"),
    _text("source"),
    _count("line"),
    _id("supplier_id", nullable=True),
    _text("account"),
    _text("account_code"),
    _text("description"),
    Column("capital", Boolean, nullable=False),
    Column("transaction_date", Date),
    Column("quantity", Numeric),
    _text("unit"),
    _text("region"),
    _text("problem"),
    _text("problem_column"),
    _text("problem_value"),
    _text("notices"),
    _added_text("asked_method"),
    _added_text("part"),
    _added_text("formula"),
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
    _text("name"),
    _text("version"),
    _json("manifest"),
    _created(),
)

factors = Table(
    "factors",
    metadata,
    Column("pack_digest", Text, ForeignKey("vcci.factor_packs.digest"), nullable=False),
    _text("factor_id"),
    _text("activity"),
    _text("name"),
    Column("value_kg_co2e", Numeric, nullable=False),
    _text("unit"),
    Column("price_year", Integer),
    _text("price_basis", nullable=True),
    _text("region"),
    _text("gwp_set"),
    PrimaryKeyConstraint("pack_digest", "factor_id"),
)
"""Published emission factors, the same for every tenant."""

runs = Table(
    "runs",
    metadata,
    _tenant(),
    _id(),
    _text("digest"),
    _id("import_id"),
    _text("title"),
    Column("year", Integer),
    _json("parameters"),
    _json("packs"),
    _count("rows"),
    _count("lines"),
    _count("excluded"),
    _count("not_covered"),
    _count("rejected"),
    _count("total_mg_co2e"),
    _json("inventory"),
    _text("successor_of", nullable=True),
    _created(),
    PrimaryKeyConstraint("tenant_id", "id"),
    UniqueConstraint("tenant_id", "digest"),
    ForeignKeyConstraint(["tenant_id", "import_id"], ["vcci.imports.tenant_id", "vcci.imports.id"]),
    CheckConstraint("rows = lines + excluded + not_covered + rejected"),
)

run_multipliers = Table(
    "run_multipliers",
    metadata,
    _id("tenant_id"),
    _id("run_id"),
    Column("key", Integer, nullable=False),
    Column("scope3_category", SmallInteger, nullable=False),
    _text("activity"),
    _text("region"),
    _text("unit"),
    Column("year", Integer),
    Column("mg_co2e_per_unit", Double, nullable=False),
    _text("factor_currency"),
    _text("factor_id"),
    _text("factor_name"),
    _text("factor_value"),
    _text("factor_unit"),
    _text("pack"),
    _text("method"),
    _text("notices"),
    _text("steps"),
    _added_text("asked_method"),
    _added_text("gwp_set"),
    _added_text("factor_region"),
    Column("factor_year", Integer),
    Column("mg_co2_per_unit", Double),
    Column("mg_ch4_as_co2e_per_unit", Double),
    Column("mg_n2o_as_co2e_per_unit", Double),
    Column("mg_biogenic_co2_per_unit", Double),
    *(Column(f"dq_{name}", SmallInteger) for name in INDICATORS),
    Column("ln_sigma", Double),
    PrimaryKeyConstraint("tenant_id", "run_id", "key"),
    _of_run(),
)
"""The resolved multipliers: with `emissions`, every line can be recomputed in SQL."""

emissions = Table(
    "emissions",
    metadata,
    _id("tenant_id"),
    _id("run_id"),
    _id(),
    _count("row_number"),
    _id("supplier_id", nullable=True),
    Column("scope3_category", SmallInteger, nullable=False),
    Column("transaction_date", Date),
    Column("multiplier_key", Integer, nullable=False),
    Column("amount", Double, nullable=False),
    _count("co2e_mg"),
    # A product is exact in numeric; a quotient is rounded to its sixteenth digit or so.
    Column("emissions_tco2e", Numeric, Computed("co2e_mg * 0.000000001", persisted=True)),
    _text("notices"),
    Column("co2_mg", BigInteger),
    Column("ch4_mg_co2e", BigInteger),
    Column("n2o_mg_co2e", BigInteger),
    Column("biogenic_co2_mg", BigInteger),
    PrimaryKeyConstraint("tenant_id", "run_id", "id"),
    postgresql_partition_by="LIST (run_id)",
)
"""The lines; gases are null where no factor tells them, and category 0 is apart from totals.

Ids rise with the rows, so the primary key also pages through a run in ledger order.
"""

unlined = Table(
    "unlined",
    metadata,
    _id("tenant_id"),
    _id("run_id"),
    _count("row_number"),
    _text("reason"),
    PrimaryKeyConstraint("tenant_id", "run_id", "row_number"),
    postgresql_partition_by="LIST (run_id)",
)
"""The rows of a run that have no line, and why: lines and these are all rows."""

emission_rollups = Table(
    "emission_rollups",
    metadata,
    _id("tenant_id"),
    _id("run_id"),
    Column("scope3_category", SmallInteger, nullable=False),
    _id("supplier_id", nullable=True),
    Column("month", Date),
    _count("lines"),
    _count("co2e_mg"),
    UniqueConstraint(
        "tenant_id", "run_id", "scope3_category", "supplier_id", "month", postgresql_nulls_not_distinct=True
    ),
    _of_run(),
)
"""Sums of `emissions`, written with them; reports read these."""

TENANT_TABLES: Final = tuple(
    table.name for table in metadata.sorted_tables if "tenant_id" in table.c or table is tenants
)
