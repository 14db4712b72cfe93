"""Statements of identity policies: what IAM accepts in the policy of a role.

Sources: IAM user guide, "IAM JSON policy elements reference"; IAM and AWS STS quotas.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from constructs_lib.rules.faults import Fault, each_under, faults_unless

from .elements import (
    condition_faults,
    effect_faults,
    is_known_at_deployment,
    key_faults,
    not_a_mapping,
    one_of_faults,
    sid_faults,
)
from .lists import as_list
from .statements import policy_document

# All inline policies of a role together, without white space.
MAXIMUM_LENGTH = 10_240

_KEYS = ("Sid", "Effect", "Action", "NotAction", "Resource", "NotResource", "Condition")
_SID = re.compile(r"[A-Za-z0-9]{0,100}")
_ACTION = re.compile(r"\*|[a-z0-9-]+:[A-Za-z0-9*?]+", re.IGNORECASE)
_RESOURCE = re.compile(r"\*|arn:[^:]*:[^:]*:[^:]*:[^:]*:.+")
_NO_PRINCIPAL = (
    "an identity policy's statement cannot have {}, because the principal is the role itself. "
    "Remove {}."
)


def identity_statement_faults(statements: Sequence[Any]) -> list[Fault]:
    """Check that IAM accepts each statement in the policy of a role, and all of them together."""
    text = json.dumps(policy_document(statements) or {}, separators=(",", ":"), default=str)
    return [
        *each_under("", statements, _faults_of),
        *faults_unless(
            len(text) <= MAXIMUM_LENGTH,
            f"the policies of a role can have at most {MAXIMUM_LENGTH:,} characters, got "
            f"{len(text):,}. Use wildcards, or a managed policy.",
        ),
    ]


def _faults_of(statement: Any) -> Iterator[Fault]:
    if not isinstance(statement, Mapping):
        yield not_a_mapping(statement, "Effect, Action and Resource")
        return
    refused = dict.fromkeys(("Principal", "NotPrincipal"), _NO_PRINCIPAL)
    yield from key_faults(statement, _KEYS, refused)
    yield from sid_faults(statement, _SID, "letters and digits")
    yield from effect_faults(statement)
    yield from one_of_faults(statement, "Action", _action_faults)
    yield from one_of_faults(statement, "Resource", _resource_faults)
    yield from condition_faults(statement.get("Condition", {}))


def _action_faults(given: Any) -> Iterator[Fault]:
    if not as_list(given):
        message = "a statement requires at least one action, got none. Add one, such as"
        yield Fault("", f"{message} 's3:GetObject'.")
    for action in as_list(given):
        yield from faults_unless(
            isinstance(action, str) and _ACTION.fullmatch(action),
            "an action must be a service and a name with a colon between them, got "
            f"{action!r:.80}. Write one such as 's3:GetObject'.",
        )


def _resource_faults(given: Any) -> Iterator[Fault]:
    if not as_list(given):
        yield Fault("", "a statement requires at least one resource, got none. Add one, or '*'.")
    for resource in as_list(given):
        yield from faults_unless(
            is_known_at_deployment(resource)
            or (isinstance(resource, str) and _RESOURCE.fullmatch(resource)),
            f"a resource must be an ARN or '*', got {resource!r:.80}. Write one such as "
            "'arn:aws:s3:::bucket/*'.",
        )
