"""What the rows of a ledger said of themselves that some lines were made of."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from vcci.database.connections import Connection
from vcci.database.emissions_read import LineRow
from vcci.database.keyset import Parameters

IMPORTS: Final = "SELECT id, import_id FROM vcci.runs WHERE tenant_id = $1 AND id = ANY ($2)"

OF_IMPORT: Final = (
    "SELECT a.import_id, a.row_number, a.source, a.line, a.account_code, a.account, a.description,"
    " a.quantity::text AS quantity, a.unit FROM vcci.activities a"
    " WHERE a.tenant_id = $1 AND a.import_id = {of_import} AND a.row_number = ANY ({rows})"
)
"""One for each import: named by itself, only its own partition is looked at."""


@dataclass(frozen=True, slots=True)
class LedgerRow:
    """A row as it was read; texts as found, empty where there was nothing."""

    source: str
    line: int
    account_code: str
    account: str
    description: str
    quantity: str
    unit: str


@dataclass(frozen=True, slots=True)
class RunFacts:
    """What a derivation needs of a run; packs in use and decisions of the review queue are JSON."""

    digest: str
    title: str
    packs: str
    decisions: str = "[]"


UNKNOWN: Final = LedgerRow("", 0, "", "", "", "", "")
"""Of lines whose rows are not stored."""


async def ledger_rows(tx: Connection, tenant_id: UUID, lines: Sequence[LineRow]) -> dict[UUID, LedgerRow]:
    """Return the rows of lines by the lines' ids, in two queries."""
    runs = {line.run_id for line in lines}
    if not runs:
        return {}
    import_of = {row["id"]: row["import_id"] for row in await tx.fetch(IMPORTS, tenant_id, list(runs))}
    wanted: dict[UUID, list[int]] = {}
    for line in lines:
        wanted.setdefault(import_of[line.run_id], []).append(line.row_number)
    parameters = Parameters([tenant_id])
    reads = [
        OF_IMPORT.format(of_import=parameters.add(one, "uuid"), rows=parameters.add(rows, "bigint[]"))
        for one, rows in wanted.items()
    ]
    found = {
        (import_id, row): LedgerRow(*told)
        for import_id, row, *told in await tx.fetch(" UNION ALL ".join(reads), *parameters.values)
    }
    return {line.id: found.get((import_of[line.run_id], line.row_number), UNKNOWN) for line in lines}


async def run_facts(tx: Connection, tenant_id: UUID, run_id: UUID) -> RunFacts | None:
    """Return what a derivation needs of a run; None if there is none."""
    query = (
        "SELECT digest, title, packs, coalesce(inventory->'decisions', '[]')::text FROM vcci.runs"
        " WHERE tenant_id = $1 AND id = $2"
    )
    row = await tx.fetchrow(query, tenant_id, run_id)
    return None if row is None else RunFacts(*row)
