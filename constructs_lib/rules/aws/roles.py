"""The names of roles. Source: IAM user guide, "IAM and AWS STS quotas"."""

import re
from collections.abc import Iterator

from constructs_lib.rules.faults import Fault

from .tokens import matches

ROLE_NAME = re.compile(r"[\w+=,.@-]{1,64}", re.ASCII)


def role_name_faults(role_name: str | None) -> Iterator[Fault]:
    """Yield a fault for a name that IAM refuses; ``None`` stands for a generated one."""
    if role_name is not None and not matches(ROLE_NAME, role_name):
        yield Fault(
            "role_name",
            "a role's name must have 1 to 64 letters, digits and '+=,.@_-', "
            f"got '{role_name[:80]}'. Choose another name.",
        )
