"""Faults between the repositories of an environment, and between them and its settings."""

from collections.abc import Iterable, Iterator, Sequence
from functools import partial

from constructs_lib.rules.aws.cloudformation_limits import MAXIMUM_RESOURCES, MAXIMUM_TEMPLATE_BYTES
from constructs_lib.rules.aws.places import Place
from constructs_lib.rules.ecr.repository import dual_layer_faults
from constructs_lib.rules.faults import Fault, taken_faults, under
from environments.model.environment import EnvironmentModel
from environments.model.public_repository import PublicRepositoryModel
from environments.model.repository import RepositoryModel
from environments.partial import decided
from environments.reading import EnvironmentFile
from environments.settings import RepositorySettings, by_group

from .tags import environment_tag_faults, own_tag_faults

# A template's bytes besides its repositories: the CDK's parameter, rule and description.
_TEMPLATE_BYTES = 1_500


def repository_faults(
    environment: EnvironmentFile, settings: Sequence[RepositorySettings]
) -> Iterator[Fault]:
    """Yield the faults of an environment's repositories that no repository has by itself."""
    yield from taken_faults("name", environment.names("repositories").items())
    head = environment.valid_head
    if head is None:
        return
    yield from decided(partial(_administrator_faults, head))
    yield from decided(partial(environment_tag_faults, head))
    yield from decided(partial(_encryption_faults, head))
    for path, repository in {**environment.repositories, **environment.faulty}.items():
        yield from under(path, [*shared_faults(repository, head)])
        yield from under(path, [*_adoption_faults(repository)])
    yield from _group_faults(settings)


def shared_faults(
    repository: RepositoryModel | PublicRepositoryModel, head: EnvironmentModel
) -> Iterator[Fault]:
    """Yield the faults between a repository, private or public, and the environment's settings."""
    for verb in ("pull", "push"):
        yield from decided(partial(_organization_faults, repository, head, verb))
    for check in (_removal_faults, _tag_faults):
        yield from decided(partial(check, repository, head))


def _organization_faults(
    repository: RepositoryModel | PublicRepositoryModel, head: EnvironmentModel, verb: str
) -> Iterator[Fault]:
    access = getattr(repository, verb, None)
    if access and access.organization and head.organization_id is None:
        yield Fault(
            f"{verb}.organization",
            "organization requires the environment's organization_id, which is missing. "
            "Write it at the top of the file, such as 'organization_id: o-a1b2c3d4e5'.",
        )


def _removal_faults(
    repository: RepositoryModel | PublicRepositoryModel, head: EnvironmentModel
) -> Iterator[Fault]:
    if repository.removal == "destroy" and head.protected:
        yield Fault(
            "removal",
            "no repository of a protected environment can be destroyed. Write 'removal: retain', "
            "or lift the protection in a separate change.",
        )


def _tag_faults(
    repository: RepositoryModel | PublicRepositoryModel, head: EnvironmentModel
) -> Iterator[Fault]:
    yield from own_tag_faults(repository.tags, head)


def _encryption_faults(head: EnvironmentModel) -> Iterator[Fault]:
    yield from dual_layer_faults(head.encryption, Place.of(head.account, head.region))


def github_provider_faults(
    environment: EnvironmentFile, others: Iterable[EnvironmentFile]
) -> Iterator[Fault]:
    """Yield a fault for every other environment that creates the account's GitHub provider."""
    head = environment.valid_head
    if head:
        yield from decided(partial(_provider_faults, head, others))


def _provider_faults(head: EnvironmentModel, others: Iterable[EnvironmentFile]) -> Iterator[Fault]:
    if head.github_provider != "create":
        return
    for other in others:
        if other.valid_head:
            yield from decided(partial(_second_provider, head, other.name, other.valid_head))


def _second_provider(head: EnvironmentModel, name: str, other: EnvironmentModel) -> Iterator[Fault]:
    if (other.github_provider, other.account) == ("create", head.account):
        yield Fault(
            "github_provider",
            f"account {head.account} can have only one GitHub OIDC provider, and environment "
            f"'{name}' also creates it. Write 'existing' in one of the two.",
        )


def _administrator_faults(head: EnvironmentModel) -> Iterator[Fault]:
    if bool(head.administrators) != bool(head.break_glass_role):
        yield Fault(
            "administrators",
            "administrators and break_glass_role require each other, got one of them. Add the "
            "other: without a break-glass role, no principal can repair a repository whose "
            "administrators are deleted.",
        )


def _adoption_faults(repository: RepositoryModel) -> Iterator[Fault]:
    for check in (_adopted_statements, _adopted_encryption, _adopted_removal):
        yield from decided(partial(check, repository))


def _adopted_statements(repository: RepositoryModel) -> Iterator[Fault]:
    if repository.adopted and repository.statements is None:
        yield Fault(
            "statements",
            "an adopted repository must state its current policy, because an import deletes any "
            "statement that is not declared. Write its statements, or 'statements: []' if pull "
            "and push are all.",
        )


def _adopted_encryption(repository: RepositoryModel) -> Iterator[Fault]:
    if repository.adopted and repository.encryption is None:
        yield Fault(
            "encryption",
            "an adopted repository must state its current encryption, because only a new "
            "repository could change it. Write aes256, aws-managed, customer-managed or dsse "
            "(with the environment's own key) or the key's ARN.",
        )


def _adopted_removal(repository: RepositoryModel) -> Iterator[Fault]:
    if repository.adopted and repository.removal == "destroy":
        yield Fault(
            "removal",
            "an adopted repository must be retained, because it contains images that are older "
            "than this file. Remove 'removal', or 'adopted' once it is imported.",
        )


def _group_faults(settings: Sequence[RepositorySettings]) -> Iterator[Fault]:
    cure = "Put new repositories into a new group with `stack:`; never move existing ones."
    for group, repositories in by_group(settings).items():
        if len(repositories) > MAXIMUM_RESOURCES:
            yield Fault(
                "repositories",
                f"a CloudFormation stack takes at most {MAXIMUM_RESOURCES} resources, got "
                f"{len(repositories)} repositories in the group '{group}'. {cure}",
            )
        total = sum(one.spec.template_bytes for one in repositories) + _TEMPLATE_BYTES
        if total > MAXIMUM_TEMPLATE_BYTES:
            yield Fault(
                "repositories",
                f"a CloudFormation template has at most {MAXIMUM_TEMPLATE_BYTES:,} bytes, got "
                f"about {total:,} in the group '{group}'. {cure}",
            )
