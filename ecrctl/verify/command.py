"""``ecrctl verify``: everything that an environment declares, compared with AWS.

The expected values follow from the environment's files and the rules alone, never from a
template, so that a property that a construct forgets is found here.
"""

from ecrctl.aws.clients import Aws, as_user_errors
from environments.settings import EnvironmentSettings

from .check import Check
from .ecs import check_service, check_task
from .jobs import check_job
from .notifications import check_notifications
from .repositories import check_key, check_repositories


def verify(settings: EnvironmentSettings, aws: Aws) -> list[Check]:
    """Return a check of everything that an environment declares, in the order of its table."""
    with as_user_errors(f"Reading back '{settings.name}'"):
        return [
            Check(f"environment {settings.name}", "account", settings.account, aws.account()),
            *check_key(settings, aws),
            *check_repositories(settings, aws),
            *check_notifications(settings, aws),
            *(check for one in settings.ecs_tasks for check in check_task(one, settings, aws)),
            *(
                check
                for one in settings.ecs_services
                for check in check_service(one, settings, aws)
            ),
            *(check for one in settings.eks_jobs for check in check_job(one, settings, aws)),
        ]
