"""Adding, correcting and merging suppliers: what the handlers do within the transaction of a write."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from pydantic import ValidationError

from vcci.database.connections import Connection
from vcci.database.supplier_store import (
    Added,
    NewSupplier,
    SupplierRow,
    add_suppliers,
    correct_supplier,
    hold_suppliers,
    merge_supplier,
    supplier_by_id,
)
from vcci.edge.problems import ProblemError
from vcci.edge.versions import etag_of, refuse_other_version
from vcci.edge.write_once import Reply
from vcci.monitoring.performance import get_performance_monitor
from vcci.services.supplier_request import SupplierRequest

OUTDATED: Final = frozenset({"suppliers"})


def supplier_as_json(row: SupplierRow) -> dict[str, Any]:
    """Return a supplier in plain values, as `SupplierAnswer` says."""
    spend = row.annual_spend_usd
    return {
        "id": str(row.id),
        "supplier_name": row.name,
        "source_key": row.source_key,
        "duns_number": row.duns_number,
        "lei_code": row.lei_code,
        "country": row.country or None,
        "industry_code": row.industry_code,
        "annual_spend_usd": None if spend is None else format(spend, "f"),
        "status": row.status,
        "merged_into": row.merged_into and str(row.merged_into),
        "version": row.version,
        "created_at": row.created_at,
        "changed_at": row.changed_at,
    }


@dataclass(frozen=True, slots=True)
class SupplierWrite:
    """A write to the suppliers of a tenant; `prefix` is the address that they have here."""

    tenant_id: UUID
    prefix: str

    async def add(self, tx: Connection, asked: SupplierRequest) -> Reply:
        """Add a supplier; one that is there and says the same is answered with 200."""
        ((what, row),) = await add_suppliers(tx, self.tenant_id, [_new(asked)])
        get_performance_monitor().metrics.track_supplier_ingestion(what.value)
        if what is Added.CONFLICT:
            raise _conflict(row)
        status, outdated = (201, OUTDATED) if what is Added.CREATED else (200, frozenset[str]())
        return self._reply(row, status=status, outdated=outdated)

    async def add_many(self, tx: Connection, raws: Sequence[Any]) -> Reply:
        """Add suppliers; each has its own result, in order, and none touches another."""
        results: list[dict[str, Any]] = []
        valid: list[tuple[int, SupplierRequest]] = []
        for index, raw in enumerate(raws):
            results.append({"index": index})
            try:
                valid.append((index, SupplierRequest.model_validate(raw)))
            except ValidationError as error:
                results[index] |= {"result": "invalid", "errors": _faults(error)}
        added = await add_suppliers(tx, self.tenant_id, [_new(asked) for _, asked in valid])
        for (index, _), (what, row) in zip(valid, added, strict=True):
            results[index] |= {"result": what.value, "supplier_id": str(row.id)}
        for result in results:
            get_performance_monitor().metrics.track_supplier_ingestion(result["result"])
        return Reply({"results": results}, outdated=OUTDATED)

    async def correct(
        self, tx: Connection, supplier_id: UUID, asked: SupplierRequest, *, if_match: str
    ) -> Reply:
        """Put what is said of a supplier in the place of what was."""
        await hold_suppliers(tx, self.tenant_id)
        row = await self._found(tx, supplier_id)
        refuse_other_version(row.version, if_match)
        if row.merged_into is not None:
            raise ProblemError("conflict", f"It was merged into {row.merged_into}.")
        if asked.source_key not in (None, row.source_key):
            raise ProblemError("conflict", "What ledgers know it by does not change.", pointer="/source_key")
        taken = await correct_supplier(tx, self.tenant_id, supplier_id, details=asked.details())
        if taken is not None:
            raise ProblemError("conflict", f"Supplier {taken} has this DUNS number or LEI.")
        return self._reply(await self._found(tx, supplier_id), status=200, outdated=OUTDATED)

    async def merge(self, tx: Connection, supplier_id: UUID, *, into: UUID) -> Reply:
        """Merge a supplier into another: the same once more changes nothing."""
        await hold_suppliers(tx, self.tenant_id)
        row, target = await self._found(tx, supplier_id), await self._target(tx, into)
        if target.id == supplier_id:
            raise ProblemError("conflict", "A supplier cannot be merged into itself.", pointer="/into")
        if row.merged_into is not None and row.merged_into != target.id:
            raise ProblemError("conflict", f"It was merged into {row.merged_into} already.")
        if row.merged_into is None:
            await merge_supplier(tx, self.tenant_id, supplier_id, into=target.id)
        return self._reply(await self._found(tx, supplier_id), status=200, outdated=OUTDATED)

    async def _found(self, tx: Connection, supplier_id: UUID) -> SupplierRow:
        found = await supplier_by_id(tx, self.tenant_id, supplier_id)
        if found is None:
            raise ProblemError("not_found")
        return found

    async def _target(self, tx: Connection, into: UUID) -> SupplierRow:
        """Return the supplier that is meant, or the one that it was merged into itself."""
        found = await supplier_by_id(tx, self.tenant_id, into)
        if found is None:
            raise ProblemError("not_found", "There is no such supplier.", pointer="/into")
        return found if found.merged_into is None else await self._found(tx, found.merged_into)

    def _reply(self, row: SupplierRow, *, status: int, outdated: frozenset[str]) -> Reply:
        headers = {"ETag": etag_of(row.version)}
        if status == 201:
            headers["Location"] = f"{self.prefix}/{row.id}"
        return Reply(supplier_as_json(row), status, headers, outdated)


def _new(asked: SupplierRequest) -> NewSupplier:
    return NewSupplier(asked.key, asked.details())


def _conflict(row: SupplierRow) -> ProblemError:
    told = f"Supplier {row.id} has the same name or key, DUNS number or LEI, and differs in something else."
    return ProblemError("conflict", told, more={"supplier_id": str(row.id)})


def _faults(error: ValidationError) -> list[str]:
    return [f"{'.'.join(map(str, fault['loc'])) or 'supplier'}: {fault['msg']}" for fault in error.errors()]
