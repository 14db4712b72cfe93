"""From a file to the settings: defaults, and every value where the stacks read it."""

from __future__ import annotations

from pathlib import Path

import pytest

from constructs_lib.rules.ecr.repository import EncryptionSpec
from constructs_lib.rules.lifecycle.presets import PRESETS
from constructs_lib.rules.policy.access import Access
from environments.loading import load_environment
from environments.model.repository import encryption_text
from tests.environments.test_loading import HEAD, write


def test_a_repository_has_the_defaults_that_it_does_not_override(tmp_path: Path) -> None:
    text = "repositories: [{name: team/api}, {name: team/web, lifecycle: none}]\n"
    api, web = load_environment("dev", write(tmp_path, dev=HEAD + text)).repositories
    assert api.spec.lifecycle == PRESETS["standard"]()
    assert web.spec.lifecycle is None
    assert api.spec.encryption == EncryptionSpec(kind="customer-managed")
    assert (api.stack, api.spec.adopted, api.spec.removal, api.spec.empty_on_delete) == (
        "main",
        False,
        "retain",
        False,
    )


@pytest.mark.parametrize(
    "text",
    [
        "customer-managed",
        "dsse",
        "aws-managed",
        "aes256",
        "arn:aws-us-gov:kms:us-gov-west-1:111111111111:key/11111111-2222-3333-4444-555555555555",
    ],
)
def test_an_encryption_is_written_as_it_is_read(tmp_path: Path, text: str) -> None:
    head = HEAD.replace("us-west-2", "us-gov-west-1")
    file = f"repositories: [{{name: a/b, encryption: '{text}'}}]\n"
    (found,) = load_environment("dev", write(tmp_path, dev=head + file)).repositories
    assert encryption_text(found.spec.encryption) == text


def test_every_principal_that_may_pull_or_push_reaches_the_repository(tmp_path: Path) -> None:
    role = "arn:aws:iam::222222222222:role/"
    project = "arn:aws:codebuild:us-west-2:111111111111:project/web"
    path = "o-a1b2c3d4e5/r-ab12/*"
    user = "arn:aws:iam::222222222222:user/build"
    session = "arn:aws:sts::222222222222:assumed-role/deploy/alice"
    function = "arn:aws:lambda:us-west-2:222222222222:function:resize"
    text = f"""\
organization_id: o-a1b2c3d4e5
repositories:
  - name: team/api
    pull:
      accounts: ["222222222222"]
      roles: [{role}pull]
      users: ["{user}"]
      sessions: ["{session}"]
      organization: true
      organizations: [o-zzzzzzzzzz]
      organization_paths: ["{path}"]
      lambda_accounts: ["333333333333"]
      lambda_functions: ["{function}"]
      codebuild_projects: ["{project}"]
    push: {{accounts: ["444444444444"], roles: [{role}push], users: ["{user}"]}}
"""
    (api,) = load_environment("dev", write(tmp_path, dev=HEAD + text)).repositories
    assert api.spec.pull == Access(
        accounts=("222222222222",),
        role_arns=(f"{role}pull",),
        user_arns=(user,),
        session_arns=(session,),
        organization_id="o-a1b2c3d4e5",
        organization_ids=("o-zzzzzzzzzz",),
        organization_paths=(path,),
        lambda_accounts=("333333333333",),
        lambda_function_arns=(function,),
        codebuild_project_arns=(project,),
    )
    assert api.spec.push == Access(
        accounts=("444444444444",), role_arns=(f"{role}push",), user_arns=(user,)
    )


def test_roles_of_workflow_runs_are_in_the_order_of_their_subjects(tmp_path: Path) -> None:
    text = """\
repositories:
  - name: team/web
    push:
      github: [{repository: acme/b, ref: refs/heads/main}, {repository: acme/a, environment: prod}]
"""
    settings = load_environment("dev", write(tmp_path, dev=HEAD + text))
    assert [push.subject.subject for push in settings.github_pushes] == [
        "repo:acme/a:environment:prod",
        "repo:acme/b:ref:refs/heads/main",
    ]
    assert not settings.creates_github_provider


@pytest.mark.parametrize(
    ("text", "severity"),
    [("{}", "HIGH"), ("{scan_severity: CRITICAL}", "CRITICAL"), ("{scan_severity: none}", None)],
)
def test_notifications_have_a_severity_or_none(
    tmp_path: Path, text: str, severity: str | None
) -> None:
    settings = load_environment("dev", write(tmp_path, dev=f"{HEAD}notifications: {text}\n"))
    assert settings.notifications is not None
    assert settings.notifications.events.scan_severity == severity
