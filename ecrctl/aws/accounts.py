"""The account of an environment, compared with the credentials' account."""

from ecrctl.errors import UserError
from environments.settings import EnvironmentSettings

from .clients import Aws


def check_account(settings: EnvironmentSettings, aws: Aws) -> None:
    """Raise an error where the credentials belong to another account than the environment's."""
    found = aws.account()
    if found != settings.account:
        raise UserError(
            f"the environment '{settings.name}' is in the account {settings.account}, but the "
            f"credentials belong to {found}. Choose credentials of {settings.account}, such as "
            "with AWS_PROFILE."
        )
