"""Texts of users in the paths of addresses."""

from urllib.parse import quote

from vcci.errors import InputError


def path_of(*parts: str) -> str:
    """Return "/part/part": each part is one segment, whatever characters it has; raises `InputError`.

    What no quoting can keep in its segment is refused: nothing, "." and "..", and half of a character.
    """
    return "".join(f"/{_segment(part)}" for part in parts)


def _segment(part: str) -> str:
    try:
        if part not in ("", ".", ".."):
            return quote(part, safe="")
    except UnicodeEncodeError:
        pass
    raise InputError(
        f"{part[:50]!a} cannot be a part of an address.",
        remedy="Give a name with letters or digits.",
        code="path_part_refused",
    )
