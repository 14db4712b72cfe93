"""``review.yaml``: read as a whole, with every fault at once."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest
import yaml

from checked_files.yaml_files import plain_data
from ecrctl.errors import UserError
from ecrctl.review.findings import CATEGORIES, Category
from ecrctl.review.team_rules.review_file import (
    NO_RULES,
    SCHEMA,
    Allowed,
    ForbiddenAccess,
    ReviewFile,
    read_review_file,
    schema,
)

EXAMPLE = """\
gates:
  default: [data-loss]
  prod: [data-loss, access-gained]
  dev: []
forbidden_access:
  - rule: Only the organization pulls production images
    verbs: [pull]
    repositories: ["prod/*"]
    environments: [prod]
    existing: true
    allowed: {accounts: [own, "222222222222"], organizations: [o-a1b2c3d4e5]}
"""


def write(folder: Path, text: str) -> Path:
    """Write a file of rules."""
    file = folder / "review.yaml"
    file.write_text(text, encoding="utf-8")
    return file


def test_a_file_is_read(tmp_path: Path) -> None:
    assert read_review_file(write(tmp_path, EXAMPLE), "main") == ReviewFile(
        gates={
            "default": (Category.DATA_LOSS,),
            "prod": (Category.DATA_LOSS, Category.ACCESS_GAINED),
            "dev": (),
        },
        forbidden_access=(
            ForbiddenAccess(
                rule="Only the organization pulls production images",
                verbs=("pull",),
                repositories=("prod/*",),
                environments=("prod",),
                existing=True,
                allowed=Allowed(accounts=("own", "222222222222"), organizations=("o-a1b2c3d4e5",)),
            ),
        ),
    )


@pytest.mark.parametrize("text", ["", "# nothing\n", "{}\n"])
def test_an_empty_file_has_no_rules(tmp_path: Path, text: str) -> None:
    assert read_review_file(write(tmp_path, text), "main") == NO_RULES


def test_a_missing_file_has_no_rules(tmp_path: Path) -> None:
    assert read_review_file(tmp_path / "review.yaml", "main") == NO_RULES


def test_every_fault_is_reported_at_once(tmp_path: Path) -> None:
    text = """\
gate: {}
gates: {prod: [data-lost]}
forbidden_access:
  - rule: short
    verbs: [read]
    repositories: []
    allowed:
      accounts: ["123"]
      organizations: [acme]
      principals: [ci]
      services: [lambda]
"""
    with pytest.raises(UserError) as error:
        read_review_file(write(tmp_path, text), "main")
    first, *faults = str(error.value).splitlines()
    assert first == "review.yaml of 'main' is not valid:"
    known = " or ".join([", ".join(f"'{one}'" for one in CATEGORIES[:-1]), f"'{CATEGORIES[-1]}'"])
    assert sorted(faults) == sorted(
        f"  - {fault}"
        for fault in (
            "gate: there is no such setting; did you mean 'gates'? Known: gates, forbidden_access.",
            f"gates.prod[0]: one of {known} is expected here, got 'data-lost'.",
            "forbidden_access[0].rule: a rule must have at least 10 characters, got 'short'. Write "
            "the sentence that the review shows.",
            "forbidden_access[0].verbs[0]: one of 'pull', 'push' or 'administer' is expected here, "
            "got 'read'.",
            "forbidden_access[0].repositories: at least one is required, got an empty list. Add "
            "one.",
            "forbidden_access[0].allowed.accounts[0]: an account must have 12 digits, or be 'own' "
            "for the repository's own account, got '123'.",
            "forbidden_access[0].allowed.organizations[0]: an organization must be an ID such as "
            "o-a1b2c3d4e5, got 'acme'.",
            "forbidden_access[0].allowed.principals[0]: a principal must be an ARN such as "
            "arn:aws:iam::111111111111:role/ci, in which * stands for any text, got 'ci'.",
            "forbidden_access[0].allowed.services[0]: a service must be a principal such as "
            "lambda.amazonaws.com, got 'lambda'.",
        )
    )


@pytest.mark.parametrize("text", ["- a\n", "text\n", "gates: [a\n", "&a [*a]\n", "5\n"])
def test_a_file_of_another_form_is_a_sentence(tmp_path: Path, text: str) -> None:
    file = write(tmp_path, text)
    with pytest.raises(UserError, match=r"^.*review\.yaml is not valid:\n  - "):
        read_review_file(file, None)


def test_the_schema_is_the_one_of_the_models() -> None:
    assert SCHEMA.read_text() == schema(), "Write it again: make snapshot"


def test_the_schema_accepts_what_is_read_and_refuses_what_is_not() -> None:
    document = json.loads(SCHEMA.read_text())
    jsonschema.validate(plain_data(EXAMPLE), document)
    wrong = yaml.safe_load(EXAMPLE)
    wrong["gates"]["prod"] = ["data-lost"]
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(wrong, document)
