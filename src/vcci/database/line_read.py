"""One row of a stored run with all that belongs to it, read through row security in one query.

What `processing/find_line.py` finds in a folder of results, from PostgreSQL. Exchange rates are not stored
there: `amount` is, which is what a rate has given.
"""

from collections.abc import Mapping
from typing import Any, Final
from uuid import UUID

from vcci.database.connections import Connection
from vcci.database.run_rows import MULTIPLIER_COLUMNS
from vcci.services.derivations import READ, FoundRow

OF_TABLES: Final = ("line", "supplier_id", "supplier", "date", "quantity")
"""Of what a row says of itself, the names that are not columns of `vcci.activities`."""

OF_ACTIVITY: Final = tuple(name for name in READ if name not in OF_TABLES)

OF_MULTIPLIER: Final = tuple(name for name in MULTIPLIER_COLUMNS if name not in ("scope3_category", "year"))
OF_CLASSIFICATION: Final = ("commodity_matched", "commodity_decided")
PREFIX: Final = "key_"
"""Before the names of a multiplier's columns, some of which an activity has, too."""

ROW: Final = f"""
    SELECT a.row_number AS row, a.line AS "line", {", ".join(f"a.{name}" for name in OF_ACTIVITY)},
        a.asked_method, a.notices, s.source_key AS supplier_id, s.name AS supplier,
        a.transaction_date::text AS date, a.quantity::text AS quantity,
        u.reason, e.amount, e.co2e_mg, e.notices AS line_notices,
        {", ".join(f"m.{name} AS {PREFIX}{name}" for name in OF_MULTIPLIER)},
        m.scope3_category AS {PREFIX}category, m.year::text AS {PREFIX}year
    FROM vcci.runs r
    JOIN vcci.activities a
        ON a.tenant_id = r.tenant_id AND a.import_id = r.import_id AND a.row_number = $3
    LEFT JOIN vcci.suppliers s ON s.tenant_id = a.tenant_id AND s.id = a.supplier_id
    LEFT JOIN vcci.unlined u ON u.tenant_id = r.tenant_id AND u.run_id = $2 AND u.row_number = $3
    LEFT JOIN vcci.emissions e ON e.tenant_id = r.tenant_id AND e.run_id = $2 AND e.row_number = $3
    LEFT JOIN vcci.run_multipliers m
        ON m.tenant_id = r.tenant_id AND m.run_id = $2 AND m.key = e.multiplier_key
    WHERE r.tenant_id = $1 AND r.id = $2
"""
"""The run's id is given to each partitioned table itself, so that only its own partition is looked at."""


async def derivation_row(tx: Connection, tenant_id: UUID, *, run_id: UUID, row: int) -> FoundRow | None:
    """Return a row of a run, counted from 1, as `derivation_of` takes it; None if there is none."""
    found = await tx.fetchrow(ROW, tenant_id, run_id, row)
    return None if found is None else _found(dict(found))


def _of_reading(notices: str) -> str:
    """Return a row's notices without those of its classification.

    An import is shared by runs that place its texts in other ways; what a run has to say is on its lines.
    """
    return ";".join(code for code in notices.split(";") if code not in OF_CLASSIFICATION)


def _found(record: Mapping[str, Any]) -> FoundRow:
    """Take a record apart; classification is stored with multipliers, so a row without a line has none."""
    activity = {name: value for name, value in record.items() if not name.startswith(PREFIX)}
    is_own_key = activity["supplier_id"] != activity["supplier"]
    activity["supplier_id"] = activity["supplier_id"] if is_own_key else ""
    activity["date"] = activity["date"] or ""
    activity["notices"] = _of_reading(activity["notices"])
    if record["reason"]:
        return FoundRow(activity, {}, {}, {}, record["reason"])
    multiplier = {
        name.removeprefix(PREFIX): value for name, value in record.items() if name.startswith(PREFIX)
    }
    multiplier["year"] = multiplier["year"] or ""
    line = {name: record[name] for name in ("amount", "co2e_mg")} | {"notices": record["line_notices"]}
    classified = {name: multiplier[name] for name in ("activity", "category")} | {"exclusion": ""}
    return FoundRow(activity | classified, line, multiplier, {})
