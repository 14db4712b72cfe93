"""``ecrctl deployed``, and the base ``deployed:ENV`` of a review."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ecrctl.aws.clients import Aws, as_user_errors, configured_region
from ecrctl.errors import UserError
from ecrctl.output.messages import notify, working
from environments.faults import EnvironmentFault
from environments.loading import environment_names, refuse_name
from environments.model.environment import EnvironmentModel
from environments.reading import read_environment

from .assembly import write_assembly
from .responses import DeployedStack, stacks_in_aws, stacks_in_files


def save_deployed(
    environment: str, environments: Path, folder: Path, responses: Path | None = None
) -> int:
    """Save what CloudFormation has for an environment as a cloud assembly; return the stacks.

    :param environments: the folder of the environments. The environment may have no file there.
    :param responses: a folder of saved responses, to read instead of AWS.
    """
    refuse_name(environment, environments)
    others = environment_names(environments)
    if folder.exists() and any(folder.iterdir()):
        raise UserError(f"--out: the folder {folder} must be empty. Name another one.")
    stacks = (
        _from_aws(environment, environments, others)
        if responses is None
        else stacks_in_files(environment, others, responses)
    )
    write_assembly(environment, stacks, folder)
    return len(stacks)


@contextmanager
def deployed_base(environment: str, environments: Path) -> Iterator[Path]:
    """Yield a temporary folder with what CloudFormation has for an environment."""
    with tempfile.TemporaryDirectory() as folder:
        with working(f"Read the stacks of '{environment}'"):
            count = save_deployed(environment, environments, Path(folder))
        if not count:
            notify(f"CloudFormation has no stack of '{environment}': this is a first deployment.")
        yield Path(folder)


def _from_aws(environment: str, environments: Path, others: list[str]) -> list[DeployedStack]:
    head = None
    if environment in others:
        head = _head(environment, environments / f"{environment}.yaml")
    region = head.region if head else configured_region()
    if region is None:
        raise UserError(
            f"the region of '{environment}' must be known, and neither its file nor AWS_REGION "
            "names it. Set AWS_REGION."
        )
    aws = Aws.from_variables(region)
    with as_user_errors(f"Reading the stacks of '{environment}'"):
        account = aws.account()
    if head and account != head.account:
        raise UserError(
            f"the environment '{environment}' is in the account {head.account}, but the "
            f"credentials belong to {account}. Choose credentials of {head.account}, such as with "
            "AWS_PROFILE."
        )
    return stacks_in_aws(environment, others, aws)


def _head(environment: str, path: Path) -> EnvironmentModel:
    """Return the settings of an environment, with the account that the stacks must be in."""
    found = read_environment(environment, path)
    if found.head is None:
        raise EnvironmentFault(found.file.report(found.file.faults))
    return found.head
