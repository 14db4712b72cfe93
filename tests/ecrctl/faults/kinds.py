"""The kinds of faults: what a server, a proxy or the network can do to an answer of AWS."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from .proxy import Exchange, Fault, Handler

HTML = b"<html><body><h1>Sign in to the network</h1></body></html>"
# Longer than the read timeout of the clients for this kind.
STALLED = "stalled"


def _reset(handler: Handler, _found: Exchange) -> None:
    handler.reset()


def _closed(handler: Handler, _found: Exchange) -> None:
    handler.close_connection = True


def _stalled(_handler: Handler, _found: Exchange) -> None:
    """Answer nothing, and keep the connection."""


def _content(status: int, body: bytes, media_type: str = "") -> Fault:
    def send(handler: Handler, found: Exchange) -> None:
        handler.send(status, body, media_type or found.media_type)

    return Fault(send)


def _redirect(handler: Handler, _found: Exchange) -> None:
    handler.send(302, b"", "text/html", {"Location": "http://127.0.0.1:9/sign-in"})


def _cut_connection(handler: Handler, found: Exchange) -> None:
    handler.send(found.status, found.body[:-5], found.media_type, missing=5)


def _half_body(handler: Handler, found: Exchange) -> None:
    handler.send(200, found.body[: len(found.body) // 2] or b"{", found.media_type)


def _error(status: int, code: str | None, message: str | None) -> Fault:
    """Return an error in the form of the operation's protocol."""

    def send(handler: Handler, found: Exchange) -> None:
        if found.operation.startswith("registry:"):
            body = json.dumps({"errors": [{"code": code, "message": message}]})
        elif found.is_json:
            named = {"__type": code, "message": message}
            body = json.dumps({name: value for name, value in named.items() if value})
        else:
            inner = f"<Code>{code}</Code>" if code else ""
            inner += f"<Message>{message}</Message>" if message else ""
            body = f"<ErrorResponse><Error>{inner}</Error></ErrorResponse>"
        handler.send(status, body.encode(), found.media_type)

    return Fault(send)


def _changed(change: Callable[[Any], Any]) -> Fault:
    """Return the answer with its JSON document changed."""

    def changed(found: Exchange) -> bytes:
        if not found.is_json:
            return found.body
        document = {name: change(item) for name, item in json.loads(found.body).items()}
        return json.dumps(document).encode()

    def send(handler: Handler, found: Exchange) -> None:
        handler.send(found.status, changed(found), found.media_type, found.headers)

    def differs(found: Exchange) -> bool:
        return found.is_json and json.loads(changed(found)) != json.loads(found.body)

    return Fault(send, differs)


def _null_lists(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _null_lists(item) for name, item in value.items()}
    return None if isinstance(value, list) else value


def _null_items(value: Any) -> Any:
    return [None] if isinstance(value, list) else value


def _other_types(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _other_types(item) for name, item in value.items()}
    if isinstance(value, list):
        return "a text"
    return {"an": "object"}


def _without_members(value: Any) -> Any:
    if isinstance(value, dict):
        return {}
    return [_without_members(item) for item in value] if isinstance(value, list) else value


KINDS: dict[str, Fault] = {
    "reset": Fault(_reset),
    "closed without an answer": Fault(_closed),
    STALLED: Fault(_stalled),
    "HTML with status 200": _content(200, HTML, "text/html"),
    "HTML as another type": _content(200, HTML),
    "HTML with status 503": _content(503, HTML, "text/html"),
    "an empty document": _content(200, b"{}"),
    "an empty body": _content(200, b""),
    "half of the body": Fault(_half_body),
    "a cut connection": Fault(_cut_connection),
    "a redirect": Fault(_redirect),
    "an error without a message": _error(400, "ServerException", None),
    "an error without a code": _error(400, None, "It failed."),
    "access denied": _error(400, "AccessDeniedException", "User is not authorized."),
    "throttled": _error(400, "ThrottlingException", "Rate exceeded"),
    "an expired token": _error(403, "ExpiredTokenException", "The token has expired."),
    "an internal failure": _error(500, "InternalFailure", "Internal failure."),
    "a client exception": _error(400, "ClientException", "Try another one."),
}
# Faults of a JSON document, after which a comparison may report differences.
DOCUMENTS: dict[str, Fault] = {
    "lists that are null": _changed(_null_lists),
    "items that are null": _changed(_null_items),
    "values of other types": _changed(_other_types),
    "objects without members": _changed(_without_members),
}
