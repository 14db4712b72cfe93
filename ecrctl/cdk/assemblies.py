"""Cloud assemblies: written by the CDK CLI, read as files."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from ecrctl.errors import ExitCode, UserError
from ecrctl.files import read_json

from . import toolchain

# The schema that the installed aws-cdk-lib writes. A newer one may contain unknown artifacts.
NEWEST_SCHEMA = 55
_TEMPLATE = ".template.json"


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

    :param meanwhile: is called while the CDK CLI works; its error ends the synth.
    """
    chosen = ("--context", f"env={environment}") if environment else ()
    toolchain.check_cdk()
    toolchain.run_cdk(
        [
            *(
                "synth",
                "--quiet",
                "--no-validation",
                "--app",
                toolchain.present_tools().app_command(),
            ),
            *("--output", str(output / "cdk.out")),
            *chosen,
            *("--context", f"environments={environments}"),
        ],
        environment={},
        log=output / "cdk.log",
        offline=True,
        on_start=(lambda _pid: meanwhile()) if meanwhile else None,
    )
    return output / "cdk.out"


def stacks_of(assembly: Path) -> list[Stack]:
    """Return the stacks of all stages of an assembly, sorted by name, parents before nested ones.

    :raises UserError: where the folder is not a cloud assembly, or cannot be read.
    """
    return sorted(_Reader(assembly).stacks(), key=lambda stack: stack.name.split("/"))


@dataclass(frozen=True, slots=True)
class _Reader:
    """A reader of an assembly, which opens no file outside of the folder."""

    assembly: Path

    def stacks(
        self, folder: Path | None = None, stage: str = "", around: str = ""
    ) -> Iterator[Stack]:
        folder = folder or self.assembly
        artifacts = _artifacts(folder)
        for artifact_id, artifact in artifacts.items():
            properties = artifact.get("properties", {})
            if artifact["type"] == "cdk:cloud-assembly":
                path = properties.get("displayName", artifact_id).split(" ")[0]
                inner = self._inside(folder, properties["directoryName"])
                yield from self.stacks(inner, path, f"{around}{artifact_id}/")
            elif artifact["type"] == "aws:cloudformation:stack":
                file = self._inside(folder, properties["templateFile"])
                # aws://ACCOUNT/REGION
                _, _, account, region = artifact["environment"].split("/")
                stack = Stack(
                    name=artifact.get("displayName", artifact_id).split(" ")[0],
                    account=account,
                    region=region,
                    template=_read_template(file),
                    file=file,
                    stage=stage,
                    stack_name=properties.get("stackName", artifact_id),
                    is_protected=properties.get("terminationProtection", False),
                    tags=properties.get("tags", {}),
                    artifact=f"{around}{artifact_id}",
                    parameters=properties.get("parameters", {}),
                    execution_role=properties.get("cloudFormationExecutionRoleArn", ""),
                    notification_arns=properties.get("notificationArns", ()),
                    assets=self._assets(folder, artifacts, artifact),
                )
                yield stack
                yield from self._nested_in(stack)

    def _assets(
        self, folder: Path, artifacts: Mapping[str, Any], stack: Mapping[str, Any]
    ) -> dict[str, Path]:
        """Return the assets of a stack by their id, without the templates among them."""
        found: dict[str, Path] = {}
        for name in stack.get("dependencies", ()):
            artifact = artifacts.get(name, {})
            if artifact.get("type") != "cdk:asset-manifest":
                continue
            manifest = _read_json(self._inside(folder, artifact["properties"]["file"]))
            for kind in ("files", "dockerImages"):
                for asset_id, asset in manifest.get(kind, {}).items():
                    source = asset.get("source", {})
                    path = source.get("path") or source.get("directory")
                    if path and not path.endswith(_TEMPLATE):
                        found[asset_id] = self._inside(folder, path)
        return found

    def _nested_in(self, stack: Stack) -> Iterator[Stack]:
        """Yield the nested stacks of a stack, whose templates are files beside the stack's own."""
        for logical_id, resource in stack.resources("AWS::CloudFormation::Stack"):
            asset = resource.get("Metadata", {}).get("aws:asset:path")
            if asset is None:
                continue  # only the URL of the template is known
            file = self._inside(stack.file.parent, asset)
            nested = replace(
                stack,
                name=f"{stack.name}/{_nested_name(stack, logical_id, resource)}",
                template=_read_template(file),
                file=file,
                stack_name=f"{stack.stack_name}/{logical_id}",
                artifact=f"{stack.artifact}/{logical_id}",
                # Those of the stack around it are deployed, and compared, once.
                assets={},
                parameters={},
            )
            yield nested
            yield from self._nested_in(nested)

    def _inside(self, folder: Path, name: str) -> Path:
        path = folder / name
        if not path.resolve().is_relative_to(self.assembly.resolve()):
            raise UserError(
                f"{folder / 'manifest.json'} must not name a file outside of its cloud assembly, "
                f"got '{name}'. Check where the assembly comes from."
            )
        return path


def _nested_name(stack: Stack, logical_id: str, resource: Mapping[str, Any]) -> str:
    """Return a nested stack's path below the stack around it, or its logical ID."""
    path = str(resource["Metadata"].get("aws:cdk:path", ""))
    below = path.removesuffix(".NestedStackResource").removeprefix(f"{stack.name}/")
    # The CDK wraps each nested stack: Child.NestedStack/Child.NestedStackResource
    steps = [one for one in below.split("/") if not one.endswith(".NestedStack")]
    return "/".join(steps) or logical_id


def _artifacts(folder: Path) -> dict[str, dict[str, Any]]:
    file = folder / "manifest.json"
    if not file.is_file():
        raise UserError(
            f"{folder} is not a cloud assembly: manifest.json is missing. Choose the folder that "
            "`cdk synth --output DIR` writes, such as cdk.out."
        )
    manifest = _read_json(file)
    version = manifest.get("version") if isinstance(manifest, dict) else None
    major = str(version).partition(".")[0]
    if not major.isdigit():
        raise UserError(
            f"{file} is not the manifest of a cloud assembly: its version is missing. "
            "Run `cdk synth` again."
        )
    if int(major) > NEWEST_SCHEMA:
        raise UserError(
            f"{folder} is a cloud assembly of schema {version}; ecrctl reads schemas up to "
            f"{NEWEST_SCHEMA}. Synthesise with an older aws-cdk-lib, or use a newer ecrctl."
        )
    artifacts: dict[str, dict[str, Any]] = manifest.get("artifacts", {})
    return artifacts


def _read_template(file: Path) -> dict[str, Any]:
    template = _read_json(file)
    if not isinstance(template, dict) or not isinstance(template.get("Resources", {}), dict):
        raise UserError(f"{file} is not a CloudFormation template: it has no resources.")
    return template


def _read_json(file: Path) -> Any:
    return read_json(file, "Run `cdk synth` again.", exit_code=ExitCode.TOOL_ERROR)
