"""Cloud assemblies: written by the CDK CLI, read as files."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from ecrctl.errors import UserError
from ecrctl.files import called

from . import toolchain
from .assembly_files import AssemblyFiles, Model
from .manifests import (
    Artifact,
    AssetManifest,
    AssetsProperties,
    Manifest,
    StackProperties,
    StageProperties,
)

# The schema that the installed aws-cdk-lib writes. A newer one may contain unknown artifacts.
NEWEST_SCHEMA = 55
_TEMPLATE = ".template.json"
_MANIFEST = "the manifest of a cloud assembly"
_CURE = "Run `cdk synth` again."
_MOST_DIGITS = 6
# More than CloudFormation accepts in an account, unless its quota is raised.
_MOST_STACKS = 5_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Stack:
    """A synthesised stack.

    :param name: the path in the app, such as ``dev/Repositories-web``; a display name.
    :param stage: the path of the stage around the stack; empty where there is none.
    :param stack_name: CloudFormation's name for the stack, such as ``dev-Repositories-web``.
    :param is_protected: whether termination protection is on.
    :param tags: the stack's own tags, which CloudFormation gives to each of its resources.
    :param artifact: the ids of the artifacts around the stack and its own, with slashes between
        them; of a nested stack also its logical ID. No other stack of the assembly has the same.
    :param written: the template as it is written, where ``template`` is made from it.
    :param imports: the exports of other stacks that the template refers to, once it is resolved.
    :param parameters: the values that the stack's parameters are given, other than defaults.
    :param execution_role: the ARN of the role with which CloudFormation deploys the stack.
    :param deploy_role: the ARN of the role with which the CDK CLI talks to CloudFormation.
    :param notification_arns: the topics that CloudFormation tells about the deployment.
    :param assets: the files and folders that are deployed with the stack, by their id.
    """

    name: str
    account: str
    region: str
    template: dict[str, Any]
    file: Path = Path()
    stage: str = ""
    stack_name: str = ""
    is_protected: bool = False
    tags: Mapping[str, str] = field(default_factory=dict)
    artifact: str = ""
    written: dict[str, Any] | None = None
    imports: frozenset[str] = frozenset()
    parameters: Mapping[str, str] = field(default_factory=dict)
    execution_role: str = ""
    deploy_role: str = ""
    notification_arns: Sequence[str] = ()
    assets: Mapping[str, Path] = field(default_factory=dict)

    @property
    def id(self) -> str:
        """The name that no other stack of the assembly has."""
        return self.artifact or self.name

    @property
    def as_written(self) -> dict[str, Any]:
        """The template as it is written, with its intrinsic functions."""
        return self.template if self.written is None else self.written

    @property
    def settings(self) -> dict[str, Any]:
        """Everything that is deployed beside the template and the assets."""
        return {
            "account": self.account,
            "region": self.region,
            "stack name": self.stack_name,
            "termination protection": self.is_protected,
            "tags": dict(self.tags),
            "parameters": dict(self.parameters),
            "execution role": self.execution_role,
            "deploy role": self.deploy_role,
            "notification topics": list(self.notification_arns),
        }

    @property
    def environment(self) -> str:
        """The stage around the stack, or the account and region where there is none."""
        if self.stage:
            return self.stage
        unknown = self.account == "unknown-account"
        return "no stage" if unknown else f"{self.account}/{self.region}"

    def resources(self, resource_type: str) -> Iterator[tuple[str, dict[str, Any]]]:
        """Yield the resources of a type, each with its logical ID."""
        for logical_id, resource in self.template.get("Resources", {}).items():
            # An Fn::ForEach among the resources is a list.
            if isinstance(resource, dict) and resource.get("Type") == resource_type:
                yield logical_id, resource


def synthesise(
    environment: str | None,
    environments: Path,
    output: Path,
    *,
    meanwhile: Callable[[], object] | None = None,
) -> Path:
    """Synthesise one environment, or all, without AWS, and return the cloud assembly.

    The templates are read and never deployed, so they are not checked against CloudFormation's
    schemas, which takes a third of the time.

    :param output: a temporary folder.
    :param meanwhile: is called while the CDK CLI works; its error ends the synth.
    """
    chosen = ("--context", f"env={environment}") if environment else ()
    toolchain.check_cdk()
    app = toolchain.present_tools().app_command()
    log = output / "cdk.log"
    # The log is deleted with the folder.
    with called(log, "its output"):
        toolchain.run_cdk(
            [
                *("synth", "--quiet", "--no-validation", "--app", app),
                *("--output", str(output / "cdk.out")),
                *chosen,
                *("--context", f"environments={environments}"),
            ],
            environment={},
            log=log,
            offline=True,
            on_start=(lambda _pid: meanwhile()) if meanwhile else None,
        )
    return output / "cdk.out"


def stacks_of(assembly: Path) -> list[Stack]:
    """Return the stacks of all stages of an assembly, sorted by name, parents before nested ones.

    :raises UserError: where the folder is not a cloud assembly, or cannot be read.
    """
    return sorted(_Reader(assembly).stacks(assembly), key=lambda stack: stack.name.split("/"))


class _Reader:
    """A reader of an assembly, which opens no file outside of the folder."""

    def __init__(self, assembly: Path) -> None:
        self._files = AssemblyFiles(assembly) if assembly.is_dir() else None
        self._folders: set[Path] = set()
        self._count = 0

    @property
    def files(self) -> AssemblyFiles:
        """The files of the assembly."""
        assert self._files is not None  # noqa: S101 - a missing folder has no manifest
        return self._files

    def stacks(self, folder: Path, stage: str = "", around: str = "") -> Iterator[Stack]:
        artifacts = self._artifacts(folder)
        for artifact_id, artifact in artifacts.items():
            if artifact.type == "cdk:cloud-assembly":
                properties = self._properties(StageProperties, folder, artifact_id, artifact)
                inner = self.files.inside(folder, properties.directoryName)
                yield from self.stacks(
                    inner, properties.path(artifact_id), f"{around}{artifact_id}/"
                )
            elif artifact.type == "aws:cloudformation:stack":
                stack = self._stack(folder, artifacts, artifact_id)
                stack = replace(stack, stage=stage, artifact=f"{around}{artifact_id}")
                yield stack
                yield from self._nested_in(stack, (stack.file,))

    def _stack(self, folder: Path, artifacts: Mapping[str, Artifact], artifact_id: str) -> Stack:
        artifact = artifacts[artifact_id]
        properties = self._properties(StackProperties, folder, artifact_id, artifact)
        file = self.files.inside(folder, properties.templateFile)
        if artifact.place is None:
            raise UserError(
                f"{folder / 'manifest.json'} is not the manifest of a cloud assembly: the stack "
                f"{artifact_id} must have an environment such as aws://111111111111/us-west-2, got "
                f"'{artifact.environment}'. Run `cdk synth` again."
            )
        account, region = artifact.place
        return Stack(
            name=artifact.name(artifact_id),
            account=account,
            region=region,
            template=self._template(file),
            file=file,
            stack_name=properties.stackName or artifact_id,
            is_protected=properties.terminationProtection,
            tags=properties.tags,
            parameters=properties.parameters,
            execution_role=properties.cloudFormationExecutionRoleArn,
            deploy_role=properties.assumeRoleArn,
            notification_arns=tuple(properties.notificationArns),
            assets=self._assets(folder, artifacts, artifact),
        )

    def _assets(
        self, folder: Path, artifacts: Mapping[str, Artifact], stack: Artifact
    ) -> dict[str, Path]:
        """Return the assets of a stack by their id, without the templates among them."""
        found: dict[str, Path] = {}
        for name in stack.dependencies:
            artifact = artifacts.get(name)
            if artifact is None or artifact.type != "cdk:asset-manifest":
                continue
            properties = self._properties(AssetsProperties, folder, name, artifact)
            file = self.files.inside(folder, properties.file)
            manifest = self.files.read_as(
                AssetManifest, file, self.files.read(file), "a list of assets"
            )
            for asset_id, asset in (*manifest.files.items(), *manifest.docker_images.items()):
                path = asset.source.path or asset.source.directory
                if path and not path.endswith(_TEMPLATE):
                    found[asset_id] = self.files.inside(folder, path)
        return found

    def _nested_in(self, stack: Stack, around: tuple[Path, ...]) -> Iterator[Stack]:
        """Yield the nested stacks of a stack, whose templates are files beside the stack's own.

        :param around: the templates of the stack and of the stacks around it.
        """
        for logical_id, resource in stack.resources("AWS::CloudFormation::Stack"):
            metadata = resource.get("Metadata")
            asset = metadata.get("aws:asset:path") if isinstance(metadata, dict) else None
            if not isinstance(asset, str):
                continue  # only the URL of the template is known
            file = self.files.inside(stack.file.parent, asset)
            if file in around:
                raise UserError(f"{file} must not contain itself as a nested stack. {_CURE}")
            nested = replace(
                stack,
                name=f"{stack.name}/{_nested_name(stack, logical_id, resource)}",
                template=self._template(file),
                file=file,
                stack_name=f"{stack.stack_name}/{logical_id}",
                artifact=f"{stack.artifact}/{logical_id}",
                # Those of the stack around it are deployed, and compared, once.
                assets={},
                parameters={},
            )
            yield nested
            yield from self._nested_in(nested, (*around, file))

    def _artifacts(self, folder: Path) -> Mapping[str, Artifact]:
        file = folder / "manifest.json"
        if not file.is_file():
            raise UserError(
                f"{folder} is not a cloud assembly: manifest.json is missing. Choose the folder "
                "that `cdk synth --output DIR` writes, such as cdk.out."
            )
        place = folder.resolve()
        if place in self._folders:
            raise UserError(f"{file} must not contain itself as a nested assembly. {_CURE}")
        self._folders.add(place)
        manifest = self.files.read(file)
        _check_version(file, manifest)
        return self.files.read_as(Manifest, file, manifest, _MANIFEST).artifacts

    def _properties(
        self, model: type[Model], folder: Path, artifact_id: str, artifact: Artifact
    ) -> Model:
        file = folder / "manifest.json"
        kind = f"{_MANIFEST}: the artifact {artifact_id} has other properties"
        return self.files.read_as(model, file, artifact.properties, kind)

    def _template(self, file: Path) -> dict[str, Any]:
        self._count += 1
        if self._count > _MOST_STACKS:
            raise UserError(
                f"a cloud assembly must have at most {_MOST_STACKS} stacks, nested ones included; "
                f"{self.files.folder} has more. Name the folder of one stage."
            )
        template = self.files.read(file)
        if not isinstance(template, dict) or not isinstance(template.get("Resources", {}), dict):
            raise UserError(f"{file} is not a CloudFormation template: it has no resources.")
        return template


def _nested_name(stack: Stack, logical_id: str, resource: Mapping[str, Any]) -> str:
    """Return a nested stack's path below the stack around it, or its logical ID."""
    path = str(resource["Metadata"].get("aws:cdk:path", ""))
    below = path.removesuffix(".NestedStackResource").removeprefix(f"{stack.name}/")
    # The CDK wraps each nested stack: Child.NestedStack/Child.NestedStackResource
    *around, last = below.split("/")
    steps = [one for one in around if not one.endswith(".NestedStack")]
    return "/".join(filter(None, [*steps, last.removesuffix(".NestedStack")])) or logical_id


def _check_version(file: Path, manifest: Any) -> None:
    version = manifest.get("version") if isinstance(manifest, dict) else None
    major = str(version).partition(".")[0]
    if not (major.isascii() and major.isdigit()):
        raise UserError(f"{file} is not {_MANIFEST}: its version is missing. {_CURE}")
    if len(major) > _MOST_DIGITS or int(major) > NEWEST_SCHEMA:
        raise UserError(
            f"{file.parent} is a cloud assembly of schema {version}; ecrctl reads schemas up to "
            f"{NEWEST_SCHEMA}. Synthesise with an older aws-cdk-lib, or use a newer ecrctl."
        )
