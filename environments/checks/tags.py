"""Faults of the tags that all resources of an environment have.

Source: IAM user guide, "Tags for AWS Identity and Access Management resources".
"""

from collections.abc import Iterable, Iterator, Mapping

from constructs_lib.rules.aws.resource_tags import required_tag_faults, tag_faults
from constructs_lib.rules.faults import Fault, under
from environments.model.environment import EnvironmentModel

_TAGS = "tags"


def environment_tag_faults(head: EnvironmentModel) -> Iterator[Fault]:
    """Yield the faults of an environment's tags by themselves."""
    yield from _form_faults(head)
    known: dict[str, str] = {}
    for key in head.tags:
        first = known.setdefault(key.lower(), key)
        if first != key:
            yield Fault(
                f"{_TAGS}.{key}",
                "keys of an environment's tags must differ by more than their case, because "
                f"IAM ignores it, got '{key}' and '{first}'. Remove one.",
            )
    given = {key: allowed for key, allowed in head.required_tags.items() if key in head.tags}
    yield from under(_TAGS, required_tag_faults(head.tags, given))


def own_tag_faults(own: Mapping[str, str], head: EnvironmentModel) -> Iterator[Fault]:
    """Yield the faults of a repository's tags against the environment's required tags.

    The value of a tag that the repository has from the environment is the environment's fault.
    """
    required = {
        key: allowed
        for key, allowed in head.required_tags.items()
        if key in own or key not in head.tags
    }
    yield from under(_TAGS, required_tag_faults(own, required))


def without_inherited(
    faults: Iterable[Fault], own: Mapping[str, str], head: EnvironmentModel
) -> list[Fault]:
    """Return the faults of a repository without those that its environment's tags have already.

    :param own: the repository's own tags.
    """
    inherited = [
        fault for fault in _form_faults(head) if fault.path.removeprefix(f"{_TAGS}.") not in own
    ]
    return [fault for fault in faults if fault not in inherited]


def _form_faults(head: EnvironmentModel) -> list[Fault]:
    return under(_TAGS, tag_faults(head.tags))
