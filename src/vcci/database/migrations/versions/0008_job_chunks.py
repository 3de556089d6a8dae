"""Jobs that go on where they stood: fencing tokens, retries, priorities, and the ledger of chunks."""

from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

STATEMENTS = (
    """
    ALTER TABLE vcci.jobs
        ADD COLUMN priority smallint NOT NULL DEFAULT '0',
        ADD COLUMN fence bigint NOT NULL DEFAULT '0',
        ADD COLUMN failures integer NOT NULL DEFAULT 0,
        ADD COLUMN deaths integer NOT NULL DEFAULT 0,
        ADD COLUMN not_before timestamptz,
        ADD COLUMN cancel_asked_at timestamptz,
        ADD COLUMN history jsonb NOT NULL DEFAULT '[]',
        DROP CONSTRAINT jobs_state,
        ADD CONSTRAINT jobs_state
            CHECK (state IN ('queued', 'running', 'waiting', 'completed', 'failed', 'cancelled'))
    """,
    "GRANT UPDATE (priority, fence, failures, deaths, not_before, cancel_asked_at, history) ON vcci.jobs"
    " TO vcci_loader",
    "DROP INDEX vcci.jobs_to_do",
    "CREATE INDEX jobs_to_do ON vcci.jobs (tenant_id, priority, created_at, id)"
    " WHERE state IN ('queued', 'running', 'waiting')",
    """
    CREATE TABLE vcci.job_chunks (
        tenant_id uuid NOT NULL REFERENCES vcci.tenants (id),
        job_id uuid NOT NULL,
        stage text NOT NULL,
        number integer NOT NULL,
        fence bigint NOT NULL,
        rows bigint NOT NULL,
        told jsonb NOT NULL,
        created_at timestamptz NOT NULL DEFAULT now(),
        PRIMARY KEY (tenant_id, job_id, stage, number),
        FOREIGN KEY (tenant_id, job_id) REFERENCES vcci.jobs (tenant_id, id)
    )
    """,
    "ALTER TABLE vcci.job_chunks ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY",
    """
    CREATE POLICY tenant ON vcci.job_chunks TO vcci_app, vcci_loader
        USING (tenant_id = nullif(current_setting('vcci.tenant_id', true), '')::uuid)
        WITH CHECK (tenant_id = nullif(current_setting('vcci.tenant_id', true), '')::uuid)
    """,
    "GRANT SELECT ON vcci.job_chunks TO vcci_app, vcci_loader",
    "GRANT INSERT, DELETE ON vcci.job_chunks TO vcci_loader",
    # With the caller's rights: row security holds for each tenant in its turn.
    """
    CREATE FUNCTION vcci.tenants_with_jobs(asked uuid[]) RETURNS TABLE (tenant uuid, first_due smallint)
    LANGUAGE plpgsql AS $$
    DECLARE
        before text := coalesce(current_setting('vcci.tenant_id', true), '');
    BEGIN
        FOREACH tenant IN ARRAY coalesce(asked, ARRAY(SELECT t.id FROM vcci.tenants t ORDER BY t.id)) LOOP
            PERFORM set_config('vcci.tenant_id', tenant::text, true);
            IF EXISTS (
                SELECT FROM vcci.jobs j
                WHERE j.tenant_id = tenant AND j.state IN ('queued', 'running', 'waiting')
            ) THEN
                first_due := (
                    SELECT j.priority FROM vcci.jobs j
                    WHERE j.tenant_id = tenant AND (j.state = 'queued'
                        OR j.state = 'running' AND j.lease_until < now()
                        OR j.state = 'waiting' AND j.not_before <= now())
                    ORDER BY j.priority, j.created_at, j.id LIMIT 1
                );
                RETURN NEXT;
            END IF;
        END LOOP;
        PERFORM set_config('vcci.tenant_id', before, true);
    END
    $$
    """,
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)
