"""The encoding of a text file, told from all of its bytes; a question where they fit two."""

import codecs
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from vcci.errors import FileRefusedError, InputError, QuestionError
from vcci.intake.alphabets import ALPHABETS, plausibility
from vcci.intake.limits import damaged

CHUNK: Final = 1 << 20
"""Bytes read at a time."""
SAMPLE: Final = 1 << 16
"""Bytes of lines with non-ASCII text from which an encoding is told."""
TOO_CLOSE: Final = 0.02
"""Encodings whose plausibility differs by less are not told apart by it."""
TOO_ODD: Final = 0.7
"""Below this share of plausible characters, no encoding that we know fits."""

BOMS: Final = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
"""Byte order marks, longest first where one begins like another."""

WIDE: Final[Mapping[tuple[bool, bool, bool, bool], str]] = {
    (True, True, True, False): "utf-32-be",
    (False, True, True, True): "utf-32-le",
    (True, False, True, False): "utf-16-be",
    (False, True, False, True): "utf-16-le",
}
"""Encoding by the positions (modulo 4) where ASCII characters leave NUL bytes."""


def encoding_of(path: Path, name: str, told: str | None) -> str:
    """Return the encoding of a text file as a Python codec name; `told` is the user's word, if any.

    Order: the user's word, a byte order mark, the pattern of NUL bytes, strict UTF-8 over the whole file, and
    last the plausibility of what each codec in ALPHABETS makes of the non-ASCII lines. Raises `QuestionError`
    (encoding_ambiguous) where that leaves two different texts.
    """
    with path.open("rb") as file:
        head = file.read(SAMPLE)
    marked = next((encoding for bom, encoding in BOMS if head.startswith(bom)), None)
    if told:
        return _known_codec(told, marked)
    wide = marked or WIDE.get(_nul_places(head))
    if wide:
        return wide
    bad = _first_not_utf8(path)
    if bad is None:
        return "utf-8"
    return _most_plausible(_non_ascii_lines(path), name, bad)


@dataclass(frozen=True, slots=True)
class Likely:
    """The encodings that a text may be in, as Python codec names, the likeliest first.

    `found` is the one that a run would read, empty where that is a question. `is_proven` where the bytes say
    it themselves: they are more than ASCII, and UTF-8 or marked.
    """

    encodings: tuple[str, ...]
    found: str
    is_proven: bool = False


def likely_encodings(path: Path, name: str) -> Likely:
    """Return what a person may have to choose among, whatever was told."""
    try:
        found = encoding_of(path, name, None)
    except InputError:
        found = ""
    if found.startswith("utf-"):
        return Likely((found,), found, is_proven=not all(chunk.isascii() for chunk in _chunks(path)))
    readings = _readings(_non_ascii_lines(path))
    return Likely(tuple(dict.fromkeys(one.encoding for one in readings)) or ("latin-1",), found)


def _known_codec(told: str, marked: str | None) -> str:
    try:
        codec = codecs.lookup(told)
        "".encode(codec.name)
    except LookupError:
        raise InputError(
            f"There is no text encoding {told!r}.",
            remedy="Give --encoding a name such as utf-8, cp1252 or shift_jis.",
            code="encoding_unknown",
        ) from None
    general = codec.name in ("utf-8-sig", "utf-16", "utf-32")
    return marked or codec.name.removesuffix("-sig") if general else codec.name


def _nul_places(head: bytes) -> tuple[bool, bool, bool, bool]:
    """Return at which positions modulo 4 NUL bytes are common: never so in an 8-bit encoding."""
    quarter = max(1, len(head) // 4)
    shares = [head[place::4].count(0) / quarter for place in range(4)]
    common = [share > max(0.04, max(shares) / 8) for share in shares]
    return (common[0], common[1], common[2], common[3])


def _chunks(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while chunk := file.read(CHUNK):
            yield chunk


def _first_not_utf8(path: Path) -> int | None:
    """Return the line of the first byte that is not UTF-8, or None if the file is UTF-8 throughout."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    line = 1
    for chunk in _chunks(path):
        try:
            decoder.decode(chunk)
        except UnicodeDecodeError as error:
            return line + error.object[: error.start].count(b"\n")
        line += chunk.count(b"\n")
    try:
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return line
    return None


def _non_ascii_lines(path: Path) -> bytes:
    """Return distinct lines with non-ASCII bytes from the whole file, up to SAMPLE bytes."""
    found: dict[bytes, None] = {}
    size, rest = 0, b""
    for chunk in _chunks(path):
        *lines, rest = re.split(rb"[\r\n]+", rest + chunk)
        for line in lines:
            if not line.isascii() and line not in found:
                found[line] = None
                size += len(line)
        if size >= SAMPLE:
            return b"\n".join(found)
    return b"\n".join([*found, rest])


@dataclass(frozen=True, slots=True)
class _Reading:
    encoding: str
    score: float
    text: str


def _most_plausible(sample: bytes, name: str, bad_line: int) -> str:
    _refuse_broken_utf8(sample, name, bad_line)
    readings = _readings(sample)
    best = readings[0] if readings and readings[0].score >= TOO_ODD else None
    rivals = [r for r in readings if best and r.text != best.text and r.score > best.score - TOO_CLOSE]
    if best is None or rivals:
        raise _encoding_question(name, [*([best] if best else []), *rivals])
    return best.encoding


def _readings(sample: bytes) -> list[_Reading]:
    """Return a text as each encoding reads it that can, the most plausible first."""
    readings = []
    for alphabet in ALPHABETS:
        try:
            text = sample.decode(alphabet.codec)
        except UnicodeDecodeError:
            continue
        readings.append(_Reading(alphabet.codec, plausibility(text, alphabet), text))
    return sorted(readings, key=lambda reading: -reading.score)


def _refuse_broken_utf8(sample: bytes, name: str, bad_line: int) -> None:
    text = sample.decode("utf-8", errors="replace")
    wrong = text.count("\ufffd")
    if sum(1 for char in text if char > "\x7f") - wrong > wrong:
        raise FileRefusedError(
            f"{name} is UTF-8, but line {bad_line} has bytes that are not.",
            remedy="Export it again in one encoding, or name it with --encoding.",
            code="file_utf8_broken",
        )


def _encoding_question(name: str, readings: list[_Reading]) -> QuestionError:
    words = [re.split(r"[\s,;|]+", reading.text) for reading in readings]
    shown = next((at for at in zip(*words, strict=False) if len(set(at)) > 1), [""] * len(readings))
    return QuestionError(
        f"The encoding of {name} cannot be told from its text.",
        tried=[f"{r.encoding} reads {word[:40]!r}" for r, word in zip(readings, shown, strict=True)],
        remedy="Name it with --encoding, for example --encoding cp1252 for Western Windows.",
        code="encoding_ambiguous",
    )


def not_in_encoding(name: str, encoding: str, error: UnicodeDecodeError) -> FileRefusedError:
    """Return the refusal of a file that has bytes which its encoding does not."""
    shown = error.object[error.start : error.end][:4].hex(" ")
    if encoding.startswith("utf-"):
        return damaged(name, f"bytes {shown} are not {encoding}")
    return FileRefusedError(
        f"{name} has bytes ({shown}) that {encoding} does not know.",
        remedy="Name its encoding with --encoding.",
        code="file_not_in_encoding",
    )
