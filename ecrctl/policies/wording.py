"""What a set of actions lets somebody do, in a verb where there is one."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from constructs_lib.rules.policy.repository_policy import (
    ADMINISTER_ACTIONS,
    PULL_ACTIONS,
    PUSH_ACTIONS,
)

from .patterns import Condition, matches, stable
from .permissions import Named

_MOST_SHOWN = 6


@dataclass(frozen=True, slots=True)
class Verb:
    """Define a verb, the actions that tell it, and those that come with it.

    :param telling: all of these make it, or any of them where ``is_any``.
    :param is_exact: whether it is said of its own actions alone, and not of ``ecr:*``.
    """

    name: str
    telling: tuple[str, ...]
    also: tuple[str, ...] = ()
    is_any: bool = False
    is_exact: bool = False


_VERBS = (
    # Who pushes reads manifests too, and still gets no layer.
    Verb("pull", ("ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"), PULL_ACTIONS),
    Verb("push", ("ecr:PutImage", "ecr:UploadLayerPart"), PUSH_ACTIONS),
    Verb("administer", ADMINISTER_ACTIONS, is_any=True),
    Verb("log in to the registry", ("ecr:GetAuthorizationToken",), is_exact=True),
    Verb("replicate into it", ("ecr:ReplicateImage",), is_exact=True),
    Verb(
        "use the key",
        ("kms:Decrypt", "kms:Encrypt", "kms:GenerateDataKey"),
        ("kms:DescribeKey", "kms:ReEncryptFrom", "kms:ReEncryptTo", "kms:GenerateDataKeyPair"),
        is_any=True,
    ),
    Verb("let others use the key", ("kms:CreateGrant",), ("kms:RetireGrant", "kms:RevokeGrant")),
    Verb(
        "administer the key",
        ("kms:PutKeyPolicy", "kms:ScheduleKeyDeletion", "kms:DisableKey"),
        is_any=True,
    ),
    Verb("act as it", ("sts:AssumeRole", "sts:AssumeRoleWithWebIdentity", "sts:AssumeRoleWithSAML"),
         ("sts:TagSession", "sts:SetSourceIdentity"), is_any=True),
)  # fmt: skip


def phrase(actions: Iterable[Named]) -> str:
    """Say what actions let somebody do: ``pull``, ``push and administer``, ``s3:GetObject``."""
    given = sorted(actions, key=stable)
    patterns = [one for negated, ones in given if not negated for one in ones]
    found = [verb for verb in _VERBS if _tells(verb, patterns)]
    known = {action.lower() for verb in found for action in (*verb.telling, *verb.also)}
    wild = [one for one in patterns if "*" in one]
    # A wildcard says more than any verb; what a verb stands for is not said again.
    rest = [*wild, *(one for one in patterns if one not in known and one not in wild)]
    names = [verb.name for verb in found]
    all_but = [f"do everything but {_shown(sorted(ones))}" for negated, ones in given if negated]
    if names and rest:
        return f"{listed(names)} ({_shown(rest)})"
    return listed([*names, *([_shown(rest)] if rest else []), *all_but])


def _tells(verb: Verb, patterns: Sequence[str]) -> bool:
    told = [
        any(
            pattern == action.lower() or (not verb.is_exact and matches(pattern, action.lower()))
            for pattern in patterns
        )
        for action in verb.telling
    ]
    return any(told) if verb.is_any else all(told)


def _shown(actions: Sequence[str]) -> str:
    names = [f"`{action}`" for action in actions]
    more = len(names) - _MOST_SHOWN
    return listed(names if more <= 0 else [*names[:_MOST_SHOWN], f"{more} more"])


def listed(names: Sequence[str]) -> str:
    """Join names as a sentence does."""
    if len(names) <= 1:
        return "".join(names)
    return f"{', '.join(names[:-1])} and {names[-1]}"


def counted(count: int, word: str) -> str:
    """Count things by their word; AWS's names of types have no plural."""
    if count == 1 or "::" in word:
        return f"{count} {word}"
    return f"{count} {word[:-1]}ies" if word.endswith(("ry", "cy")) else f"{count} {word}s"


def conditions_text(conditions: Iterable[Condition]) -> str:
    """Say under which conditions; empty for none."""
    return " and ".join(
        f"`{operator} {key} {', '.join(sorted(values))}`"
        for operator, key, values in sorted(conditions, key=stable)
    )


def joined(alternatives: Iterable[frozenset[Condition]]) -> list[frozenset[Condition]]:
    """Put conditions that differ in the values of one key alone together again."""
    found: list[frozenset[Condition]] = []
    for one in sorted(set(alternatives), key=stable):
        for index, other in enumerate(found):
            together = _joined(one, other)
            if together is not None:
                found[index] = together
                break
        else:
            found.append(one)
    return found


def _joined(one: frozenset[Condition], other: frozenset[Condition]) -> frozenset[Condition] | None:
    mine, theirs = sorted(one - other, key=stable), sorted(other - one, key=stable)
    if len(mine) != 1 or len(theirs) != 1 or mine[0][:2] != theirs[0][:2]:
        return None
    operator, key, values = mine[0]
    return (one & other) | {(operator, key, values | theirs[0][2])}
