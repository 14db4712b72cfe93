"""A base that was saved from CloudFormation, brought into the form that a synth has.

CloudFormation knows some things differently, although a deployment would not change them. Without
these, each review of a deployed environment would report them.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from ecrctl.cdk.assemblies import Stack
from ecrctl.errors import ExitCode, UserError
from ecrctl.files import read_json

# The file that marks an assembly as saved from CloudFormation.
MARKER = "deployed.json"
_OTHER_CHARACTERS = re.compile(r"[^\x00-\x7f]+")
_PARTITION = "${AWS::Partition}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Aligned:
    """Both sides in one form.

    :param restored: the number of values whose other characters CloudFormation does not return.
    """

    base: Sequence[Stack]
    head: Sequence[Stack]
    restored: int

    @property
    def notes(self) -> list[str]:
        """Return a sentence about values that could not be compared as a whole."""
        if not self.restored:
            return []
        note = (
            f"{self.restored} values contain characters other than ASCII, which CloudFormation "
            "returns as '?': a change among these characters alone is not found."
        )
        return [note]


def deployed_environment(folder: Path) -> str | None:
    """Return the environment of an assembly saved from CloudFormation; ``None`` for any other."""
    file = folder / MARKER
    if not file.is_file():
        return None
    document = read_json(file, "Save it again.", exit_code=ExitCode.TOOL_ERROR)
    name = document.get("environment") if isinstance(document, Mapping) else None
    if not isinstance(name, str):
        raise UserError(f"{file} must name an environment. Save it again.")
    return name


def aligned(environment: str, base: Sequence[Stack], head: Sequence[Stack]) -> Aligned:
    """Return both sides in one form, the head without the stacks of other environments."""
    counter = _Restorer()
    heads = {_key(one): one for one in head if _is_in(environment, one)}
    for one in heads.values():
        # The deployed stack of such a name is not in the base, and would be overwritten unseen.
        if not one.stack_name.startswith(f"{environment}-"):
            raise UserError(
                f"every stack of '{environment}' must be named {environment}-..., got "
                f"'{one.stack_name}' for {one.name}, which may be another environment's. Rename it."
            )
    found: list[Stack] = []
    for stack in base:
        other = heads.get(_key(stack))
        if other is None:
            found.append(stack)
            continue
        found.append(_as_synthesised(stack, other, counter))
        heads[_key(stack)] = _with_previous_parameters(other, stack)
    return Aligned(base=found, head=list(heads.values()), restored=counter.count)


def _is_in(environment: str, stack: Stack) -> bool:
    """Return whether a stack is one of an environment's: in its stage, or named after it."""
    if stack.stage:
        return stack.stage.split("/")[0] == environment
    return stack.stack_name.startswith(f"{environment}-")


def _key(stack: Stack) -> tuple[str, str, str]:
    return stack.stack_name, stack.account, stack.region


def _as_synthesised(deployed: Stack, head: Stack, restorer: "_Restorer") -> Stack:
    role = re.escape(head.execution_role).replace(re.escape(_PARTITION), "[a-z-]+")
    is_same_role = re.fullmatch(role, deployed.execution_role) is not None
    return replace(
        deployed,
        template=restorer.restored(deployed.template, head.template),
        tags=restorer.restored(deployed.tags, head.tags),
        # The name of an uploaded asset is the hash of its bytes, and is in the template.
        assets=head.assets,
        # CloudFormation does not know it.
        deploy_role=head.deploy_role,
        execution_role=head.execution_role if is_same_role else deployed.execution_role,
    )


def _with_previous_parameters(head: Stack, deployed: Stack) -> Stack:
    """Return the stack with the values that ``cdk deploy`` leaves as they are."""
    declared = head.template.get("Parameters", {})
    previous = {name: value for name, value in deployed.parameters.items() if name in declared}
    return replace(head, parameters={**previous, **head.parameters})


class _Restorer:
    """Restores the characters that CloudFormation returns as question marks."""

    def __init__(self) -> None:
        self.count = 0

    def restored(self, deployed: Any, head: Any) -> Any:
        """Return a deployed value with the other side's characters where they would fit."""
        if isinstance(deployed, Mapping) and isinstance(head, Mapping):
            keys = {self._key(key, deployed, head): key for key in deployed}
            return {key: self.restored(deployed[old], head.get(key)) for key, old in keys.items()}
        if isinstance(deployed, list) and isinstance(head, list):
            others = [*head, *[None] * len(deployed)]
            return [self.restored(one, other) for one, other in zip(deployed, others, strict=False)]
        if isinstance(deployed, str) and isinstance(head, str) and _may_be(deployed, head):
            self.count += 1
            return head
        return deployed

    def _key(self, key: str, deployed: Mapping[str, Any], head: Mapping[str, Any]) -> str:
        if "?" not in key or key in head:
            return key
        return next((one for one in head if one not in deployed and _may_be(key, one)), key)


def _may_be(deployed: str, head: str) -> bool:
    """Return whether a text differs only in characters that were returned as question marks."""
    if "?" not in deployed or head.isascii() or deployed == head:
        return False
    # A character may be returned as several marks, one for each of its bytes.
    parts = [re.escape(part) for part in _OTHER_CHARACTERS.split(head)]
    return re.fullmatch(r"\?+".join(parts), deployed, re.DOTALL) is not None
