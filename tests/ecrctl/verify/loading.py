"""An environment with one pinned image, and scripted answers about its resources."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, NoReturn

from botocore.exceptions import ClientError

from ecrctl.aws.clients import Aws
from ecrctl.verify.check import Check
from ecrctl.verify.files import checks_of_files
from ecrctl.verify.files.lookup import Lookup, logical_id
from ecrctl.verify.reading import Reading
from environments.loading import load_environment
from environments.settings import EnvironmentSettings
from tests.ecrctl.aws.stubs import StubClient, stub_aws

ACCOUNT = "111111111111"
REGION = "us-west-2"
DIGEST = "sha256:" + "a" * 64
HEAD = """\
account: "111111111111"
region: us-west-2
repositories: [{name: team/api}]
"""
IMAGE = f"111111111111.dkr.ecr.us-west-2.amazonaws.com/team/api@{DIGEST}"
EMULATOR = "http://localhost:1"
Row = tuple[str, str, str]


def load(folder: Path, text: str, head: str = HEAD) -> EnvironmentSettings:
    """Return the environment ``dev`` with some workloads that run the pinned image ``api``."""
    (folder / "dev.yaml").write_text(head + text)
    pin = f"{{repository: team/api, tag: v1, digest: {DIGEST!r}}}"
    (folder / "dev.images.yaml").write_text(f"api: {pin}\n")
    return load_environment("dev", folder)


def missing(operation: str, code: str, message: str = "") -> Callable[..., NoReturn]:
    """Return an operation whose resource does not exist."""

    def fail(**_: Any) -> NoReturn:
        raise ClientError({"Error": {"Code": code, "Message": message}}, operation)

    return fail


def always(answer: Any) -> Callable[..., Any]:
    """Return an operation that returns the same answer to every request."""
    return lambda **_: answer


NO_STACK = missing("DescribeStacks", "ValidationError", "Stack with id dev does not exist")


def stacks_with(template: Any = None, /, **stacks: Mapping[Any, str]) -> StubClient:
    """Return a client of CloudFormation that knows the resources of some stacks by their paths.

    :param template: the deployed template of each stack.
    :param stacks: by the stack's construct ID, each ``-`` in it being a ``_``.
    """

    def list_stack_resources(StackName: str) -> Any:  # noqa: N803 - AWS spells it so
        resources = stacks.get(StackName.removeprefix("dev-").replace("-", "_"))
        if resources is None:
            return NO_STACK()
        listed = [
            {
                "LogicalResourceId": logical_id(*path),
                "PhysicalResourceId": physical_id,
                # The rules of notifications alone are looked for by their type.
                "ResourceType": "AWS::Events::Rule" if path[-1] != "Resource" else "AWS::Any::Type",
                "ResourceStatus": "CREATE_COMPLETE",
            }
            for path, physical_id in resources.items()
        ]
        return [{"StackResourceSummaries": listed[:1]}, {"StackResourceSummaries": listed[1:]}]

    return StubClient(
        list_stack_resources=list_stack_resources,
        get_template=always({"TemplateBody": template}) if template else NO_STACK,
    )


def lookup(
    settings: EnvironmentSettings, *, is_emulated: bool = False, **clients: StubClient
) -> Lookup:
    """Return the deployed resources that some clients return.

    :param is_emulated: whether the clients are an emulator's.
    """
    aws = replace(stub_aws(**clients), endpoint_url=EMULATOR if is_emulated else None)
    return Lookup(settings, Reading(aws))


def rows(checks: Iterable[Check], subject: str) -> list[Row]:
    """Return the property, the declared and the deployed value of each check of one resource.

    Of a property that is not compared, the reason is both.
    """
    found = list(checks)
    assert {check.subject for check in found} <= {subject}
    return [
        (check.what, check.reason or check.declared, check.reason or check.found) for check in found
    ]


def differing(found: Iterable[Row]) -> dict[str, tuple[str, str]]:
    """Return the declared and the deployed value of each property that differs."""
    return {what: (declared, shown) for what, declared, shown in found if declared != shown}


def of_files(settings: EnvironmentSettings, aws: Aws) -> list[Check]:
    """Return every check of an environment's files."""
    jobs = checks_of_files(Lookup(settings, Reading(aws)))
    return [check for job in jobs for check in job()]
