"""``ecrctl login``: the token of an environment's registry, for a tool or a file."""

import shutil
from pathlib import Path

from constructs_lib.rules.ecr.images import registry_host
from ecrctl.aws.accounts import check_account
from ecrctl.aws.clients import Aws, as_user_errors
from ecrctl.errors import UserError
from ecrctl.output.messages import notify, say, working
from environments.loading import load_environment

from .auth_files import HELPER_PROGRAM, docker_config, write_helper, write_token
from .tokens import registry_token
from .tools import Tool, installed_tool, log_in


def run_login(
    environment: str,
    directory: Path,
    *,
    tool: Tool | None,
    auth_file: Path | None,
    credential_helper: bool,
) -> None:
    """Log in to an environment's registry, and print until when.

    :param directory: the folder of environment files.
    """
    if tool and (auth_file or credential_helper):
        other = "--auth-file" if auth_file else "--credential-helper"
        raise UserError(f"--tool and {other} cannot be combined. Leave one of them out.")
    # A missing pin is no fault here.
    settings = load_environment(environment, directory, with_pins=False)
    chosen = None if auth_file or credential_helper else installed_tool(tool)
    aws = Aws.from_variables(settings.region)
    with (
        working(f"Log in to the registry of '{environment}'"),
        as_user_errors(f"Logging in to the registry of '{environment}'"),
    ):
        check_account(settings, aws)
    if credential_helper:
        path = auth_file or docker_config()
        host = registry_host(settings.account, settings.region)
        write_helper(path, host)
        say(f"{environment}: {path} gets the credentials of {host} from {HELPER_PROGRAM}.")
        if shutil.which(HELPER_PROGRAM) is None:
            message = f"{HELPER_PROGRAM} is not installed. Install it before the next push or pull."
            notify(message)
        return
    with working(f"Log in to the registry of '{environment}'"):
        token = registry_token(aws, settings.account)
        if chosen:
            log_in(*chosen, token)
    if chosen:
        done = f"{chosen[0]} is logged in to {token.address}"
    else:
        assert auth_file is not None  # noqa: S101 - the one remaining choice
        write_token(auth_file, token)
        done = f"{auth_file} contains a token of {token.address}"
    say(f"{environment}: {done}, valid until {token.expiry}.")
