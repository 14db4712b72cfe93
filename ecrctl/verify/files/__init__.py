"""Everything that an environment's files declare, compared without a look at a template."""

from collections.abc import Callable, Iterable
from functools import partial

from ecrctl.verify.check import Check
from ecrctl.verify.images import check_deployed_image, images_of
from environments.settings import EnvironmentSettings, RepositorySettings

from .ecs_services import check_network, check_service
from .ecs_tasks import check_task
from .github import check_provider, check_push
from .identities import check_identity, check_node_role
from .jobs import check_job
from .lookup import Lookup
from .notifications import check_notifications
from .public_repositories import check_public_repository
from .registries import check_registry
from .registry_baselines import check_registry_baseline
from .repositories import check_key, check_repository

Job = Callable[[], Iterable[Check]]


def checks_of_files(lookup: Lookup) -> list[Job]:
    """Return the jobs that check everything that the files declare, in the order of the table."""
    settings = lookup.settings
    place = f"environment {settings.name}"
    return [
        lambda: [
            Check(place, "account", settings.account, lookup.reading.aws.account()),
            Check(place, "region", settings.region, lookup.reading.aws.region),
        ],
        partial(check_key, lookup),
        partial(check_registry, lookup),
        partial(check_registry_baseline, lookup),
        *(partial(check_repository, one, lookup) for one in _in_order(settings)),
        *(partial(check_public_repository, one, lookup) for one in settings.public_repositories),
        partial(check_provider, lookup),
        *(partial(check_push, one, lookup) for one in settings.github_pushes),
        partial(check_notifications, lookup),
        *(partial(check_task, one, lookup) for one in settings.ecs_tasks),
        *([partial(check_network, settings.network, lookup)] if settings.network else []),
        *(partial(check_service, one, lookup) for one in settings.ecs_services),
        *(
            partial(check_deployed_image, one, settings.account, lookup.reading.aws)
            for one in images_of(settings)
        ),
        *(
            partial(check, one, lookup)
            for one in settings.eks_jobs
            for check in (check_job, check_identity, check_node_role)
        ),
    ]


def _in_order(settings: EnvironmentSettings) -> list[RepositorySettings]:
    return [one for group in settings.groups().values() for one in group]
