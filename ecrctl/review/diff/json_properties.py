"""Properties that are JSON text, read as the values that they stand for."""

from collections.abc import Mapping
from typing import Any

from ecrctl.files import json_value
from ecrctl.review.resolution.canonical import function_of

from .resources import Resource, properties

HELM_CHART = "Custom::AWSCDK-EKS-HelmChart"
KUBERNETES_PATCH = "Custom::AWSCDK-EKS-KubernetesPatch"
# In these types, the text is a program or a configuration, whose spelling has no effect.
_JSON: Mapping[str, tuple[str, ...]] = {
    HELM_CHART: ("Values",),
    KUBERNETES_PATCH: ("ApplyPatchJson", "RestorePatchJson"),
    "AWS::CloudFormation::StackSet": ("TemplateBody",),
    "AWS::StepFunctions::StateMachine": ("DefinitionString",),
}


def properties_with_json(resource: Resource | None) -> dict[str, Any]:
    """Return the properties of a resource, with JSON text read as far as it is known."""
    given = properties(resource)
    names = _JSON.get(str((resource or {}).get("Type")), ())
    return {name: _read(one) if name in names else one for name, one in given.items()}


def _read(value: Any) -> Any:
    text = _text(value)
    try:
        return value if text is None else json_value(text)
    except ValueError:
        return value


def _text(value: Any) -> str | None:
    """Return a text, with a mark in place of each reference; ``None`` for any other value."""
    if isinstance(value, str):
        return value
    name, argument = function_of(value) or ("", None)
    if name != "Fn::Join" or not isinstance(argument, list) or not isinstance(argument[-1], list):
        return None
    return "".join(one if isinstance(one, str) else f"${{{_mark(one)}}}" for one in argument[-1])


def _mark(reference: Any) -> str:
    return str(reference).replace("\\", "/").replace('"', "'")
