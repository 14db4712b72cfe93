"""The two registries of a promotion."""

from dataclasses import dataclass

from ecrctl.aws.clients import Aws
from ecrctl.images.declared import DeclaredRepository
from ecrctl.images.stores.ecr import EcrRepository
from ecrctl.images.stores.registry import Registry
from environments.settings import EnvironmentSettings


@dataclass(frozen=True, slots=True)
class End:
    """An environment's registry, with the credentials for it."""

    settings: EnvironmentSettings
    aws: Aws
    registry: Registry

    @staticmethod
    def of(settings: EnvironmentSettings, profile: str | None) -> "End":
        """Log in to the registry of an environment.

        :param profile: the AWS profile; the usual variables where there is none.
        """
        aws = (
            Aws.from_variables(settings.region, profile)
            if profile
            else Aws.from_variables(settings.region)
        )
        return End(settings, aws, Registry.of_account(aws, settings.account))

    def repository(self, name: str, *, writable: bool = False) -> EcrRepository:
        """Return a repository of the registry."""
        return EcrRepository(
            self.registry, name, writable, aws=self.aws, account=self.settings.account
        )

    def declared(self, name: str) -> DeclaredRepository:
        """Return a repository as the environment declares it."""
        specs = {one.name: one.spec for one in self.settings.repositories}
        return DeclaredRepository(self.settings, specs[name])
