"""The forms in which a declared and a deployed value are compared.

AWS returns a value in another form than it was given: numbers as text, lists in another order,
policies as text. A form is a function that brings both values into the same one.
"""

import json
from collections.abc import Callable, Mapping
from typing import Any

from constructs_lib.rules.policy.lists import as_list
from constructs_lib.rules.policy.statements import canonical, statements_of

# Brings the declared and the deployed value, in this order, into one form.
Form = Callable[[Any, Any], tuple[Any, Any]]


def plain(value: Any) -> Any:
    """Return a value with scalars as text and without empty parts, as AWS adds and omits those."""
    if isinstance(value, Mapping):
        parts = {key: plain(item) for key, item in value.items()}
        return {key: item for key, item in parts.items() if item is not None} or None
    if isinstance(value, list | tuple):
        return [plain(item) for item in value] or None
    if isinstance(value, bool):
        return "true" if value else "false"
    return None if value in (None, "") else str(value)


def each(one: Callable[[Any], Any]) -> Form:
    """Return the form that a function brings each of the two values into."""
    return lambda declared, found: (one(declared), one(found))


def are_same(form: Form, declared: Any, found: Any) -> bool:
    """Return whether two values are the same in a form."""
    left, right = form(declared, found)
    return bool(left == right)


as_is: Form = each(plain)


@each
def unordered(value: Any) -> Any:
    """A list whose order has no meaning."""
    return sorted(filter(None, map(plain, value or ())), key=str) or None


@each
def tags(value: Any) -> Any:
    """Tags by their keys, without those that AWS adds."""
    pairs = value.items() if isinstance(value, Mapping) else map(_pair, value or ())
    return {key: str(text) for key, text in sorted(pairs) if not key.startswith("aws:")} or None


def _pair(tag: Mapping[str, Any]) -> tuple[str, Any]:
    lower = {key.lower().removeprefix("tag"): item for key, item in tag.items()}
    # An unusable answer must be a difference, not an error.
    return lower.get("key", ""), lower.get("value", "")


@each
def json_text(value: Any) -> Any:
    """A JSON document, written as text or not, in which the order of lists has no meaning."""
    document = json.loads(value) if isinstance(value, str) else value
    return None if document is None else json.loads(canonical(document))


@each
def policy(value: Any) -> Any:
    """A policy: its statements by Sid, and its version. IAM knows an account by two names."""
    document = json.loads(value) if isinstance(value, str) else value
    if not document:
        return None
    return {"Version": document.get("Version"), **statements_by_sid(document)}


def statements_by_sid(document: Any) -> dict[str, Any]:
    """Return the statements of a policy, each by its Sid or, where it has no own one, a number."""
    found: dict[str, Any] = {}
    in_order = sorted(statements_of(document), key=lambda one: canonical(statement_form(one)))
    for number, one in enumerate(in_order, start=1):
        sid = one.get("Sid", "")
        # Not every service refuses a Sid that another statement has.
        name = sid if sid and sid not in found else f"{sid} statement {number}".strip()
        found[name] = statement_form(one)
    return found


def statement_form(statement: Mapping[str, Any]) -> Any:
    """Return a statement without its Sid, in the form in which two are compared."""
    parts = {key: value for key, value in statement.items() if key != "Sid"}
    for key in {"Principal", "NotPrincipal"} & parts.keys():
        parts[key] = _principal(parts[key])
    if "Condition" in parts:
        parts["Condition"] = _texts(parts["Condition"])
    return json.loads(canonical(parts))


def _principal(principal: Any) -> Any:
    if principal == "*":
        return {"AWS": "*"}
    if not isinstance(principal, Mapping) or "AWS" not in principal:
        return principal
    # IAM takes an account's number for the ARN of its root, and returns the ARN.
    accounts = [
        one.split(":")[4] if isinstance(one, str) and one.endswith(":root") else one
        for one in as_list(principal["AWS"])
    ]
    return {**principal, "AWS": accounts}


def _texts(value: Any) -> Any:
    """Return a condition with every value as text, as IAM reads it."""
    if isinstance(value, Mapping):
        return {key: _texts(item) for key, item in value.items()}
    return [str(one).lower() if isinstance(one, bool) else str(one) for one in as_list(value)]


@each
def last_part(value: Any) -> Any:
    """A name, or an ARN that ends with it."""
    return str(value).rpartition("/")[2].rpartition(":")[2] if value else None
