"""Versions of what can be corrected: their entity tags, and corrections of another version refused."""

from vcci.edge.problems import ProblemError


def etag_of(version: int) -> str:
    """Return the entity tag of a version."""
    return f'"{version}"'


def refuse_other_version(version: int, if_match: str) -> None:
    """Raise the problem of a correction that is of another version than there is now.

    Tags are compared strongly (RFC 9110, 13.1.1): a weak one matches nothing.
    """
    tags = [tag.strip() for tag in if_match.split(",")]
    if "*" not in tags and etag_of(version) not in tags:
        raise ProblemError("version_changed", f"The version is {version} now.")
