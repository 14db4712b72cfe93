"""The repository that a command names, as its environment declares it."""

from dataclasses import dataclass
from pathlib import Path

from checked_files.fault_text import name_hint
from constructs_lib.rules.ecr.repository import RepositorySpec
from ecrctl.aws.clients import Aws
from ecrctl.errors import ExitCode, UserError
from environments.loading import load_environment
from environments.settings import EnvironmentSettings

from .stores.registry import Registry, Repository


@dataclass(frozen=True, slots=True)
class DeclaredRepository:
    """A repository of an environment."""

    settings: EnvironmentSettings
    spec: RepositorySpec

    def is_immutable(self, tag: str) -> bool:
        """Return whether a tag cannot be moved to another image."""
        return not self.spec.tag_immutability.can_move(tag)

    def connect(self, *, writable: bool) -> tuple[Aws, Repository]:
        """Log in to the repository's registry."""
        aws = Aws.from_variables(self.settings.region)
        registry = Registry.of_account(aws, self.settings.account)
        return aws, registry.repository(self.spec.name, writable=writable)


def declared_repository(environment: str, folder: Path, name: str) -> DeclaredRepository:
    """Return a repository of an environment.

    :raises UserError: where the environment does not declare it.
    """
    # An image is pushed before its pin exists, so a missing pin is no fault here.
    settings = load_environment(environment, folder, with_pins=False)
    specs = {repository.name: repository.spec for repository in settings.repositories}
    if name not in specs:
        raise UserError(
            f"The environment '{environment}' declares no repository '{name}'"
            f"{name_hint(name, specs)} Add it to {environment}.yaml and deploy it.",
            ExitCode.FAULT,
        )
    return DeclaredRepository(settings, specs[name])
