"""The tables of the review queue: what people decided of texts, and what hangs on the texts of each run."""

from sqlalchemy import BigInteger, Column, Double, PrimaryKeyConstraint, Table

from vcci.database.columns import count, created, id_, metadata, of_run, tenant, text

match_decisions = Table(
    "match_decisions",
    metadata,
    tenant(),
    count("number"),
    text("text_key"),
    text("account"),
    text("description"),
    text("verdict"),
    text("commodity"),
    text("reason"),
    text("decided_by"),
    id_("api_key_id"),
    id_("user_id", nullable=True),
    created(),
    PrimaryKeyConstraint("tenant_id", "number"),
)
"""Decisions of people on texts; a later one of the same text holds. Nobody may change or delete one.

`number` rises by one within a tenant in the order of commits, so "all up to a number" is the same for ever.
"""

run_texts = Table(
    "run_texts",
    metadata,
    id_("tenant_id"),
    id_("run_id"),
    text("text_key"),
    text("unit"),
    text("account"),
    text("account_code"),
    text("description"),
    text("activity"),
    Column("score", Double, nullable=False),
    count("decision"),
    count("rows"),
    count("spend_hundredths"),
    Column("co2e_mg", BigInteger, nullable=False),
    PrimaryKeyConstraint("tenant_id", "run_id", "text_key", "unit"),
    of_run(),
)
"""The texts of a run that no rule placed, those that most hangs on, by currency of their spend."""
