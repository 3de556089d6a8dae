"""The OpenAPI document as a reader goes through it: by tag, with an example of each request."""

import json
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class DescribedOperation:
    """One operation; `example` is a request as curl sends it."""

    method: str
    path: str
    operation: Mapping[str, Any]
    example: str


def by_tag(document: Mapping[str, Any]) -> dict[str, list[DescribedOperation]]:
    """Return the document's operations by their first tag, in its order."""
    tags: dict[str, list[DescribedOperation]] = defaultdict(list)
    for path, method, operation in _operations(document):
        example = _curl(document, path, method=method)
        tags[operation.get("tags", ["other"])[0]].append(
            DescribedOperation(method.upper(), path, operation, example)
        )
    return dict(tags)


def _operations(document: Mapping[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            yield path, method, {"description": "", "parameters": [], **operation}


def _curl(document: Mapping[str, Any], path: str, *, method: str) -> str:
    told = f'curl -X {method.upper()} {path} -H "Authorization: Bearer $VCCI_KEY"'
    content = document["paths"][path][method].get("requestBody", {}).get("content", {})
    examples = content.get("application/json", {}).get("schema", {}).get("examples")
    if not examples:
        return told
    return f"{told} \\\n  -H 'Content-Type: application/json' -d '{json.dumps(examples[0])}'"
