"""A person with a browser without script: sees a page, follows its links, fills in and sends its forms."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any
from urllib.parse import urljoin, urlsplit

import httpx2
from tests.support.api import Browser

FIELDS = ("input", "select", "textarea")
WAITS = "Look again</a>"
"""Stands on a page of which the service says that it is not ready; each answer of it takes seconds."""
HERE = {"Origin": "https://127.0.0.1"}
Files = Sequence[tuple[str, tuple[str, bytes]]]


@dataclass
class Form:
    """A form: where it goes, its fields with their values, the choices of each, its buttons' texts."""

    action: str
    method: str
    values: dict[str, str] = field(default_factory=dict)
    choices: dict[str, list[str]] = field(default_factory=dict)
    files: list[str] = field(default_factory=list)
    buttons: dict[str, tuple[str, str]] = field(default_factory=dict)


class Reader(HTMLParser):
    """Reads the links and forms of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.links: dict[str, str] = {}
        self.forms: list[Form] = []
        self._form: Form | None = None
        self._select = ""
        self._button: tuple[str, str] | None = None
        self._href: str | None = None
        self._text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        told: Mapping[str, str] = {name: value or "" for name, value in attrs}
        if tag == "a":
            self._href, self._text = told.get("href"), ""
        elif tag == "form":
            self._form = Form(told.get("action", ""), told.get("method", "get"))
            self.forms.append(self._form)
        elif self._form is not None:
            self._of_form(tag, told, {name for name, _ in attrs})

    def _of_form(self, tag: str, told: Mapping[str, str], given: set[str]) -> None:
        assert self._form
        name, value = told.get("name", ""), told.get("value", "")
        if tag == "button":
            self._button, self._text = (name, value), ""
        elif tag == "select":
            self._select = name
            self._form.choices[name] = []
        elif tag == "datalist":
            self._select = ""  # its options are offered for a text, and choose nothing
        elif tag == "option" and self._select:
            self._form.choices[self._select].append(value)
            if "selected" in given or self._select not in self._form.values:
                self._form.values[self._select] = value
        elif tag == "input" and told.get("type") == "file":
            self._form.files.append(name)
        elif tag == "input" and told.get("type") in ("radio", "checkbox"):
            self._form.choices.setdefault(name, []).append(value)
            if "checked" in given:
                self._form.values[name] = value
        elif tag == "input" and name:
            self._form.values[name] = value

    def handle_data(self, data: str) -> None:
        self._text += data

    def handle_endtag(self, tag: str) -> None:
        if tag == "a" and self._href is not None:
            self.links.setdefault(" ".join(self._text.split()), self._href)
            self._href = None
        elif tag == "button" and self._form and self._button:
            self._form.buttons[" ".join(self._text.split())] = self._button
            self._button = None
        elif tag == "form":
            self._form = None


@dataclass
class Visitor:
    """Where a person is: the page's address and text."""

    client: Browser
    path: str = ""
    text: str = ""
    status: int = 0
    clicks: int = 0

    async def open(self, path: str) -> "Visitor":
        """Go to an address."""
        return await self._seen(await self.client.get(path))

    async def follow(self, words: str) -> "Visitor":
        """Follow the link of these words."""
        self.clicks += 1
        return await self.open(urljoin(self.path, self.links[words]))

    async def press(self, words: str, files: Files = (), **fields: Any) -> "Visitor":
        """Fill in a form and press its button; only fields and choices that it has are taken."""
        self.clicks += 1
        form = next(one for one in self._read().forms if words in one.buttons)
        given = {name.replace("__", "-"): value for name, value in fields.items()}
        for name, value in given.items():
            assert name in form.values or value in form.choices.get(name, []), (name, value, form)
            assert name not in form.choices or value in form.choices[name], (name, value)
        told = {**form.values, **given}
        name, value = form.buttons[words]
        told |= {name: value} if name else {}
        path = urljoin(self.path, form.action or self.path)
        if form.method == "get":
            return await self._seen(await self.client.get(path, params=told))
        assert {name for name, _ in files} <= set(form.files)
        sent = await self.client.post(path, data=told, files=list(files) or None, headers=HERE)
        return await self._seen(sent)

    @property
    def links(self) -> dict[str, str]:
        """The page's links by their words."""
        return self._read().links

    def form(self, button: str) -> Form:
        """Return the form with a button of these words."""
        return next(one for one in self._read().forms if button in one.buttons)

    def _read(self) -> Reader:
        reader = Reader()
        reader.feed(self.text)
        return reader

    async def _seen(self, answer: httpx2.Response) -> "Visitor":
        while answer.status_code == 303:
            answer = await self.client.get(urljoin(str(answer.url), answer.headers["location"]))
        while WAITS in answer.text:
            answer = await self.client.get(str(answer.url))
        parts = urlsplit(str(answer.url))
        self.path = parts.path + (f"?{parts.query}" if parts.query else "")
        self.text, self.status = answer.text, answer.status_code
        return self
