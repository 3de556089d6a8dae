"""Activities with methods of their own, and the gases of multipliers and lines."""

from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute(
        "ALTER TABLE vcci.activities ADD COLUMN asked_method text NOT NULL DEFAULT '',"
        " ADD COLUMN part text NOT NULL DEFAULT '', ADD COLUMN formula text NOT NULL DEFAULT ''"
    )
    op.execute(
        "ALTER TABLE vcci.run_multipliers ADD COLUMN asked_method text NOT NULL DEFAULT '',"
        " ADD COLUMN gwp_set text NOT NULL DEFAULT '', ADD COLUMN factor_region text NOT NULL DEFAULT '',"
        " ADD COLUMN factor_year integer, ADD COLUMN mg_co2_per_unit double precision,"
        " ADD COLUMN mg_ch4_as_co2e_per_unit double precision,"
        " ADD COLUMN mg_n2o_as_co2e_per_unit double precision,"
        " ADD COLUMN mg_biogenic_co2_per_unit double precision,"
        " ADD COLUMN dq_technology smallint, ADD COLUMN dq_time smallint, ADD COLUMN dq_geography smallint,"
        " ADD COLUMN dq_completeness smallint, ADD COLUMN dq_reliability smallint,"
        " ADD COLUMN ln_sigma double precision"
    )
    op.execute(
        "ALTER TABLE vcci.emissions ADD COLUMN co2_mg bigint, ADD COLUMN ch4_mg_co2e bigint,"
        " ADD COLUMN n2o_mg_co2e bigint, ADD COLUMN biogenic_co2_mg bigint"
    )
