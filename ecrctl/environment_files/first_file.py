"""The first file of an environment: valid as it is, with comments that say what can follow."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

from ecrctl.errors import ExitCode, UserError
from ecrctl.file_writing.atomic import replace_text
from ecrctl.file_writing.locks import locked
from ecrctl.files import file_errors
from environments.loading import load_environment, refuse_name

_FILE = """\
# yaml-language-server: $schema=schema/environment.schema.json
account: "{account}"
region: {region}

# Each repository has immutable tags, a scan of every push, a KMS key and a lifecycle policy.
repositories:
  - name: {repository}
    # Who pulls from other accounts, and who pushes:
    # pull: {{accounts: ["222222222222"]}}
    # push: {{github: [{{repository: OWNER/NAME, ref: refs/heads/main}}]}}

# Images that `ecrctl push {name}` builds, pushes and pins:
# images:
#   api: {{repository: {repository}, build: services/api}}

# What runs the image, once `ecrctl pin {name} api` has pinned it:
# ecs_tasks:
#   - name: api
#     image: api
#     memory_mib: 512
#     awaiting_image: true

# Whether the stacks have termination protection:
# protected: true
"""
_REPOSITORY = "team/api"


def write_first_file(name: str, folder: Path, *, account: str, region: str) -> Iterator[str]:
    """Write an environment's first file, and yield what to do next.

    :raises UserError: where the environment has a file, or the folder cannot be written to.
    :raises EnvironmentFault: where the name, the account or the region is not valid.
    """
    refuse_name(name, folder)
    path = folder / f"{name}.yaml"
    text = _FILE.format(name=name, account=account, region=region, repository=_REPOSITORY)
    with tempfile.TemporaryDirectory(prefix="ecrctl-init-") as scratch:
        # A report of faults names the folder and the file.
        copy = Path(scratch) / folder.name
        copy.mkdir()
        (copy / path.name).write_text(text, encoding="utf-8")
        load_environment(name, copy)
    with locked(path):
        if path.exists():
            raise UserError(
                f"{path} exists already. Edit it, or choose another name.", ExitCode.FAULT
            )
        with file_errors(f"{path} cannot be written"):
            replace_text(path, text)
    yield f"{path} declares the repository {_REPOSITORY}. Change its name, then:"
    yield f"  ecrctl check {name}"
    yield f"  npx cdk diff '{name}/*'"
