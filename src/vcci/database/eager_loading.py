"""Related entities with the query that needs them, in place of one query for each."""

from typing import Any

from sqlalchemy import Select
from sqlalchemy.orm import joinedload, selectinload


class NPlusOneOptimizer:
    """Adds what is related to a query; whether a query needs that, `assert_no_n_plus_one` finds out."""

    @staticmethod
    def optimize_with_joinedload(query: Select[Any], *relationships: Any) -> Select[Any]:
        """Load each relationship by a JOIN: for one entity to each row. Lists need `.unique()`."""
        return query.options(*(joinedload(one) for one in relationships))

    @staticmethod
    def optimize_with_selectinload(query: Select[Any], *relationships: Any) -> Select[Any]:
        """Load each relationship by one more query for all rows: for lists of entities."""
        return query.options(*(selectinload(one) for one in relationships))
