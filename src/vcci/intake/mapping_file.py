"""The mapping file (YAML): loaded strictly, saved readably; docs/mapping.md explains it.

Every value is read as the text that stands there, so `007` stays `007` and `No` stays `No`.
"""

import difflib
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any, Final, Self

import yaml
from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationError,
    field_validator,
    model_validator,
)

from vcci.domain.factor import OwnFactor
from vcci.domain.finding import REASONS, Outcome
from vcci.domain.mapping import TARGETS, AccountRule, Conventions, DateOrder, DecimalMark, Mapping
from vcci.domain.review import folded
from vcci.engine.numbers import PLAIN_DECIMAL
from vcci.errors import MappingError

MAX_BYTES: Final = 4_000_000
"""Largest mapping file: some 40,000 account rules."""

MAX_SHOWN: Final = 5
"""Faults that a message lists."""

NOT_A_PURCHASE: Final = tuple(
    code for code, why in REASONS.items() if why.outcome is Outcome.EXCLUDED and code != "subtotal"
)
"""The codes that `not_a_purchase` takes: those that an account can say."""

WIDTH: Final = 10_000
"""Characters in a line that is written, so that every account rule is a line of its own."""

HEADING: Final = "# How this ledger is read, and what its accounts buy. Correct it and use it with --map.\n"

Text = Annotated[str, StringConstraints(min_length=1)]
_Figure = Annotated[str, StringConstraints(pattern=PLAIN_DECIMAL)]
_Texts = tuple[Text, ...]
Path_ = tuple[str | int, ...]


def _one_or_more(given: object) -> object:
    return (given,) if isinstance(given, str) else given


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class _Conventions(_Strict):
    decimal: DecimalMark | None = None
    date_order: DateOrder | None = None
    encoding: Text | None = None
    delimiter: Text | None = None
    header_row: Annotated[int, Field(ge=0)] | None = None
    sheet: Text | None = None


class _Rule(_Strict):
    account: str = ""
    code: str = ""
    commodity: Annotated[str, StringConstraints(pattern="^[0-9]{2,6}$")] | None = None
    activity: Text | None = None
    own_factor: Text | None = None
    not_a_purchase: Text | None = None
    category: Annotated[int, Field(ge=1, le=15)] | None = None
    why: str = ""

    @model_validator(mode="after")
    def _says_one_thing(self) -> Self:
        if not (folded(self.account) or self.code):
            raise ValueError("a rule needs an account or a code")
        if sum(map(bool, (self.commodity, self.activity, self.own_factor, self.not_a_purchase))) != 1:
            raise ValueError("a rule needs exactly one of commodity, activity, own_factor and not_a_purchase")
        if self.activity and not self.category:
            raise ValueError("a rule that names an activity needs its category")
        if self.not_a_purchase and self.not_a_purchase not in NOT_A_PURCHASE:
            known = ", ".join(NOT_A_PURCHASE)
            raise ValueError(f"not_a_purchase is one of {known}, not {self.not_a_purchase!r}")
        return self


class _OwnFactor(_Strict):
    value: _Figure | None = None
    unit: Text
    source: Text
    price_year: Annotated[int, Field(ge=1900, le=2200)] | None = None
    gases: dict[Text, _Figure] = Field(default_factory=dict)
    gases_kg_co2e: dict[Text, _Figure] = Field(default_factory=dict)
    gwp_set: str = ""
    biogenic_kg_co2: _Figure | None = None

    @model_validator(mode="after")
    def _says_how_much(self) -> Self:
        if sum(map(bool, (self.value, self.gases, self.gases_kg_co2e))) != 1:
            raise ValueError("a factor needs exactly one of value, gases and gases_kg_co2e")
        return self

    def as_own_factor(self) -> OwnFactor:
        texts = {"value": self.value or "", "biogenic_kg_co2": self.biogenic_kg_co2 or ""}
        return OwnFactor(**self.model_dump() | texts)


class _File(_Strict):
    source: str = ""
    columns: dict[Text, Annotated[_Texts, BeforeValidator(_one_or_more)]] = Field(default_factory=dict)
    conventions: _Conventions = _Conventions()
    currency: Annotated[str, StringConstraints(pattern="^([A-Z]{3})?$")] = ""
    region: Annotated[str, StringConstraints(pattern="^([A-Z]{2})?$")] = ""
    capital_values: _Texts = ()
    redacted_suppliers: _Texts = ()
    accounts: tuple[_Rule, ...] = ()
    own_factors: dict[Text, _OwnFactor] = Field(default_factory=dict)
    left_out: dict[Annotated[int, Field(ge=1, le=15)], Text] = Field(default_factory=dict)

    @field_validator("columns")
    @classmethod
    def _targets_are_known(cls, columns: dict[str, _Texts]) -> dict[str, _Texts]:
        if unknown := [target for target in columns if target not in TARGETS]:
            raise ValueError(unknown_key(unknown[0], TARGETS))
        return columns

    @model_validator(mode="after")
    def _own_factors_are_known(self) -> Self:
        unknown = sorted({r.own_factor for r in self.accounts if r.own_factor} - set(self.own_factors))
        if unknown:
            raise ValueError(f"own_factors has no {', '.join(unknown)}, which a rule names")
        return self


def load_mapping(path: Path) -> Mapping:
    """Read a mapping file; raise `MappingError` that names every fault by line."""
    return _loaded(_content(path), path)


def mapping_in(text: str, name: str) -> Mapping:
    """Read the text of a mapping file that is called `name`; as `load_mapping`."""
    return _loaded(text.encode(), Path(name))


def _loaded(content: bytes, path: Path) -> Mapping:
    node = _composed(content, path)
    plain = _plain(node, path)
    if not isinstance(plain, dict):
        raise _invalid(path, [(1, "it holds no keys")])
    try:
        file = _File.model_validate(plain)
    except ValidationError as error:
        faults = [(_line(node, at["loc"]), _explained(at)) for at in error.errors(include_url=False)]
        raise _invalid(path, faults) from None
    if doubles := list(_doubles(file.accounts)):
        raise _invalid(path, [(_line(node, loc), what) for loc, what in doubles])
    return _mapping(file)


def save_mapping(mapping: Mapping, path: Path) -> None:
    """Write a mapping so that `load_mapping` gives an equal one: keys in a fixed order, no empty ones."""
    path.write_text(mapping_text(mapping), encoding="utf-8", newline="\n")


def mapping_text(mapping: Mapping) -> str:
    """Return the text of a mapping's file."""
    given = _without_empty(asdict(mapping))
    if mapping.columns:
        given["columns"] = {target: list(names) for target, names in mapping.columns.items()}
    text = yaml.safe_dump(given, sort_keys=False, allow_unicode=True, width=WIDTH, default_flow_style=None)
    return HEADING + (text if given else "")


def _without_empty(value: Any) -> Any:
    """Return plain dicts, lists and texts, without what is empty, zero or absent (but header row 0)."""
    if isinstance(value, dict):
        kept = {key: _without_empty(entry) for key, entry in value.items()}
        return {key: entry for key, entry in kept.items() if entry or (key, entry) == ("header_row", 0)}
    if isinstance(value, list | tuple):
        return [_without_empty(entry) for entry in value]
    return value if value is None or isinstance(value, int) else str(value)


def _mapping(file: _File) -> Mapping:
    rules = [{key: entry for key, entry in rule.model_dump().items() if entry} for rule in file.accounts]
    return Mapping(
        source=file.source,
        columns={target: file.columns[target] for target in TARGETS if target in file.columns},
        conventions=Conventions(**file.conventions.model_dump()),
        currency=file.currency,
        region=file.region,
        capital_values=file.capital_values,
        redacted_suppliers=file.redacted_suppliers,
        accounts=tuple(AccountRule(**rule) for rule in rules),
        own_factors={name: own.as_own_factor() for name, own in file.own_factors.items()},
        left_out=file.left_out,
    )


def _content(path: Path) -> bytes:
    """Return the bytes of a file, as many as may be read and one more; raise `MappingError` without any."""
    try:
        with path.open("rb") as file:
            return file.read(MAX_BYTES + 1)
    except OSError as error:
        raise _unreadable(path, error.strerror or str(error)) from None


def _composed(content: bytes, path: Path) -> yaml.Node | None:
    """Return the YAML nodes of a file's content; raise `MappingError` if it cannot be parsed."""
    if len(content) > MAX_BYTES:
        raise _unreadable(path, f"it is larger than {MAX_BYTES:,} bytes")
    try:
        node: yaml.Node | None = yaml.compose(content.decode("utf-8-sig"), Loader=_LOADER)
    except UnicodeDecodeError as error:
        raise _unreadable(path, f"it is not UTF-8 (byte {error.start + 1})") from None
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise _unreadable(path, f"{error.problem or error.context} at line {line}") from None
    except (yaml.YAMLError, RecursionError) as error:
        raise _unreadable(path, str(error).partition("\n")[0]) from None
    return node


_LOADER: Final[Any] = getattr(yaml, "CBaseLoader", yaml.BaseLoader)


def _plain(node: yaml.Node | None, path: Path) -> Any:
    """Return dicts, lists and texts; raise `MappingError` for aliases and for doubled or nested keys."""
    seen: set[int] = set()

    def walk(at: yaml.Node) -> Any:
        if id(at) in seen:
            raise _invalid(path, [(at.start_mark.line + 1, "anchors and aliases are not read; write it out")])
        seen.add(id(at))
        if isinstance(at, yaml.SequenceNode):
            return [walk(entry) for entry in at.value]
        if isinstance(at, yaml.MappingNode):
            return _keyed([(key, walk(entry)) for key, entry in at.value], path)
        return at.value

    return walk(node) if node is not None else {}


def _keyed(pairs: Sequence[tuple[yaml.Node, Any]], path: Path) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, entry in pairs:
        if not isinstance(key, yaml.ScalarNode) or key.value in found:
            raise _invalid(
                path, [(key.start_mark.line + 1, "a key stands here a second time, or is no text")]
            )
        found[key.value] = entry
    return found


def _line(node: yaml.Node | None, loc: Path_) -> int:
    """Return the line, from 1, of the entry at a path of keys and places, or of the last one on the way."""
    line = 1
    for step in loc:
        if isinstance(node, yaml.MappingNode):
            pairs = [(key, entry) for key, entry in node.value if key.value == step]
            if not pairs:
                break
            line, node = pairs[0][0].start_mark.line + 1, pairs[0][1]
        elif isinstance(node, yaml.SequenceNode) and isinstance(step, int) and step < len(node.value):
            node = node.value[step]
            line = node.start_mark.line + 1
    return line


def _explained(error: Any) -> str:
    loc = [str(step) for step in error["loc"]]
    if error["type"] == "extra_forbidden":
        return unknown_key(loc[-1], tuple(_keys_at(error["loc"])))
    return f"{'.'.join(loc)}: {error['msg'].removeprefix('Value error, ')}".removeprefix(": ")


def unknown_key(name: str, known: Sequence[str]) -> str:
    """Say that a key is not known, with the nearest one that is."""
    near = difflib.get_close_matches(name, known, n=1)
    hint = f'did you mean "{near[0]}"?' if near else f"known: {', '.join(known)}"
    return f'there is no key "{name}"; {hint}'


def _keys_at(loc: Path_) -> Iterator[str]:
    """Yield the keys that are known where an unknown one was found."""
    models: dict[str, type[BaseModel]] = {
        "conventions": _Conventions,
        "accounts": _Rule,
        "own_factors": _OwnFactor,
    }
    yield from (models[str(loc[0])] if len(loc) > 1 else _File).model_fields


def _doubles(rules: Sequence[_Rule]) -> Iterator[tuple[Path_, str]]:
    """Yield each rule whose code or account another rule has: by code first, as rules are looked up."""
    seen: set[tuple[str, str]] = set()
    for place, rule in enumerate(rules):
        for kind, name in (("code", rule.code), ("account", folded(rule.account))):
            if name and (kind, name) in seen:
                yield ("accounts", place), f"the {kind} {name!r} has a rule already"
            seen.add((kind, name))


def _unreadable(path: Path, why: str) -> MappingError:
    return MappingError(
        f"The mapping file {path} cannot be read: {why}.",
        remedy="docs/mapping.md shows what one looks like; a run writes one into its results.",
        code="mapping_unreadable",
    )


def _invalid(path: Path, faults: Sequence[tuple[int, str]]) -> MappingError:
    shown = [f"{path}:{line}: {what}" for line, what in faults[:MAX_SHOWN]]
    more = len(faults) - len(shown)
    rest = [f"and {more} more"] if more else []
    return MappingError(
        "The mapping file is not valid. " + "; ".join(shown + rest) + ".",
        remedy="docs/mapping.md lists the keys and what they take.",
        code="mapping_invalid",
    )
