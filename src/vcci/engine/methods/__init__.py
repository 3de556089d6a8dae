"""The method catalogue: what each (category, method) takes, computes and covers."""

from vcci.engine.methods.catalogue import METHODS, MethodRow, row_for

__all__ = ["METHODS", "MethodRow", "row_for"]
