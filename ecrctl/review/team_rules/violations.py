"""Violations of policies, as aws-cdk-lib reports them beside an assembly.

An app registers a team's own rules, such as those of CloudFormation Guard, as validation plugins.
Source: AWS CDK developer guide, "Validate AWS CDK applications"; the schema
``validation-report.schema.json`` of ``@aws-cdk/cloud-assembly-schema``.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from checked_files.fault_text import document_problem
from ecrctl.errors import ExitCode, UserError
from ecrctl.files import read_json

REPORTS = ("validation-report.json", "policy-validation-report.json")
# The rules that aws-cdk-lib has itself.
_BUILT_IN_PLUGIN = "CloudFormation Validate"
# Their first letter is the severity: fatal and error, or a warning.
_REFUSED = ("E", "F")
_BUILT_IN_RULE = re.compile(r"[A-Z]\d{4}")


class _Document(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)


class _Resource(_Document):
    template: str = Field(alias="templatePath")
    logical_id: str = Field(alias="logicalId")


class _Construct(_Document):
    path: str = Field(alias="constructPath")
    resource: _Resource | None = Field(None, alias="cloudFormationResource")


class _Violation(_Document):
    rule: str = Field(alias="ruleName")
    description: str = ""
    constructs: tuple[_Construct, ...] = Field((), alias="violatingConstructs")
    reason: str = ""


class _PluginReport(_Document):
    name: str = Field(alias="pluginName")
    violations: tuple[_Violation, ...] = ()
    suppressed: tuple[_Violation, ...] = Field((), alias="suppressedViolations")


class _Report(_Document):
    plugins: tuple[_PluginReport, ...] = Field((), alias="pluginReports")


@dataclass(frozen=True, slots=True, kw_only=True)
class Violation:
    """A construct that breaks a rule of a team, or of CloudFormation.

    :param plugin: the plugin that has the rule.
    :param construct: the path of the construct.
    :param template: the name of the template's file; empty where the report has none.
    :param is_suppressed: whether the app itself accepts the violation.
    """

    plugin: str
    rule: str
    description: str
    construct: str
    template: str
    logical_id: str
    is_suppressed: bool

    @property
    def is_built_in(self) -> bool:
        """Return whether aws-cdk-lib has the rule itself."""
        return self.plugin == _BUILT_IN_PLUGIN and _BUILT_IN_RULE.fullmatch(self.rule) is not None

    @property
    def key(self) -> tuple[str, str, str, str]:
        """Return the rule, and the construct that breaks it."""
        return self.plugin, self.rule, self.construct, self.logical_id


def read_violations(assembly: Path) -> list[Violation]:
    """Return the violations in the reports beside an assembly."""
    return [one for name in REPORTS for one in _violations_in(assembly / name)]


def new_violations(base: Sequence[Violation], head: Sequence[Violation]) -> list[Violation]:
    """Return the violations of a team's rules that the base side does not have.

    A violation that the head itself suppresses is one, unless the base suppresses it as well.
    """
    known = {one.key for one in base if not one.is_suppressed}
    suppressed = {one.key for one in base if one.is_suppressed}
    return [
        one
        for one in head
        if not one.is_built_in
        and one.key not in known
        and not (one.is_suppressed and one.key in suppressed)
    ]


def refused(violations: Sequence[Violation]) -> list[Violation]:
    """Return the violations for which CloudFormation refuses a template."""
    return [
        one
        for one in violations
        if one.is_built_in and one.rule.startswith(_REFUSED) and not one.is_suppressed
    ]


def _violations_in(file: Path) -> Iterator[Violation]:
    if not file.is_file():
        return
    given = read_json(file, "Run `cdk synth` again.", exit_code=ExitCode.TOOL_ERROR)
    try:
        report = _Report.model_validate(given)
    except ValidationError as error:
        raise UserError(
            f"{file} is not a validation report: {document_problem(error)}. Run `cdk synth` again."
        ) from None
    for plugin in report.plugins:
        for is_suppressed, found in ((False, plugin.violations), (True, plugin.suppressed)):
            for violation in found:
                yield from _by_construct(plugin.name, violation, is_suppressed=is_suppressed)


def _by_construct(
    plugin: str, violation: _Violation, *, is_suppressed: bool
) -> Iterator[Violation]:
    for construct in violation.constructs:
        resource = construct.resource
        yield Violation(
            plugin=plugin,
            rule=violation.rule,
            description=violation.description,
            construct=construct.path,
            template=Path(resource.template).name if resource else "",
            logical_id=resource.logical_id if resource else "",
            is_suppressed=is_suppressed,
        )
