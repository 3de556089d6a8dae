"""Load profiles.yaml: what texts ask of an inventory's completeness."""

from fractions import Fraction
from functools import cache
from importlib import resources

from vcci.parameters.yaml_text import parsed
from vcci.services.comparison import Profile


@cache
def profiles() -> dict[str, Profile]:
    """Return the profiles by name, in the order of the file."""
    text = resources.files("vcci.parameters").joinpath("profiles.yaml").read_text(encoding="utf-8")
    return {
        entry["name"]: Profile(
            name=entry["name"],
            title=entry["title"],
            date=entry["date"],
            status=entry["status"],
            source=entry["source"],
            minimum_percent=Fraction(entry["minimum_percent"]) if "minimum_percent" in entry else None,
        )
        for entry in parsed(text)["profiles"]
    }
