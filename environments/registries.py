"""The registries of environments: resolved settings, and the replication between environments."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from typing import TypeVar, cast

from checked_files.known_names import KnownNames
from constructs_lib.rules.aws.places import Place
from constructs_lib.rules.ecr.repository import NO_ACCESS
from constructs_lib.rules.faults import Fault, RuleError, raise_if_any, under
from constructs_lib.rules.lifecycle.policy import LifecyclePolicy
from constructs_lib.rules.policy.access import Access
from constructs_lib.rules.registry.creation_templates import CreationTemplate
from constructs_lib.rules.registry.prefixes import template_prefix_of
from constructs_lib.rules.registry.pull_through import PullThroughCache
from constructs_lib.rules.registry.registry import RegistrySpec
from constructs_lib.rules.registry.registry_policy import RegistryPolicy, ReplicationSource
from constructs_lib.rules.registry.replication import EVERYTHING, ReplicationRule
from constructs_lib.rules.registry.upstreams import UpstreamName

from .model.environment import EnvironmentModel
from .model.registry import (
    CacheModel,
    CreatedRepositoriesModel,
    RegistryModel,
    ReplicationModel,
    TemplateModel,
)
from .reading import EnvironmentFile

EMBEDDED_ACCOUNT = "000000000000"
"""The account of the embedded AWS, which knows no settings of a registry."""

Given = TypeVar("Given")
Made = TypeVar("Made")


@dataclass(frozen=True, slots=True)
class Others:
    """The other environments of a folder, each of which is read when it is needed.

    :param known: the names of all environments.
    :param read: returns the file of one of them.
    :param with_registry: returns those that may have a registry.
    """

    known: KnownNames
    read: Callable[[str], EnvironmentFile]
    with_registry: Callable[[], Iterable[EnvironmentFile]]


@dataclass(frozen=True, slots=True)
class Replication:
    """A replication rule of an environment.

    :param path: the rule's place in the source's file.
    """

    source: EnvironmentFile
    path: str
    rule: ReplicationModel

    @property
    def starts(self) -> tuple[str, ...]:
        """The beginnings of the names that are replicated; the empty one for every name."""
        return tuple("" if one == EVERYTHING else one for one in self.rule.filters)

    def covers(self, repository: str) -> bool:
        """Return whether the rule selects a repository."""
        return repository.startswith(self.starts)


def replications(files: Iterable[EnvironmentFile]) -> Iterator[Replication]:
    """Yield the replication rules of environments."""
    for file in files:
        registry = declared_registry(file)
        for index, rule in enumerate(registry.replication if registry else ()):
            yield Replication(file, f"registry.replication[{index}]", rule)


def replications_into(name: str, files: Iterable[EnvironmentFile]) -> list[Replication]:
    """Return the replication rules that have an environment as a destination."""
    return [one for one in replications(files) if name in one.rule.destinations]


def declared_registry(file: EnvironmentFile) -> RegistryModel | None:
    """Return the registry that an environment declares for AWS."""
    head = file.head
    return head.registry if head and head.account != EMBEDDED_ACCOUNT else None


def registry_of(
    environment: EnvironmentFile, others: Others
) -> tuple[RegistrySpec | None, list[Fault]]:
    """Return an environment's registry, or its faults.

    An environment without a registry of its own has one if images are replicated into it.
    """
    head = environment.head
    if head is None or head.account == EMBEDDED_ACCOUNT:
        return None, []
    incoming = replications_into(environment.name, others.with_registry())
    if head.registry is None and not incoming:
        return None, []
    declared = head.registry or RegistryModel()
    faults: list[Fault] = []

    def each(part: str, given: Iterable[Given], make: Callable[[Given], Made]) -> tuple[Made, ...]:
        return made_of(f"registry.{part}", given, make, faults)

    caches = each("caches", declared.caches, lambda one: cache_of(one, head))
    templates = each("templates", declared.templates, lambda one: template_of(one, head))
    rules = each("replication", declared.replication, lambda one: _rule(one, others))
    (policy,) = each("policy", [declared], lambda one: _policy(environment, one, incoming)) or (
        RegistryPolicy(),
    )
    replicas, replica_faults = _replica_templates(declared, head, incoming)
    faults += replica_faults
    if faults:
        return None, [replace(one, path=one.path.replace("policy[0]", "policy")) for one in faults]
    try:
        spec = RegistrySpec(
            place=Place.of(head.account, head.region),
            # A registry that only receives replicas scans as it did before.
            scanning=head.registry.scanning if head.registry else None,
            replication=rules,
            caches=caches,
            templates=(*templates, *replicas),
            signing=declared.signing,
            exclusions=declared.exclusions,
            policy=policy,
            blob_mounting=declared.blob_mounting,
        )
    except RuleError as error:
        return None, under("registry", error.faults)
    return spec, []


def made_of(
    path: str, given: Iterable[Given], make: Callable[[Given], Made], faults: list[Fault]
) -> tuple[Made, ...]:
    """Return the values made of a list's valid items; the faults of the others are added."""
    made: list[Made] = []
    for index, one in enumerate(given):
        try:
            made.append(make(one))
        except RuleError as error:
            faults.extend(under(f"{path}[{index}]", error.faults))
    return tuple(made)


def cache_of(model: CacheModel, head: EnvironmentModel) -> PullThroughCache:
    """Return a pull-through cache, in which the environment's defaults are filled in."""
    return PullThroughCache(
        prefix=model.prefix,
        upstream=cast("UpstreamName", model.upstream),
        secret_arn=model.secret_arn,
        host=model.host,
        upstream_prefix=model.upstream_prefix,
        role_arn=model.role_arn,
        pull=model.pull.access(head.organization_id),
        tag_immutability=model.tag_immutability or head.repository_defaults.tag_immutability,
        encryption=model.encryption or head.encryption,
        lifecycle=_lifecycle(model, head),
        tags=model.tags,
    )


def template_of(model: TemplateModel, head: EnvironmentModel) -> CreationTemplate:
    """Return a creation template, in which the environment's defaults are filled in."""
    return CreationTemplate(
        prefix=model.prefix,
        applied_for=model.applied_for,
        tag_immutability=model.tag_immutability or head.repository_defaults.tag_immutability,
        encryption=model.encryption or head.encryption,
        lifecycle=_lifecycle(model, head),
        pull=model.pull.access(head.organization_id),
        push=model.push.access(head.organization_id),
        statements=model.statements,
        tags=model.tags,
        description=model.description,
    )


def _lifecycle(model: CreatedRepositoriesModel, head: EnvironmentModel) -> LifecyclePolicy | None:
    is_own = "lifecycle" in model.model_fields_set
    return model.lifecycle if is_own else head.repository_defaults.lifecycle


def _rule(model: ReplicationModel, others: Others) -> ReplicationRule:
    faults = [
        Fault(
            f"destinations[{index}]",
            f"'{name[:80]}' is not an environment{others.known.hint(name)}",
        )
        for index, name in enumerate(model.destinations)
        if name not in others.known
    ]
    raise_if_any("ReplicationRule", faults)
    heads = [others.read(name).head for name in model.destinations]
    # The faults of another environment's file are reported with that file.
    places = tuple(Place.of(one.account, one.region) for one in heads if one)
    return ReplicationRule(destinations=places, filters=model.filters)


def _policy(
    environment: EnvironmentFile, declared: RegistryModel, incoming: Iterable[Replication]
) -> RegistryPolicy:
    head = environment.head
    assert head is not None  # noqa: S101 - a registry has an environment without faults
    asking = tuple(one.name for one in environment.repositories.values() if one.pull.organization)
    is_granted = declared.policy.organization_pull != "repositories" and asking
    sources: dict[str, set[str]] = {}
    for one in incoming:
        source = one.source.head
        # ECR replicates within an account without a permission.
        if source and source.account != head.account:
            sources.setdefault(source.account, set()).update(f"{start}*" for start in one.starts)
    return RegistryPolicy(
        replication=tuple(
            ReplicationSource(account=account, repositories=tuple(sorted(patterns)))
            for account, patterns in sorted(sources.items())
        ),
        pull=Access(organization_id=head.organization_id) if is_granted else NO_ACCESS,
        pull_repositories=asking if is_granted and head.organization_id else (),
        statements=declared.policy.statements,
    )


def _replica_templates(
    declared: RegistryModel, head: EnvironmentModel, incoming: Iterable[Replication]
) -> tuple[list[CreationTemplate], list[Fault]]:
    """Return the templates of replicated repositories that the file does not declare."""
    caches = {one.prefix: index for index, one in enumerate(declared.caches)}
    templates = {one.prefix: index for index, one in enumerate(declared.templates)}
    made: dict[str, CreationTemplate] = {}
    faults: list[Fault] = []
    for replication in incoming:
        source = replication.source.name
        for prefix in sorted({template_prefix_of(start) for start in replication.starts}):
            if prefix in caches:
                faults.append(
                    Fault(
                        f"registry.caches[{caches[prefix]}].prefix",
                        f"the environment '{source}' replicates repositories under '{prefix}', "
                        "which a cache cannot also fill. Choose another prefix.",
                    )
                )
            elif prefix in templates:
                index = templates[prefix]
                if "REPLICATION" not in declared.templates[index].applied_for:
                    faults.append(
                        Fault(
                            f"registry.templates[{index}].applied_for",
                            f"the environment '{source}' replicates repositories under "
                            f"'{prefix}', so the template must apply for REPLICATION. Add it.",
                        )
                    )
            else:
                made[prefix] = template_of(
                    TemplateModel(
                        prefix=prefix,
                        applied_for=("REPLICATION",),
                        description="Replicas of other registries' repositories",
                    ),
                    head,
                )
    return [made[prefix] for prefix in sorted(made)], faults
