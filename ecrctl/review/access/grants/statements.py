"""Permissions that are resources of their own, as the statement that the service creates.

Source: CloudFormation template reference, the pages of these types.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

from ecrctl.review.access.policy_sets import Subject
from ecrctl.review.resolution.texts import Values
from ecrctl.review.type_names import EVENT_BUS, FUNCTION, FUNCTION_URL, LAYER_VERSION

_GRANT, _LOCATION = "AWS::S3::AccessGrant", "AWS::S3::AccessGrantsLocation"
_READ = ("s3:GetObject*", "s3:ListBucket*")
_WRITE = ("s3:AbortMultipartUpload", "s3:DeleteObject*", "s3:PutObject*")
_ACTIONS = {"READ": _READ, "WRITE": _WRITE}


class _Permission(NamedTuple):
    """Where a type names the resource that it grants access to, and the actions."""

    of: str
    subject: str
    actions: str = "Action"


PERMISSIONS: Mapping[str, _Permission] = {
    "AWS::ACMPCA::Permission": _Permission(
        "AWS::ACMPCA::CertificateAuthority", "CertificateAuthorityArn", "Actions"
    ),
    "AWS::Events::EventBusPolicy": _Permission(EVENT_BUS, "EventBusName"),
    "AWS::Lambda::LayerVersionPermission": _Permission(LAYER_VERSION, "LayerVersionArn"),
    "AWS::Lambda::Permission": _Permission(FUNCTION, "FunctionName"),
    "AWS::Signer::ProfilePermission": _Permission("AWS::Signer::SigningProfile", "ProfileName"),
}
# The properties that limit such a permission, with the operator and the key of their condition.
_CONDITIONS = {
    "EventSourceToken": ("StringEquals", "lambda:EventSourceToken"),
    "FunctionUrlAuthType": ("StringEquals", "lambda:FunctionUrlAuthType"),
    "InvokedViaFunctionUrl": ("Bool", "lambda:InvokedViaFunctionUrl"),
    "OrganizationId": ("StringEquals", "aws:PrincipalOrgID"),
    "PrincipalOrgID": ("StringEquals", "aws:PrincipalOrgID"),
    "SourceAccount": ("StringEquals", "aws:SourceAccount"),
    "SourceArn": ("ArnLike", "aws:SourceArn"),
}


def permission_policy(
    values: Values, logical_id: str, kind: str, given: Mapping[str, Any]
) -> tuple[Subject, Any] | None:
    """Return the policy that a permission creates, and its subject; ``None`` for other types."""
    if kind == FUNCTION_URL:
        return _function_url(values, given)
    if kind == _GRANT:
        return Subject(kind, values.path(logical_id)), _data_grant(values, given)
    if kind == _LOCATION:
        return Subject(kind, values.path(logical_id)), _data_location(values, given)
    found = PERMISSIONS.get(kind)
    if found is None:
        return None
    name = values.text(given.get(found.subject, "default" if found.of == EVENT_BUS else "?"))
    subject = Subject(found.of, _without_reference(name.rpartition(":function:")[2]))
    if "Statement" in given:
        return subject, {"Version": "2012-10-17", "Statement": given["Statement"]}
    return subject, {"Version": "2012-10-17", "Statement": _statement(values, given, found)}


def _statement(values: Values, given: Mapping[str, Any], found: _Permission) -> dict[str, Any]:
    principal = given.get("Principal")
    text = values.text(principal)
    is_service = "." in text and not text.startswith(("arn:", "${"))
    conditions: dict[str, dict[str, Any]] = {}
    for name, (operator, key) in _CONDITIONS.items():
        if name in given:
            conditions.setdefault(operator, {})[key] = given[name]
    own = given.get("Condition")
    if isinstance(own, Mapping):
        key, value = values.text(own.get("Key", "?")), own.get("Value", "?")
        conditions.setdefault(values.text(own.get("Type", "?")), {})[key] = value
    return {
        "Effect": "Allow",
        "Principal": {"Service" if is_service else "AWS": principal},
        "Action": given.get(found.actions, "lambda:InvokeFunction"),
        "Condition": conditions,
    }


def _data_grant(values: Values, given: Mapping[str, Any]) -> Any:
    """Return the policy of a grant for a user or role: objects at a prefix of a location."""
    grantee, place = given.get("Grantee"), given.get("AccessGrantsLocationConfiguration")
    name = grantee.get("GranteeIdentifier", "?") if isinstance(grantee, Mapping) else "?"
    prefix = place.get("S3SubPrefix", "*") if isinstance(place, Mapping) else "*"
    location = _without_reference(values.text(given.get("AccessGrantsLocationId", "?")))
    application = given.get("ApplicationArn")
    statement = {
        "Effect": "Allow",
        "Principal": {"AWS": name},
        "Action": [*_ACTIONS.get(values.text(given.get("Permission", "?")), (*_READ, *_WRITE))],
        "Resource": f"{location}/{values.text(prefix)}",
    }
    if application is not None:
        statement["Condition"] = {"StringEquals": {"s3:ApplicationArn": application}}
    return {"Version": "2012-10-17", "Statement": statement}


def _data_location(values: Values, given: Mapping[str, Any]) -> Any:
    """Return the policy of a location: its role hands out credentials for the objects there."""
    scope = values.text(given.get("LocationScope", "?")).removeprefix("s3://")
    statement = {
        "Effect": "Allow",
        "Principal": {"AWS": given.get("IamRoleArn", "?")},
        "Action": "s3:GetDataAccess",
        "Resource": f"arn:aws:s3:::{scope.removesuffix('*')}*",
    }
    return {"Version": "2012-10-17", "Statement": statement}


def _function_url(values: Values, given: Mapping[str, Any]) -> tuple[Subject, Any]:
    """Return the policy of a function's URL: without IAM, all requests invoke the function."""
    name = values.text(given.get("TargetFunctionArn", "?")).rpartition(":function:")[2]
    statement = {"Effect": "Allow", "Principal": "*", "Action": "lambda:InvokeFunctionUrl"}
    auth_type = values.text(given.get("AuthType", "NONE"))
    statements = []
    if auth_type != "AWS_IAM":
        # A value that only the deployment knows is a condition, so that it is shown.
        unknown = (
            {} if auth_type == "NONE" else {"Condition": {"StringEquals": {"AuthType": auth_type}}}
        )
        statements.append({**statement, **unknown})
    subject = Subject(FUNCTION_URL, _without_reference(name))
    return subject, {"Version": "2012-10-17", "Statement": statements}


def _without_reference(text: str) -> str:
    """Return a name without the marks of a reference that only the deployment resolves."""
    return text.removeprefix("${").removesuffix(".Arn}").removesuffix("}")
