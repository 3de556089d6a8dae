"""Indexes, plans and bulk writes: what keeps the database quick, and proves it."""

from vcci.database.optimizations.advice import Advice
from vcci.database.optimizations.bulk import batch_insert_optimized, copy_records, insert_records
from vcci.database.optimizations.index_health import IndexHealth
from vcci.database.optimizations.indexes import (
    ALL_INDEXES,
    CALCULATIONS_INDEXES,
    EMISSIONS_INDEXES,
    SUPPLIERS_INDEXES,
    IndexManager,
)
from vcci.database.optimizations.plans import QueryAnalysis, QueryAnalyzer

__all__ = [
    "ALL_INDEXES",
    "CALCULATIONS_INDEXES",
    "EMISSIONS_INDEXES",
    "SUPPLIERS_INDEXES",
    "Advice",
    "IndexHealth",
    "IndexManager",
    "QueryAnalysis",
    "QueryAnalyzer",
    "batch_insert_optimized",
    "copy_records",
    "insert_records",
]
