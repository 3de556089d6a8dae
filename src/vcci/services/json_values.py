"""Values of JSON, taken as they are written: true is no 1, and 0 is not false."""

from typing import Annotated, Any, Final

from pydantic import BeforeValidator


def _no_boolean(given: Any) -> Any:
    if isinstance(given, bool):
        raise ValueError("true and false are no numbers")
    return given


def _no_number(given: Any) -> Any:
    if isinstance(given, int | float) and not isinstance(given, bool):
        raise ValueError("a number is neither true nor false")
    return given


NO_BOOLEAN: Final = BeforeValidator(_no_boolean)
"""For a number; after its bounds, which the schema would lose otherwise."""

YesOrNo = Annotated[bool, BeforeValidator(_no_number)]
"""True or false."""
