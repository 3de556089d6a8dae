"""How many records a delimited text has, counted without a CSV parser: the judge of the one that reads it."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

QUOTE: Final = '"'
LITERAL: Final = "x"
"""Stands for any character after which a quote is an ordinary one."""


@dataclass(slots=True)
class RecordCount:
    """Records of a text that is fed piece by piece, and the line ends seen outside quotes.

    A quote opens a cell only at the start of a cell; inside, a doubled quote is a quote; a line end (LF,
    CR LF or CR) outside quotes ends a record; text after the last one is a record too.
    """

    delimiter: str
    line_ends: dict[str, int] = field(default_factory=lambda: {"CRLF": 0, "LF": 0, "CR": 0})
    _before: str = "\n"
    _inside: bool = False
    _held: str = ""

    @classmethod
    def of(cls, texts: Iterable[str], delimiter: str) -> "RecordCount":
        """Count a whole text, given in pieces of any size."""
        count = cls(delimiter)
        for text in texts:
            count.feed(text)
        count.feed("", final=True)
        return count

    @property
    def records(self) -> int:
        """The number of records, blank ones among them, once the whole text was fed."""
        return sum(self.line_ends.values()) + (self._before not in "\r\n")

    @property
    def line_end(self) -> str:
        """The kind of line end: "LF", "CRLF", "CR", "mixed", or "" where there is none."""
        seen = [kind for kind, times in self.line_ends.items() if times]
        return seen[0] if len(seen) == 1 else "mixed" if seen else ""

    def feed(self, text: str, *, final: bool = False) -> None:
        """Count one more piece; a CR at its end waits for the next, which may begin with its LF."""
        text = self._held + text
        self._held = "\r" if text.endswith("\r") and not final else ""
        first, *rest = text.removesuffix("\r" if self._held else "").split(QUOTE)
        self._piece(first)
        for piece in rest:
            self._quote()
            self._piece(piece)

    def _quote(self) -> None:
        """Turn at a quote: just after a closing one it reopens the cell, for the two were one quote in it."""
        if self._inside:
            self._inside, self._before = False, QUOTE
        elif self._before in (self.delimiter, "\r", "\n", QUOTE):
            self._inside = True
        else:
            self._before = LITERAL

    def _piece(self, piece: str) -> None:
        if self._inside or not piece:
            return
        both = piece.count("\r\n")
        self.line_ends["CRLF"] += both
        self.line_ends["LF"] += piece.count("\n") - both
        self.line_ends["CR"] += piece.count("\r") - both
        self._before = piece[-1]
