"""Policy documents of templates, read so that two spellings of one policy are the same."""

import re
from collections.abc import Mapping
from typing import Any

from constructs_lib.rules.policy.lists import as_list
from ecrctl.files import json_value
from ecrctl.review.diff.resources import properties, resources_of
from ecrctl.review.resolution.canonical import function_of
from ecrctl.review.resolution.texts import Values

_WITH_VARIABLES = "2012-10-17"
_VARIABLE = re.compile(r"\$\{(?=[\w.-]+:\w)")
# "${$}" is the policy variable for a dollar sign.
_NO_VARIABLE = "${$}{"


def readable(values: Values, document: Any) -> Any:
    """Return a policy that may be JSON text, with the values of the CDK's ``CfnJson`` resources."""
    parsed = _with_json_values(values, _parsed(values, document))
    if isinstance(parsed, Mapping) and parsed.get("Version") != _WITH_VARIABLES:
        # IAM user guide, "IAM JSON policy elements: Version": without the version of 2012,
        # "${aws:username}" is literal text.
        return {name: _literal(one) if name == "Statement" else one for name, one in parsed.items()}
    return parsed


def is_conditional(document: Any) -> bool:
    """Return whether a part of a policy depends on a condition that only the deployment knows."""
    if isinstance(document, Mapping):
        return "Fn::If" in document or any(map(is_conditional, document.values()))
    return isinstance(document, list) and any(map(is_conditional, document))


def is_policy(value: Any) -> bool:
    """Return whether a value is a policy of IAM's form, as far as it is known."""
    if not isinstance(value, Mapping) or "Statement" not in value:
        return False
    statements = as_list(value["Statement"])
    return any(
        isinstance(one, Mapping) and ("Effect" in one or function_of(one)) for one in statements
    )


def text_with_policy(values: Values, value: Any) -> Any:
    """Return the policy in a text; ``None`` where there is none."""
    name, _ = function_of(value) or ("", None)
    if not isinstance(value, str) and name not in {"Fn::Join", "Fn::ToJsonString"}:
        return None
    if name != "Fn::ToJsonString" and '"Statement"' not in values.text(value):
        return None
    parsed = _parsed(values, value)
    return parsed if is_policy(parsed) else None


def without_policies(value: Any) -> Any:
    """Return a value without the policies in it, and without texts that are policies."""
    if isinstance(value, list):
        return [without_policies(one) for one in value if not _is_policy_or_text(one)]
    if isinstance(value, Mapping):
        kept = {name: one for name, one in value.items() if not _is_policy_or_text(one)}
        return {name: without_policies(one) for name, one in kept.items()}
    return value


def _is_policy_or_text(value: Any) -> bool:
    if not isinstance(value, str):
        return is_policy(value)
    try:
        return '"Statement"' in value and is_policy(json_value(value))
    except ValueError:
        return False


def _parsed(values: Values, document: Any) -> Any:
    """Return a policy that may be a JSON string as a mapping."""
    name, argument = function_of(document) or ("", None)
    if name == "Fn::ToJsonString":
        return argument
    if not isinstance(document, str) and name != "Fn::Join":
        return document
    try:
        return json_value(values.text(document))
    except ValueError:
        return document


def _with_json_values(values: Values, document: Any) -> Any:
    """Return a document with the values of ``CfnJson`` resources, which are often conditions."""
    if isinstance(document, list):
        return [_with_json_values(values, item) for item in document]
    if not isinstance(document, Mapping):
        return document
    given = document.get("Fn::GetAtt")
    resources = resources_of(values.stack)
    resource = resources.get(given[0]) if isinstance(given, list) and len(given) > 1 else None
    if isinstance(resource, Mapping) and resource.get("Type") == "Custom::AWSCDKCfnJson":
        return _parsed(values, values.text(properties(resource).get("Value")))
    return {key: _with_json_values(values, item) for key, item in document.items()}


def _literal(value: Any) -> Any:
    """Return a value whose policy variables are literal text."""
    if isinstance(value, str):
        return _VARIABLE.sub(_NO_VARIABLE, value)
    if isinstance(value, list):
        return [_literal(one) for one in value]
    if isinstance(value, Mapping):
        return {key: _literal(one) for key, one in value.items()}
    return value
