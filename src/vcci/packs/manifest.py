"""The manifest of a pack: a YAML file that says whose data it is and vouches for every byte of them."""

from dataclasses import MISSING, fields
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Final

import yaml

from vcci.domain.factor import PackManifest
from vcci.errors import PackError

MANIFEST: Final = "manifest.yaml"
"""Name of the manifest in a pack's folder."""

DATA: Final = "data.parquet"
"""Name of the data file in a pack's folder."""

FIELDS: Final = {field.name: field for field in fields(PackManifest)}
KINDS: Final[dict[Any, str]] = {str: "text", int: "a whole number", int | None: "a whole number or nothing"}
"""What the fields of a manifest hold, and how a message calls it."""

_LOADER: Final[Any] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
"""The one in C takes a tenth of the time: a look, or a short run, reads all manifests."""


def read_manifest(folder: Path) -> PackManifest:
    """Return the manifest in a folder; PackError where it is missing, damaged or says what no pack says."""
    path = folder / MANIFEST
    try:
        said = yaml.load(path.read_text(encoding="utf-8"), Loader=_LOADER)  # noqa: S506  (both are safe)
    except FileNotFoundError:
        raise PackError(
            f"{folder} is not a factor pack: it has no {MANIFEST}.",
            remedy=f"A pack is a folder with {MANIFEST} and {DATA}; docs/packs.md shows how to make one.",
            code="pack_missing",
        ) from None
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise _damaged(path, " ".join(str(error).split())) from error
    if not isinstance(said, dict):
        raise _damaged(path, "it is not a list of `field: value` lines")
    return _validated(path, said)


def _validated(path: Path, said: dict[Any, Any]) -> PackManifest:
    for name in said:
        if name not in FIELDS:
            near = get_close_matches(str(name), FIELDS, n=1)
            raise _damaged(
                path, f"field {name!r} is unknown" + (f"; did you mean {near[0]!r}?" if near else "")
            )
    missing = [name for name, field in FIELDS.items() if name not in said and field.default is MISSING]
    wrong = [f"field {name!r} is missing" for name in missing]
    wrong += [
        f"field {name!r} holds {value!r}, not {KINDS[FIELDS[name].type]}"
        for name, value in said.items()
        if isinstance(value, bool) or not isinstance(value, FIELDS[name].type)  # type: ignore[arg-type]
    ]
    if wrong:
        raise _damaged(path, "; ".join(wrong))
    return PackManifest(**said)


def _damaged(path: Path, why: str) -> PackError:
    return PackError(
        f"The manifest {path} cannot be used: {why}.",
        remedy="Correct it, or take the pack from its publisher again.",
        code="pack_manifest_damaged",
    )
