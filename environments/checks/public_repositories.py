"""Faults between the public repositories of an environment, and between them and its settings."""

from collections.abc import Iterator, Sequence

from constructs_lib.rules.aws.cloudformation_limits import MAXIMUM_RESOURCES, MAXIMUM_TEMPLATE_BYTES
from constructs_lib.rules.faults import Fault, taken_faults, under
from environments.reading import EnvironmentFile
from environments.settings import PublicRepositorySettings

from .repositories import shared_faults

_PART = "public_repositories"
# A template's bytes besides its repositories: the CDK's parameter, rule and description.
_TEMPLATE_BYTES = 1_500


def public_repository_faults(
    environment: EnvironmentFile, settings: Sequence[PublicRepositorySettings]
) -> Iterator[Fault]:
    """Yield the faults of public repositories that no repository has by itself."""
    yield from taken_faults("name", environment.names(_PART).items())
    if environment.valid_head is None:
        return
    for path, repository in environment.public_repositories.items():
        yield from under(path, [*shared_faults(repository, environment.valid_head)])
    cure = "Declare the others in another environment file of the account."
    if len(settings) > MAXIMUM_RESOURCES:
        yield Fault(
            _PART,
            f"a CloudFormation stack takes at most {MAXIMUM_RESOURCES} resources, got "
            f"{len(settings)} public repositories. {cure}",
        )
    total = sum(one.spec.template_bytes for one in settings) + _TEMPLATE_BYTES
    if total > MAXIMUM_TEMPLATE_BYTES:
        yield Fault(
            _PART,
            f"a CloudFormation template has at most {MAXIMUM_TEMPLATE_BYTES:,} bytes, got about "
            f"{total:,} for the public repositories. Shorten their texts. {cure}",
        )
