"""The last steps of a local run: the image in another region, and the report of the first one."""

import shutil
from pathlib import Path

from ecrctl.cdk.toolchain import ROOT
from ecrctl.console import Steps
from environments import names
from environments.loading import pins_path
from environments.settings import EnvironmentSettings

from .commands import Commands

_REGIONS = ("us-east-1", "us-west-2")
_FILE = """\
# Written by `ecrctl local`, which promotes its image from the environment '{source}' to this one.
account: "{account}"
region: {region}
repositories: [{{name: {repository}}}]
"""


def promote_and_report(
    commands: Commands, steps: Steps, settings: EnvironmentSettings, folder: Path, image: str
) -> None:
    """Promote a pinned image to an environment in another region, and report the first one.

    :param folder: the folder of the environment files.
    :param image: the name of the pin and of its repository.
    """
    source, target = settings.name, f"{settings.name}-promoted"
    region = next(one for one in _REGIONS if one != settings.region)
    copies = commands.output / "promotion"
    shutil.rmtree(copies, ignore_errors=True)
    copies.mkdir()
    for file in (folder / f"{source}.yaml", pins_path(source, folder)):
        shutil.copy(file, copies)
    text = _FILE.format(source=source, account=settings.account, region=region, repository=image)
    (copies / f"{target}.yaml").write_text(text, encoding="utf-8")
    with steps.step("Deploy a repository in another region") as step:
        commands.bootstrap(region)
        commands.deploy(target, copies, names.stack_path(target, "*"))
        step.detail = f"{settings.account}, {region}"
    with steps.step("Promote the image to it") as step:
        step.detail = commands.ecrctl(copies, "promote", source, target, image)
    with steps.step("Report the images") as step:
        page = commands.output / "report.html"
        commands.ecrctl(
            *(folder, "report", source, "--in-use", "--format", "html", "--output", str(page))
        )
        step.detail = str(page.relative_to(ROOT) if page.is_relative_to(ROOT) else page)
