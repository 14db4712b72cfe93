"""Any environment on the embedded AWS: in its own account and region, after its registries.

A copy of the files is deployed. There, each pin names the sample image, which the embedded AWS
gets under the pin's tag.
"""

import shutil
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from constructs_lib.rules.ecr.images import PUBLIC_REGISTRY
from ecrctl.cdk.assemblies import Stack, stacks_of, synthesise
from ecrctl.console import Steps
from ecrctl.counts import counted
from ecrctl.pins.pinning import Target, write_pin
from ecrctl.verify.check import Check
from ecrctl.verify.command import Verification, verify
from ecrctl.verify.files.jobs import check_schemas
from ecrctl.verify.images import check_deployed_image, images_of
from environments import names
from environments.deployment_order import with_registries
from environments.loading import load_environment, pins_path
from environments.reading import read_pins
from environments.settings import EnvironmentSettings

from .commands import Commands
from .left_out import LeftOut, explained, leave_out
from .prerequisites import make_prerequisites
from .sample_image import sample_image, write_layout

_TAG = "v1"


def copied_environments(environments: Path, output: Path) -> Path:
    """Return a copy of the environment files and of what they name, whose pins may change."""
    folder = output / "environments"
    shutil.rmtree(folder, ignore_errors=True)

    def within(place: str, names: list[str]) -> list[str]:
        return [name for name in names if (Path(place) / name).resolve() == output.resolve()]

    shutil.copytree(environments, folder, ignore=within)
    return folder


@dataclass(slots=True)
class Rehearsal:
    """The deployment of an environment, and of the registries that it pulls from.

    :param folder: a copy of the environment files.
    :param left_out: what the embedded AWS cannot deploy, by environment.
    :param verified: the checks, by environment.
    """

    commands: Commands
    steps: Steps
    folder: Path
    left_out: dict[str, list[LeftOut]] = field(default_factory=dict)
    verified: dict[str, Verification] = field(default_factory=dict)

    def deploy(self, name: str) -> None:
        """Deploy an environment after each registry that it pulls from, and read all back."""
        for one in with_registries(name, self.folder):
            self._deploy(load_environment(one, self.folder, with_pins=False))

    def _deploy(self, declared: EnvironmentSettings) -> None:
        name = declared.name
        commands = self.commands.at(declared.account, declared.region)
        with self.steps.step(f"Bootstrap the account of '{name}'") as step:
            commands.bootstrap(declared.region)
            step.detail = f"{declared.account}, {declared.region}"
        with self.steps.step(f"Make what '{name}' expects in its account") as step:
            stacks = self._synthesised(name, commands)
            made = make_prerequisites(declared, stacks, commands.emulator.clients())
            step.detail = ", ".join(made) or "nothing"
        with self.steps.step(f"Deploy the repositories of '{name}'") as step:
            first = (
                names.stack_path(name, names.ENCRYPTION),
                names.stack_path(name, names.repositories_id("")),
            )
            chosen = [one for one in stacks if one.name.startswith(first)]
            commands.deploy_assembly(self._assembly(name), chosen)
            step.detail = counted(len(declared.repositories), "repository")
        with self.steps.step(f"Push the sample image for the pins of '{name}'") as step:
            step.detail = ", ".join(self._push(declared)) or "no workload runs an image of ECR"
        with self.steps.step(f"Deploy everything of '{name}'") as step:
            stacks = self._synthesised(name, commands)
            commands.deploy_assembly(self._assembly(name), stacks)
            step.detail = counted(len(stacks), "stack")
        with self.steps.step(f"Verify '{name}'") as step:
            settings = load_environment(name, self.folder)
            found = verify(settings, stacks, commands.emulator.clients())
            files = [*_with_images(found.files, settings, commands), *check_schemas(settings)]
            files = [explained(check, self.left_out[name]) for check in files]
            self.verified[name] = replace(found, files=files)
            step.detail = counted(len(self.verified[name].checks), "check")

    def _assembly(self, name: str) -> Path:
        return self.commands.output / name / "cdk.out"

    def _synthesised(self, name: str, commands: Commands) -> list[Stack]:
        """Synthesise an environment, and return what the embedded AWS can deploy of it."""
        output = self._assembly(name).parent
        output.mkdir(exist_ok=True)
        assembly = synthesise(name, self.folder, output)
        self.left_out[name] = leave_out(stacks_of(assembly), commands.emulator.clients())
        return [one for one in stacks_of(assembly) if one.template.get("Resources")]

    def _push(self, declared: EnvironmentSettings) -> list[str]:
        """Push the sample image under the tag of each pin, and pin it in the copy of the files.

        :returns: the images' names.
        """
        layout = self.commands.output / "image"
        image = sample_image()
        write_layout(layout, image, _TAG)
        pins = read_pins(pins_path(declared.name, self.folder)).pins
        pushed = []
        for name in declared.images:
            pin = pins.get(name)
            registry = (pin and pin.registry) or declared.name
            if registry == PUBLIC_REGISTRY:
                continue
            owner = load_environment(registry, self.folder, with_pins=False)
            repository = pin.repository if pin else name
            if repository not in {one.name for one in owner.repositories}:
                continue
            tag = (pin and pin.tag) or _TAG
            self.commands.at(owner.account, owner.region).ecrctl(
                *(self.folder, "push", registry, f"{repository}:{tag}"),
                *("--from", f"oci:{layout}"),
            )
            if pin is None or pin.digest:
                target = Target(self.folder, declared.name, name, registry)
                write_pin(target, repository=repository, tag=tag, digest=image.digest)
            pushed.append(name)
        return pushed


def _with_images(
    checks: Sequence[Check], settings: EnvironmentSettings, commands: Commands
) -> list[Check]:
    """Return checks, with those of another account's images made in that account.

    The embedded AWS shows an account no image of another one.
    """
    read = {
        (check.subject, check.what): check
        for image in images_of(settings)
        if image.account and image.region and image.account != settings.account
        for check in check_deployed_image(
            image, image.account, commands.at(image.account, image.region).emulator.clients()
        )
    }
    return [read.get((one.subject, one.what), one) for one in checks]
