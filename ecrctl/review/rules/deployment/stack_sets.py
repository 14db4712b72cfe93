"""A rule about stack sets, which deploy a template to other accounts."""

from collections.abc import Iterator, Mapping
from typing import Any

from ecrctl.policies.wording import first_few, listed
from ecrctl.review.diff.comparison import ResourceChange
from ecrctl.review.diff.json_properties import properties_with_json
from ecrctl.review.findings import Category
from ecrctl.review.rules.rule import resource_rule
from ecrctl.review.type_names import STACK_SET

_MOST_SHOWN = 4
_TEMPLATE = ("TemplateBody", "TemplateURL")
_TARGETS = ("StackInstancesGroup", "AutoDeployment")


@resource_rule(Category.NOT_JUDGED, STACK_SET)
def stack_set_changed(change: ResourceChange) -> Iterator[str]:
    """A stack set deploys another template to its accounts, or its template to others."""
    if change.head is None:
        return
    if change.base is None:
        yield "is new: no rule compares the template that it deploys to other accounts"
        return
    before, after = change.both(properties_with_json)
    if any(before.get(name) != after.get(name) for name in _TEMPLATE):
        old, new = _resources(before), _resources(after)
        named = [f"`{name}`" for name in sorted({*old, *new}) if old.get(name) != new.get(name)]
        shown = f": {listed(first_few(named, _MOST_SHOWN))}" if named else ""
        yield f"deploys another template to all of its accounts, which no rule compares{shown}"
    if any(name in change.changed for name in _TARGETS):
        yield "deploys to other accounts or regions, or leaves some"


def _resources(stack_set: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the resources of a stack set's template; none where it is not known as JSON."""
    template = stack_set.get("TemplateBody")
    found = template.get("Resources") if isinstance(template, Mapping) else None
    return found if isinstance(found, Mapping) else {}
