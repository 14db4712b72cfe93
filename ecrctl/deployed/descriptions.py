"""The parts of CloudFormation's responses that ``ecrctl`` reads, in CloudFormation's own names."""

from typing import Annotated, Any, TypeVar

from pydantic import BaseModel, ConfigDict, Field

# arn:aws:cloudformation:REGION:ACCOUNT:stack/NAME/ID
StackArn = Annotated[
    str, Field(pattern=r"^arn:[^:/]+:cloudformation:[^:/]+:[^:/]+:stack/[^:/]+/[^:/]+$")
]


Model = TypeVar("Model", bound=BaseModel)


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True)


class Parameter(_Part):
    """The value of a stack's parameter."""

    ParameterKey: str
    ParameterValue: str = ""


class Tag(_Part):
    """A tag of a stack."""

    Key: str
    Value: str


class Description(_Part):
    """A stack: an entry of ``DescribeStacks``."""

    # Also the name of a file with a response.
    StackName: Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z0-9-]*$")]
    StackId: StackArn
    StackStatus: str
    RootId: StackArn | None = None
    ParentId: StackArn | None = None
    EnableTerminationProtection: bool = False
    Parameters: list[Parameter] = []
    Tags: list[Tag] = []
    NotificationARNs: list[str] = []
    RoleARN: str = ""

    @property
    def place(self) -> str:
        """The account and region, in the form of a cloud assembly."""
        region, account = self.StackId.split(":")[3:5]
        return f"aws://{account}/{region}"

    @property
    def outermost_name(self) -> str:
        """The name of the outermost stack around a nested one, or else of the stack itself."""
        return (self.RootId or self.StackId).split("/")[1]


class Descriptions(_Part):
    """A response of ``DescribeStacks``."""

    Stacks: list[Description]


class Template(_Part):
    """A response of ``GetTemplate``: JSON as a mapping, YAML as text."""

    TemplateBody: Any


class Resource(_Part):
    """A resource, which has no physical ID until it is created."""

    LogicalResourceId: str
    ResourceType: str
    PhysicalResourceId: str = ""


class Resources(_Part):
    """A response of ``ListStackResources``."""

    StackResourceSummaries: list[Resource]
