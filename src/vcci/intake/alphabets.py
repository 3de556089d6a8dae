"""Which encodings ledgers come in, and how plausible a text is in each: letters of its languages, in place.

A statistical detector was measured on short ledgers first: it took "Müller" in Windows-1252 for DOS Baltic.
Here a character counts as plausible if the encoding's languages use it and it stands where they would put it.
"""

import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

SYMBOLS: Final = frozenset("£€§°«»“”„‘’–—…•™®©²³½¼¾µ¿¡·¢¥´×ºª№\xa0")
"""Signs that stand between words or beside digits, in ledgers of any European language."""
INSIDE_WORDS: Final = frozenset("’‘´–·\xa0")
"""Signs that may touch letters on both sides."""

LONE_WORDS: Final = frozenset("àÀéÉóÓíÍåÅøØöÖавикосуяАВИКОСУЯ")
"""Letters that are words by themselves; any other needs a letter beside it."""
OTHER: Final = "OTHER"
"""The scripts without case, whose words need no neighbour and mix with Latin: the East Asian ones."""


@dataclass(frozen=True, slots=True)
class Alphabet:
    """An encoding and the characters that its languages commonly use, as a test of one character."""

    codec: str
    common: Callable[[str], bool]


def _letters(lower: str) -> Callable[[str], bool]:
    return frozenset(lower + lower.upper()).__contains__


def _codes(codec: str, *ranges: tuple[int, int]) -> Callable[[str], bool]:
    """Test by the character's code in an East Asian charset, where common characters lie together."""

    def common(char: str) -> bool:
        try:
            code = int.from_bytes(char.encode(codec), "big")
        except UnicodeEncodeError:
            return False
        return any(first <= code <= last for first, last in ranges)

    return common


ALPHABETS: Final = (
    Alphabet("cp1252", _letters("äöüßéèêëàâáãåæøœçñíìîïóòôõúùû")),
    Alphabet("cp1252", _letters("áðéíóúýþæö")),
    Alphabet("cp1250", _letters("ąćęłńóśźżáčďéěíňřšťúůýžöőüűäâăîşţđľô")),
    Alphabet("iso8859_2", _letters("ąćęłńóśźżáčďéěíňřšťúůýžöőüűäâîşţđľô")),
    Alphabet("cp1254", _letters("çğıİöşüâîû")),
    Alphabet("cp1257", _letters("āčēģīķļņšūžąęėįųõäöü")),
    Alphabet("cp1251", _letters("абвгдеёжзийклмнопрстуфхцчшщъыьэюяіїєґ")),
    Alphabet("koi8_r", _letters("абвгдеёжзийклмнопрстуфхцчшщъыьэюя")),
    Alphabet("cp866", _letters("абвгдеёжзийклмнопрстуфхцчшщъыьэюя")),
    Alphabet("cp1253", _letters("αβγδεζηθικλμνξοπρσςτυφχψωάέήίόύώ")),
    Alphabet("cp850", _letters("äöüßéèêëàâáãåæøçñíìîïóòôõúùû")),
    Alphabet("mac_roman", _letters("äöüßéèêëàâáãåæøœçñíìîïóòôõúùû")),
    Alphabet("shift_jis", _codes("shift_jis", (0x8140, 0x81FC), (0x824F, 0x8396), (0x889F, 0x9872))),
    Alphabet(
        "cp932", _codes("cp932", (0x8140, 0x81FC), (0x824F, 0x8396), (0x8740, 0x879C), (0x889F, 0x9872))
    ),
    Alphabet("euc_jp", _codes("euc_jp", (0xA1A1, 0xA1FE), (0xA3B0, 0xA5F6), (0xB0A1, 0xCFD3))),
    Alphabet("gb18030", _codes("gb2312", (0xA1A1, 0xA3FE), (0xB0A1, 0xD7F9))),
    Alphabet("big5", _codes("big5", (0xA140, 0xA3BF), (0xA440, 0xC67E))),
    Alphabet("cp949", _codes("euc_kr", (0xA1A1, 0xA3FE), (0xB0A1, 0xC8FE))),
)
"""Encodings in the order in which they are preferred where they give the same text."""


def plausibility(text: str, alphabet: Alphabet) -> float:
    """Return the share (0 to 1) of distinct non-ASCII words' characters that are in place."""
    words = set(re.findall(r"[^\s,;|\t\"]*[^\x00-\x7f][^\s,;|\t\"]*", text)) or {text}
    found = [_in_place(word, at, alphabet) for word in words for at in range(len(word)) if word[at] > "\x7f"]
    return sum(found) / len(found) if found else 0.0


def _in_place(word: str, at: int, alphabet: Alphabet) -> bool:
    char = word[at]
    before, after = word[at - 1 : at], word[at + 1 : at + 2]
    neighbours = [other for other in (before, after) if other.isalpha()]
    if not char.isalpha():
        fits = char in SYMBOLS and (char in INSIDE_WORDS or len(neighbours) < 2)
        return fits or alphabet.common(char)
    if _script(char) == OTHER or not alphabet.common(char):
        return alphabet.common(char)
    raised = char.isupper() and before.islower()
    alone = not neighbours and char not in LONE_WORDS
    return not alone and not raised and all(_script(other) == _script(char) for other in neighbours)


def _script(char: str) -> str:
    first = unicodedata.name(char, OTHER).split(" ", 1)[0]
    return first if first in ("LATIN", "GREEK", "CYRILLIC") else OTHER
