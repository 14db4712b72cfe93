"""Prefixes of repository names, by which caches and creation templates apply.

Sources: Amazon ECR API reference, "CreatePullThroughCacheRule" and
"CreateRepositoryCreationTemplate"; Amazon ECR user guide, "Customizing repository prefixes for ECR
to ECR pull through cache".
"""

import re
from collections.abc import Iterable, Iterator, Sequence

from constructs_lib.rules.faults import Fault, faults_unless

ROOT = "ROOT"
_PREFIX = re.compile(r"[a-z0-9]+(?:(?:\.|_|__|-+|/)[a-z0-9]+)*")


def prefix_faults(prefix: str, *, subject: str, shortest: int, longest: int) -> list[Fault]:
    """Check a prefix of repository names, or ``ROOT`` for all other names.

    :param subject: the subject of the message, such as ``a cache's prefix``.
    """
    if prefix.endswith("/"):
        return [
            Fault(
                "",
                f"{subject} must end without '/', which ECR adds itself, got '{prefix[:80]}'. "
                f"Write '{prefix[:80].rstrip('/')}'.",
            )
        ]
    return faults_unless(
        prefix == ROOT or (shortest <= len(prefix) <= longest and _PREFIX.fullmatch(prefix)),
        f"{subject} must have {shortest} to {longest} lower-case letters and digits, joined by "
        f"'/', '-', '_' or '.', or be {ROOT}, got '{prefix[:80]}'. Write it like 'team'.",
    )


def is_under(prefix: str, name: str) -> bool:
    """Return whether a repository's name begins with a prefix and a slash.

    >>> is_under("team", "team/api"), is_under("team", "team-b/api"), is_under("ROOT", "api")
    (True, False, True)
    """
    return prefix == ROOT or name.startswith(f"{prefix}/")


def pattern_under(prefix: str) -> str:
    """Return the pattern of all repository names under a prefix."""
    return "*" if prefix == ROOT else f"{prefix}/*"


def nested_faults(setting: str, prefixes: Sequence[str]) -> Iterator[Fault]:
    """Yield a fault for each prefix that contains another one.

    :param setting: the list that contains the prefixes, such as ``caches``.
    """
    for index, prefix in enumerate(prefixes):
        for inside, other in enumerate(prefixes):
            # ROOT applies to the names that no other prefix applies to.
            if prefix != ROOT and is_under(prefix, other):
                yield Fault(
                    f"[{index}].prefix",
                    f"the prefix '{prefix}' contains '{other}' of {setting}[{inside}], so two "
                    f"rules would apply to '{other}/...'. Rename one of them, such as "
                    f"'{prefix}-other'.",
                )


def template_prefix_of(start: str) -> str:
    """Return the prefix of the creation template for all names that begin with a text.

    >>> template_prefix_of("team/"), template_prefix_of("team/a"), template_prefix_of("api")
    ('team', 'team', 'ROOT')
    """
    return start.rpartition("/")[0] or ROOT


def is_under_any(prefixes: Iterable[str], name: str) -> bool:
    """Return whether a repository's name is under one of several prefixes."""
    return any(is_under(prefix, name) for prefix in prefixes)
