"""``review.yaml``: what blocks a change in each environment, and the access that is forbidden.

``python -m ecrctl.review.team_rules.review_file`` writes the JSON Schema for editors.
"""

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal

from pydantic import ValidationError

from checked_files.fault_text import faults_of
from checked_files.models import FileModel, checked_by, validated
from checked_files.schema import file_schema
from checked_files.yaml_files import YamlFile, read_yaml, read_yaml_text
from constructs_lib.rules.faults import Fault, faults_unless
from ecrctl.errors import UserError
from ecrctl.review.findings import REVIEW_FILE, Category

SCHEMA = Path(__file__).with_name("review-file.schema.json")
OWN_ACCOUNT = "own"
Verb = Literal["pull", "push", "administer"]

_ACCOUNT = re.compile(r"\d{12}")
_ORGANIZATION = re.compile(r"o-[a-z0-9]{10,32}")
_SERVICE = re.compile(r"[a-z0-9.-]+\.amazonaws\.com(?:\.cn)?")
_SHORTEST_RULE = 10


def _account_faults(account: str) -> list[Fault]:
    return faults_unless(
        account == OWN_ACCOUNT or _ACCOUNT.fullmatch(account),
        f"an account must have 12 digits, or be '{OWN_ACCOUNT}' for the repository's own account, "
        f"got '{account[:40]}'.",
    )


def _organization_faults(organization: str) -> list[Fault]:
    return faults_unless(
        _ORGANIZATION.fullmatch(organization),
        f"an organization must be an ID such as o-a1b2c3d4e5, got '{organization[:40]}'.",
    )


def _service_faults(service: str) -> list[Fault]:
    return faults_unless(
        _SERVICE.fullmatch(service),
        f"a service must be a principal such as lambda.amazonaws.com, got '{service[:80]}'.",
    )


def _principal_faults(principal: str) -> list[Fault]:
    return faults_unless(
        principal.startswith("arn:"),
        "a principal must be an ARN such as arn:aws:iam::111111111111:role/ci, in which * stands "
        f"for any text, got '{principal[:80]}'.",
    )


def _rule_faults(rule: str) -> list[Fault]:
    return faults_unless(
        len(rule.strip()) >= _SHORTEST_RULE,
        f"a rule must have at least {_SHORTEST_RULE} characters, got '{rule}'. Write the sentence "
        "that the review shows.",
    )


def _count_faults(values: tuple[str, ...]) -> list[Fault]:
    return faults_unless(values, "at least one is required, got an empty list. Add one.")


class Allowed(FileModel):
    """The principals to which a rule does not apply.

    :param accounts: accounts, all of whose principals are allowed; ``own`` is the repository's.
    :param organizations: organizations, if a statement's conditions require them.
    :param principals: ARNs of roles and users, in which ``*`` stands for any text.
    :param services: service principals, such as ``lambda.amazonaws.com``.
    """

    accounts: tuple[Annotated[str, checked_by(_account_faults)], ...] = ()
    organizations: tuple[Annotated[str, checked_by(_organization_faults)], ...] = ()
    principals: tuple[Annotated[str, checked_by(_principal_faults)], ...] = ()
    services: tuple[Annotated[str, checked_by(_service_faults)], ...] = ()


class ForbiddenAccess(FileModel):
    """Access that no principal may have, apart from those that are allowed.

    :param rule: the rule as a sentence, which the review shows.
    :param verbs: the forbidden verbs.
    :param repositories: names of repositories, in which ``*`` stands for any text.
    :param environments: the environments; by default all.
    :param allowed: the principals to which the rule does not apply; by default none.
    :param existing: whether access that the change does not add is reported as well; ``False`` by
        default.
    """

    rule: Annotated[str, checked_by(_rule_faults)]
    verbs: Annotated[tuple[Verb, ...], checked_by(_count_faults)]
    repositories: Annotated[tuple[str, ...], checked_by(_count_faults)]
    environments: tuple[str, ...] | None = None
    allowed: Allowed = Allowed()
    existing: bool = False


class ReviewFile(FileModel):
    """A team's rules for the review of its changes.

    :param gates: the categories that block a change, by environment; ``default`` is for all others.
    :param forbidden_access: access that principals must not have.
    """

    gates: Mapping[str, tuple[Category, ...]] = {}
    forbidden_access: tuple[ForbiddenAccess, ...] = ()


NO_RULES = ReviewFile()


def read_review_file(file: Path, label: str | None) -> ReviewFile:
    """Return a team's rules; none if the file is missing or empty.

    :param label: the side that the file is read from; ``None`` if the file itself was named.
    :raises UserError: with every fault of the file.
    """
    return _rules(read_yaml(file), label) if file.is_file() else NO_RULES


def review_file_in(text: str, label: str) -> ReviewFile:
    """Return a team's rules in the content of a file; none if it is empty.

    :param label: the side that the file is read from.
    :raises UserError: with every fault of the file.
    """
    return _rules(read_yaml_text(Path(REVIEW_FILE), text), label)


def _rules(read: YamlFile, label: str | None) -> ReviewFile:
    faults = list(read.faults)
    if not faults:
        try:
            found: ReviewFile = validated(ReviewFile, {} if read.data is None else read.data)
        except ValidationError as error:
            faults = faults_of(error, ReviewFile)
        else:
            return found
    lines = "".join(f"\n  - {fault}" for fault in faults)
    where = f"{read.path.name} of '{label}'" if label else str(read.path)
    raise UserError(f"{where} is not valid:{lines}")


def schema() -> str:
    """Return the JSON Schema of the file."""
    return json.dumps(file_schema(ReviewFile), indent=2) + "\n"


if __name__ == "__main__":
    SCHEMA.write_text(schema(), encoding="utf-8")
