"""The parts of a cloud assembly's manifests that ``ecrctl`` reads."""

import json
import re
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

_PLACE = re.compile(r"aws://([^/]+)/([^/]+)")


def _texts(given: Any) -> Any:
    """Return a mapping with its values as text, as CloudFormation takes them."""
    if not isinstance(given, dict):
        return {} if given is None else given
    return {
        key: value if isinstance(value, str | list | dict) else json.dumps(value)
        for key, value in given.items()
    }


def _or(default: Any) -> BeforeValidator:
    """Return a validator that reads ``null`` as a missing value."""
    return BeforeValidator(lambda given: default if given is None else given)


Texts = Annotated[dict[str, str], BeforeValidator(_texts)]
Names = Annotated[list[str], _or([])]


class _Model(BaseModel):
    model_config = ConfigDict(frozen=True)


class Artifact(_Model):
    """An artifact of any kind."""

    type: str
    environment: str = ""
    displayName: str | None = None  # noqa: N815 - the manifest's own names
    properties: Annotated[dict[str, Any], _or({})] = {}
    dependencies: Names = []

    @property
    def place(self) -> tuple[str, str] | None:
        """The account and region; ``None`` where the artifact names none."""
        found = _PLACE.fullmatch(self.environment)
        return (found.group(1), found.group(2)) if found else None

    def name(self, artifact_id: str) -> str:
        """Return the path in the app, or else the artifact's ID."""
        return (self.displayName or artifact_id).split(" ")[0]


class Manifest(_Model):
    """The manifest of an assembly, or of a stage in it."""

    artifacts: Annotated[dict[str, Artifact], _or({})] = {}


class StageProperties(_Model):
    """The properties of an assembly inside of another one."""

    directoryName: str  # noqa: N815
    displayName: str | None = None  # noqa: N815

    def path(self, artifact_id: str) -> str:
        """Return the path of the stage in the app."""
        return (self.displayName or artifact_id).split(" ")[0]


class StackProperties(_Model):
    """The properties of a stack."""

    templateFile: str  # noqa: N815
    stackName: str | None = None  # noqa: N815
    terminationProtection: Annotated[bool, _or(default=False)] = False  # noqa: N815
    tags: Texts = {}
    parameters: Texts = {}
    assumeRoleArn: Annotated[str, _or("")] = ""  # noqa: N815
    cloudFormationExecutionRoleArn: Annotated[str, _or("")] = ""  # noqa: N815
    notificationArns: Names = []  # noqa: N815


class AssetsProperties(_Model):
    """The properties of a list of assets: the file with the list."""

    file: str


class AssetSource(_Model):
    """The file or the folder of an asset."""

    path: str | None = None
    directory: str | None = None


class Asset(_Model):
    """A file or an image that is deployed with a stack."""

    source: AssetSource = AssetSource()


class AssetManifest(_Model):
    """A list of assets."""

    files: Annotated[dict[str, Asset], _or({})] = {}
    docker_images: Annotated[dict[str, Asset], _or({}), Field(alias="dockerImages")] = {}
