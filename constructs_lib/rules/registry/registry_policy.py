"""The registry policy: permissions on the repositories of a registry, with them in Resource.

Sources: Amazon ECR user guide, "Private registry permissions in Amazon ECR" and "Private registry
policy examples for Amazon ECR". The scope V2 of registry policies allows all of ECR's actions.
"""

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from constructs_lib.rules.aws.partitions import account_faults
from constructs_lib.rules.aws.places import Place
from constructs_lib.rules.ecr.repository import NO_ACCESS
from constructs_lib.rules.faults import (
    Fault,
    each_under,
    faults_unless,
    raise_if_any,
    repeated,
    under,
)
from constructs_lib.rules.list_of import ListOf
from constructs_lib.rules.policy.access import Access
from constructs_lib.rules.policy.lists import as_list, one_or_list
from constructs_lib.rules.policy.repository_policy import PULL_ACTIONS, access_statements
from constructs_lib.rules.policy.statements import (
    Statement,
    merged,
    policy_document,
    statement_faults,
)

MAXIMUM_LENGTH = 10_240
REPLICATE_ACTIONS = ("ecr:CreateRepository", "ecr:ReplicateImage")
IMPORT_ACTIONS = ("ecr:BatchImportUpstreamImage", "ecr:CreateRepository")

_PATTERN = re.compile(r"[a-z0-9*]+(?:[._/-]+[a-z0-9*]+)*")


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplicationSource:
    """An account that may replicate images into this registry.

    :param account: the account of the registry that replicates.
    :param repositories: names, or patterns such as ``team/*``, of the repositories that it may
        create and fill; at least one.
    :raises RuleError: with every value of the wrong form.
    """

    account: str
    repositories: ListOf[str]

    def __post_init__(self) -> None:
        faults = [
            *under("account", account_faults(self.account)),
            *_repositories_faults("repositories", self.repositories),
        ]
        raise_if_any("ReplicationSource", faults)


@dataclass(frozen=True, slots=True, kw_only=True)
class RegistryPolicy:
    """The registry policy, besides the statements for pull-through caches.

    :param replication: the accounts that may replicate into this registry; by default none. The
        own account requires no statement.
    :param pull: the principals that may pull from ``pull_repositories``; by default none.
    :param pull_repositories: names, or patterns such as ``team/*``. Repositories that are not
        listed are not opened.
    :param statements: more statements, as in IAM, each with Resource; by default none.
    :raises RuleError: with every rule that is broken.
    """

    replication: ListOf[ReplicationSource] = ()
    pull: Access = NO_ACCESS
    pull_repositories: ListOf[str] = ()
    statements: ListOf[Statement] = ()

    def __post_init__(self) -> None:
        raise_if_any("RegistryPolicy", _policy_faults(self))


@dataclass(frozen=True, slots=True, kw_only=True)
class CacheAccess:
    """The principals that may pull through some caches.

    :param repositories: patterns of the caches' repositories, such as ``docker-hub/*``.
    """

    pull: Access
    repositories: tuple[str, ...]


def registry_statements(
    policy: RegistryPolicy, caches: Iterable[CacheAccess], place: Place
) -> list[Statement]:
    """Return the statements of a registry policy, one for each permission and kind of principal."""
    return [
        *_replication_statements(policy.replication, place),
        *_cache_statements(caches, place),
        *_access_statements(policy.pull, policy.pull_repositories, PULL_ACTIONS, "", place),
        *merged(policy.statements),
    ]


def requires_scope_v2(statements: Iterable[Statement]) -> bool:
    """Return whether a registry of the scope V1 ignores a part of its policy.

    V1, which an account keeps until it moves to V2, grants replication and the filling of caches
    alone. Source: Amazon ECR user guide, "Private registry permissions in Amazon ECR".
    """
    known = {*REPLICATE_ACTIONS, *IMPORT_ACTIONS}
    return any(
        one.get("Effect") != "Allow" or not set(as_list(one.get("Action", "*"))) <= known
        for one in statements
    )


def _replication_statements(
    sources: Iterable[ReplicationSource], place: Place
) -> Iterator[dict[str, Any]]:
    accounts: dict[tuple[str, ...], set[str]] = {}
    for source in sources:
        accounts.setdefault(tuple(sorted(set(source.repositories))), set()).add(source.account)
    for index, (repositories, numbers) in enumerate(sorted(accounts.items())):
        roots = [f"arn:{place.partition}:iam::{number}:root" for number in sorted(numbers)]
        yield {
            "Sid": f"ReplicateFromAccounts{index or ''}",
            "Effect": "Allow",
            "Principal": {"AWS": one_or_list(roots)},
            "Action": list(REPLICATE_ACTIONS),
            "Resource": _resources(repositories, place),
        }


def _cache_statements(caches: Iterable[CacheAccess], place: Place) -> Iterator[dict[str, Any]]:
    actions = tuple(sorted({*PULL_ACTIONS, *IMPORT_ACTIONS}))
    groups: list[tuple[Access, list[str]]] = []
    for cache in caches:
        known = [names for access, names in groups if access == cache.pull]
        if known:
            known[0].extend(cache.repositories)
        else:
            groups.append((cache.pull, list(cache.repositories)))
    for index, (access, names) in enumerate(groups):
        yield from _access_statements(access, names, actions, f"ThroughCache{index or ''}", place)


def _access_statements(
    access: Access,
    repositories: Iterable[str],
    actions: Sequence[str],
    kind: str,
    place: Place,
) -> Iterator[dict[str, Any]]:
    """Yield the statements that grant actions on some repositories, one for each kind of principal.

    :param kind: the part of each Sid after its verb.
    """
    for statement in access_statements(
        pull=access,
        push=NO_ACCESS,
        account=place.account,
        region=place.region,
        partition=place.partition,
    ):
        condition = {key: value for key, value in statement.items() if key == "Condition"}
        yield {
            "Sid": f"Pull{kind}{statement['Sid'].removeprefix('Pull')}",
            "Effect": "Allow",
            "Principal": statement["Principal"],
            "Action": list(actions),
            "Resource": _resources(repositories, place),
            **condition,
        }


def _resources(repositories: Iterable[str], place: Place) -> str | list[str]:
    start = f"arn:{place.partition}:ecr:{place.region}:{place.account}:repository/"
    return one_or_list(sorted({f"{start}{name}" for name in repositories}))


def registry_policy_faults(statements: Sequence[Statement]) -> list[Fault]:
    """Check the statements of a registry policy together: their Sids, and their length."""
    given = enumerate(str(one["Sid"]) for one in statements if one.get("Sid"))
    faults = [
        Fault("", f"a Sid must be unique in its policy, got '{sid}' more than once. Rename one.")
        for _, sid, _ in repeated(given)
    ]
    text = json.dumps(policy_document(statements) or {}, separators=(",", ":"), default=str)
    return faults + faults_unless(
        len(text) <= MAXIMUM_LENGTH,
        f"a registry policy can have at most {MAXIMUM_LENGTH:,} characters, got {len(text):,}. "
        "Replace repositories by a pattern such as 'team/*', or accounts by the organization.",
    )


def _policy_faults(policy: RegistryPolicy) -> Iterator[Fault]:
    sources = [source.account for source in policy.replication]
    for index, account, first in repeated(enumerate(sources)):
        yield Fault(
            f"replication[{index}].account",
            f"an account can be in one source only, got {account} also in "
            f"replication[{first}]. Write the repositories of both in one.",
        )
    if policy.pull and not policy.pull_repositories:
        yield Fault(
            "pull_repositories",
            "pulling by the registry policy requires the repositories, got none. List them, such "
            "as 'team/*'; repositories that are not listed stay closed.",
        )
    if policy.pull_repositories and not policy.pull:
        yield Fault(
            "pull",
            "pull_repositories requires principals in pull, got none. Add one, or remove "
            "pull_repositories.",
        )
    if policy.pull_repositories:
        yield from _repositories_faults("pull_repositories", policy.pull_repositories)
    yield from each_under("statements", policy.statements, _statement_faults)


def _repositories_faults(path: str, repositories: Sequence[str]) -> Iterator[Fault]:
    if not repositories:
        yield Fault(
            path,
            "a replication source requires at least one repository, got none. List them, such as "
            "'team/*'.",
        )
    yield from each_under(
        path,
        repositories,
        lambda name: faults_unless(
            _PATTERN.fullmatch(name),
            "a repository in a registry policy must be a name or a pattern such as 'team/*', got "
            f"'{name[:80]}'. Write it without its registry.",
        ),
    )


def _statement_faults(statement: Any) -> list[Fault]:
    if not isinstance(statement, Mapping):
        return [Fault("", fault.message) for fault in statement_faults([statement])]
    inner = {key: value for key, value in statement.items() if key != "Resource"}
    # The rules of a repository policy, whose statements have no Resource, under another name.
    found = [
        Fault(
            fault.path.removeprefix("[0]").removeprefix("."),
            fault.message.replace("a repository policy", "a registry policy"),
        )
        for fault in statement_faults([inner])
    ]
    resources = as_list(statement.get("Resource", []))
    if not resources:
        found.append(
            Fault(
                "Resource",
                "a registry policy's statement requires Resource, got none. Write the ARNs of its "
                "repositories, such as 'arn:aws:ecr:us-west-2:111111111111:repository/team/*'.",
            )
        )
    return found
