"""The OpenAPI document: what FastAPI makes of the routes, with what all of them have in common."""

from collections.abc import Iterator
from typing import Any, Final

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from fastapi.routing import RouteContext

from vcci.domain.access import PERMISSIONS, Permission
from vcci.edge.descriptions import described
from vcci.edge.permissions import permission_of, routes_of

SCHEMES: Final = {
    "bearer": {"type": "http", "scheme": "bearer", "description": "A key of the service."},
    "api_key": {"type": "apiKey", "in": "header", "name": "X-API-Key", "description": "The same key."},
}
OF_ALL: Final = (429, 503, 504)
OF_KEYS: Final = (401, 403)
OF_BODIES: Final = (400, 413, 415)
INVALID: Final = 422
NOT_FOUND: Final = 404

ABOUT: Final = (
    "Scope 3 greenhouse-gas accounting. Every route but those of health needs a key, as a bearer token or as"
    " X-API-Key. What goes wrong is answered as a problem (RFC 9457) with a code and a hint."
)


def document_of(app: FastAPI) -> dict[str, Any]:
    """Return the document; made once, and kept by the application."""
    if app.openapi_schema is None:
        made = get_openapi(
            title=app.title,
            version=app.version,
            description=ABOUT,
            routes=app.routes,
            openapi_version="3.1.0",
        )
        made.setdefault("components", {})["securitySchemes"] = SCHEMES
        for route, operation in _operations(app, made):
            _complete(operation, permission_of(route))
        _forget_default_errors(made)
        app.openapi_schema = made
    return app.openapi_schema


def _operations(app: FastAPI, made: dict[str, Any]) -> Iterator[tuple[RouteContext, dict[str, Any]]]:
    for route in routes_of(app):
        if route.include_in_schema:
            for method in route.methods or ():
                yield route, made["paths"][route.path_format][method.lower()]


def _complete(operation: dict[str, Any], permission: Permission | None) -> None:
    statuses = [*OF_ALL]
    if permission is not None:
        holders = ", ".join(role for role, allowed in PERMISSIONS.items() if permission in allowed)
        operation["security"] = [{"bearer": []}, {"api_key": []}]
        operation["x-permission"] = permission
        operation["description"] = f"{operation.get('description', '')}\n\nNeeds `{permission}` ({holders})."
        statuses += OF_KEYS
    if "requestBody" in operation:
        statuses += OF_BODIES
    if any(parameter["in"] == "path" for parameter in operation.get("parameters", ())):
        statuses.append(NOT_FOUND)
    answers = operation.setdefault("responses", {})
    if _is_default_error(answers.get(str(INVALID))):
        del answers[str(INVALID)]
        statuses.append(INVALID)
    for status, answer in described(*statuses).items():
        answers.setdefault(str(status), answer)


def _is_default_error(answer: dict[str, Any] | None) -> bool:
    return "HTTPValidationError" in str(answer)


def _forget_default_errors(made: dict[str, Any]) -> None:
    schemas = made["components"].get("schemas", {})
    for name in ("HTTPValidationError", "ValidationError"):
        schemas.pop(name, None)
