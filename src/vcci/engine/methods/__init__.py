"""The method catalogue: what each (category, method) takes, computes and covers."""

from vcci.engine.methods.catalogue import METHODS, ROWS, is_primary, methods_of, row_for

__all__ = ["METHODS", "ROWS", "is_primary", "methods_of", "row_for"]
