"""The tables of the service: keys, what was asked one by one, and jobs; beside the ledgers of schema.py."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    ForeignKeyConstraint,
    Integer,
    LargeBinary,
    PrimaryKeyConstraint,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from vcci.database.columns import count, created, id_, index, json_, metadata, moment, of_run, tenant, text

users = Table(
    "users",
    metadata,
    tenant(),
    id_(),
    text("name"),
    text("role"),
    text("password_hash"),
    created(),
    moment("disabled_at"),
    Column("failures", Integer, nullable=False, server_default="0"),
    moment("failed_at"),
    PrimaryKeyConstraint("tenant_id", "id"),
    UniqueConstraint("tenant_id", "name"),
)
"""People who sign in with a password, of which a hash (argon2id) is kept; `failures` are those in a row."""

api_keys = Table(
    "api_keys",
    metadata,
    tenant(),
    id_(),
    text("name"),
    text("role"),
    Column("permissions", ARRAY(Text), nullable=False),
    Column("secret_digest", LargeBinary, nullable=False),
    created(),
    moment("expires_at"),
    moment("revoked_at"),
    id_("user_id", nullable=True),
    PrimaryKeyConstraint("tenant_id", "id"),
    ForeignKeyConstraint(["tenant_id", "user_id"], ["vcci.users.tenant_id", "vcci.users.id"]),
)
"""Keys of the API: what they may do is what role and permissions both allow. The secret itself is nowhere.

One with `user_id` is that person's session.
"""

idempotent_replies = Table(
    "idempotent_replies",
    metadata,
    tenant(),
    id_("api_key_id"),
    text("route"),
    text("idempotency_key"),
    Column("request_digest", LargeBinary, nullable=False),
    Column("status", SmallInteger, nullable=False),
    json_("headers"),
    Column("body", LargeBinary, nullable=False),
    created(),
    PrimaryKeyConstraint("tenant_id", "api_key_id", "route", "idempotency_key"),
    index(
        "idempotent_replies_by_age",
        "created_at",
        serves="forgetting replies that are older than they are kept",
        buffers="group",
    ),
)
"""The first reply to each idempotency key, stored in the transaction of its effect."""

calculations = Table(
    "calculations",
    metadata,
    tenant(),
    id_(),
    id_("api_key_id"),
    created(),
    Column("scope3_category", SmallInteger),
    Column("co2e_mg", BigInteger),
    text("request"),
    text("reply"),
    PrimaryKeyConstraint("tenant_id", "id"),
)
"""What was calculated by request, as it was asked and answered: JSON texts. No part of an inventory.

Ids rise with time, so the primary key pages through the history.
"""

open_runs = Table(
    "open_runs",
    metadata,
    tenant(),
    id_("run_id"),
    count("next_row"),
    Column("next_key", Integer, nullable=False),
    PrimaryKeyConstraint("tenant_id"),
    of_run(),
)
"""The one run of a tenant that takes single activities; the next row and multiplier that it will have."""

entries = Table(
    "entries",
    metadata,
    tenant(),
    id_(),
    id_("run_id"),
    count("first_row"),
    Column("rows", Integer, nullable=False),
    Column("version", Integer, nullable=False),
    id_("api_key_id"),
    created(),
    moment("changed_at"),
    text("request"),
    text("reply"),
    PrimaryKeyConstraint("tenant_id", "id"),
    index(
        "entries_by_row",
        *("tenant_id", "run_id", "first_row"),
        serves="the entry that a line was given in",
        buffers="log",
        unique=True,
    ),
    of_run(),
)
"""Activities that were given one by one: `rows` lines of the open run, from `first_row` on."""

entry_versions = Table(
    "entry_versions",
    metadata,
    tenant(),
    id_("entry_id"),
    Column("version", Integer, nullable=False),
    id_("api_key_id"),
    created(),
    text("request"),
    text("reply"),
    PrimaryKeyConstraint("tenant_id", "entry_id", "version"),
    ForeignKeyConstraint(["tenant_id", "entry_id"], ["vcci.entries.tenant_id", "vcci.entries.id"]),
)
"""What a correction took the place of; nobody may change or delete it."""

intake_files = Table(
    "intake_files",
    metadata,
    tenant(),
    id_(),
    id_("api_key_id"),
    text("name"),
    text("digest"),
    count("size_bytes"),
    created(),
    PrimaryKeyConstraint("tenant_id", "id"),
)
"""Files that were uploaded; their bytes lie in the service's data folder, under tenant and id."""

mappings = Table(
    "mappings",
    metadata,
    tenant(),
    text("source"),
    text("mapping"),
    json_("options"),
    id_("api_key_id"),
    id_("user_id", nullable=True),
    created(),
    moment("changed_at"),
    PrimaryKeyConstraint("tenant_id", "source"),
)
"""How ledgers are read: `source` is an uploaded file, or the digest of what files of one source share."""

jobs = Table(
    "jobs",
    metadata,
    tenant(),
    id_(),
    id_("api_key_id"),
    text("kind"),
    text("state"),
    json_("task"),
    json_("progress"),
    json_("outcome"),
    Column("attempts", Integer, nullable=False),
    id_("worker_id", nullable=True),
    moment("lease_until"),
    created(),
    moment("started_at"),
    moment("finished_at"),
    Column("priority", SmallInteger, nullable=False, server_default="0"),
    Column("fence", BigInteger, nullable=False, server_default="0"),
    Column("failures", Integer, nullable=False, server_default="0"),
    Column("deaths", Integer, nullable=False, server_default="0"),
    Column("losses", Integer, nullable=False, server_default="0"),
    moment("not_before"),
    moment("cancel_asked_at"),
    Column("history", JSONB, nullable=False, server_default="[]"),
    PrimaryKeyConstraint("tenant_id", "id"),
    index(
        "jobs_to_do",
        *("tenant_id", "priority", "created_at", "id"),
        serves="the first job of a tenant that nobody works on",
        buffers="log",
        postgresql_where="state IN ('queued', 'running', 'waiting')",
    ),
    CheckConstraint(
        "state IN ('queued', 'running', 'waiting', 'completed', 'failed', 'cancelled')", name="jobs_state"
    ),
)
"""Work that outlasts its request. Who works on a job holds a lease; a lease that has run out may be taken.

`fence` rises with each claim; a write with an older one is refused. `failures`, `deaths` of its process and
`losses` of its worker are since the last chunk; `history` tells what became of the attempts that did not end
well.
"""

job_chunks = Table(
    "job_chunks",
    metadata,
    tenant(),
    id_("job_id"),
    text("stage"),
    Column("number", Integer, nullable=False),
    count("fence"),
    count("rows"),
    json_("told"),
    created(),
    PrimaryKeyConstraint("tenant_id", "job_id", "stage", "number"),
    ForeignKeyConstraint(["tenant_id", "job_id"], ["vcci.jobs.tenant_id", "vcci.jobs.id"]),
)
"""Chunks of jobs that are done, each written in the transaction of its effect."""

announced = Table(
    "announced",
    metadata,
    Column("id", Boolean, nullable=False, server_default="true"),
    count("number"),
    PrimaryKeyConstraint("id"),
    CheckConstraint("id", name="announced_id_check"),
)
"""One row: the number of the newest announcement of what a change makes outdated."""

outdated_groups = Table(
    "outdated_groups",
    metadata,
    tenant(),
    text("data_group"),
    count("number"),
    PrimaryKeyConstraint("tenant_id", "data_group"),
)
"""The number of the newest announcement of each group of a tenant's data."""
