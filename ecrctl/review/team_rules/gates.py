"""Gates: the categories whose findings block a change, in each environment."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from ecrctl.cdk.assemblies import Stack
from ecrctl.review.findings import CATEGORIES, DEFAULT_GATE, PROTECTED_GATE, Category

from .review_file import ReviewFile

DEFAULT = "default"
Gate = Sequence[Category]


@dataclass(frozen=True, slots=True, kw_only=True)
class Gates:
    """The gate of each environment.

    :param by_environment: gates of environments by their name.
    :param default: the gate of every other environment.
    :param protected: the gate of other environments with a protected stack.
    """

    default: Gate = DEFAULT_GATE
    protected: Gate = PROTECTED_GATE
    by_environment: Mapping[str, Gate] = field(default_factory=dict)

    def of(self, names: Iterable[str], *, is_protected: bool) -> Gate:
        """Return the gate of an environment.

        :param names: its names on both sides. A change that renames an environment must pass the
            gates of both names.
        """
        return strictest(
            self._of_name(name, is_protected=is_protected) for name in sorted(set(names))
        )

    def _of_name(self, name: str, *, is_protected: bool) -> Gate:
        return self.by_environment.get(name, self.protected if is_protected else self.default)


def strictest(gates: Iterable[Gate]) -> Gate:
    """Return the gate that blocks whatever one of the gates blocks."""
    every = list(gates)
    return [category for category in CATEGORIES if any(category in gate for gate in every)]


def gates_of(file: ReviewFile, fail_on: Gate | None) -> Gates:
    """Return the gates of a team's file.

    :param fail_on: the gate on the command line, which is for every environment.
    """
    if fail_on is not None:
        return Gates(default=fail_on, protected=fail_on)
    gates = dict(file.gates)
    if DEFAULT not in gates:
        return Gates(by_environment=gates)
    default = gates.pop(DEFAULT)
    return Gates(default=default, protected=default, by_environment=gates)


def environment_gates(
    gates: Gates, base: Iterable[Stack], head: Iterable[Stack]
) -> dict[str, Gate]:
    """Return the gate of every environment of both sides, by its name."""
    base, head = list(base), list(head)
    names = environment_names(base, head)
    protected = {one.environment for one in (*base, *head) if one.is_protected}
    return {
        name: gates.of(others, is_protected=not protected.isdisjoint(others))
        for name, others in names.items()
    }


def environment_names(base: Iterable[Stack], head: Iterable[Stack]) -> dict[str, set[str]]:
    """Return each environment with its names on both sides.

    A stack of CloudFormation's name, account and region is the same stack, whatever stage of the
    app it is in.
    """
    base, head = list(base), list(head)
    names = {one.environment: {one.environment} for one in (*base, *head)}
    before = {_deployed_as(one): one.environment for one in base}
    for one in head:
        earlier = before.get(_deployed_as(one))
        if earlier is not None:
            names[one.environment].add(earlier)
    return names


def _deployed_as(stack: Stack) -> tuple[str, str, str]:
    return stack.stack_name, stack.account, stack.region
