"""Rules between environments: a shared account, a shared organization."""

from __future__ import annotations

from pathlib import Path

import pytest

from environments.loading import load_environment
from tests.environments.test_loading import DIGEST, HEAD, refusal, write


def test_an_account_gets_the_identity_provider_of_github_once(tmp_path: Path) -> None:
    made = (
        "github_provider: create\n"
        "repositories: [{name: a/b, push: {github: [{repository: a/b, ref: refs/heads/main}]}}]\n"
    )
    write(tmp_path, dev=HEAD + made, prod=HEAD + made)
    assert refusal(tmp_path).splitlines()[1:] == [
        "  - line 3 column 1, github_provider: account 111111111111 can have only one GitHub OIDC "
        "provider, and environment 'prod' also creates it. Write 'existing' in one of the two."
    ]
    write(tmp_path, prod=HEAD)
    load_environment("dev", tmp_path)
    write(tmp_path, prod=HEAD.replace("1" * 12, "2" * 12) + made)
    load_environment("dev", tmp_path)


@pytest.mark.parametrize(
    ("pull", "may_pull"),
    [
        ("organization: true", True),
        ("organizations: [o-zzzzzzzzzz, o-a1b2c3d4e5]", True),
        ("organizations: [o-zzzzzzzzzz]", False),
        ("organization_paths: [o-a1b2c3d4e5/r-ab12/ou-ab12-11111111/*]", True),
        ("organization_paths: [o-zzzzzzzzzz/r-ab12/*]", False),
        ("organization: false", False),
    ],
)
def test_a_registry_may_let_the_organization_of_both_pull(
    tmp_path: Path, pull: str, *, may_pull: bool
) -> None:
    organization = "organization_id: o-a1b2c3d4e5\n"
    central = (
        f'account: "222222222222"\nregion: us-west-2\n{organization}'
        f"repositories: [{{name: team/web, pull: {{{pull}}}}}]\n"
    )
    pins = f"web: {{registry: central, repository: team/web, digest: {DIGEST}}}\n"
    write(tmp_path, dev=HEAD + organization, dev_images=pins, central=central)
    if may_pull:
        load_environment("dev", tmp_path)
    else:
        assert "does not let account 111111111111 pull 'team/web'" in refusal(tmp_path)
    # The environment's file names no organization, so none is known to allow the pull.
    write(tmp_path, dev=HEAD)
    assert "does not let account 111111111111 pull 'team/web'" in refusal(tmp_path)


NODES = "arn:aws:iam::111111111111:role/nodes"
TASK = "ecs_tasks: [{name: web, image: web, memory_mib: 64}]\n"
NO_PULL = (
    "  - line 1 column 7, web.registry: the environment 'central' does not let account "
    "111111111111 pull "
    "'team/web'. Add the account to that repository's pull.accounts in central.yaml"
)


@pytest.mark.parametrize(
    ("roles", "workloads", "cure"),
    [
        ([NODES], f"eks_jobs: [{{name: job, image: web, node_role_arn: '{NODES}'}}]\n", None),
        (
            [NODES, f"{NODES}-2"],
            f"eks_jobs: [{{name: a, image: web, node_role_arn: '{NODES}'}}, "
            f"{{name: b, image: web, node_role_arn: '{NODES}-2'}}]\n",
            None,
        ),
        (
            [NODES],
            f"eks_jobs: [{{name: job, image: web, node_role_arn: '{NODES}-2'}}]\n",
            f", or {NODES}-2 to its pull.roles.",
        ),
        # The role of the second Job is not known.
        (
            [NODES],
            f"eks_jobs: [{{name: a, image: web, node_role_arn: '{NODES}'}}, "
            "{name: b, image: web}]\n",
            ".",
        ),
        # The stack creates the execution role of a task.
        ([NODES], f"eks_jobs: [{{name: a, image: web, node_role_arn: '{NODES}'}}]\n{TASK}", "."),
        ([NODES], "", "."),
    ],
)
def test_a_registry_may_let_the_node_role_of_each_job_pull(
    tmp_path: Path, roles: list[str], workloads: str, cure: str | None
) -> None:
    central = (
        'account: "222222222222"\nregion: us-west-2\n'
        f"repositories: [{{name: team/web, pull: {{roles: {roles}}}}}]\n"
    )
    pins = f"web: {{registry: central, repository: team/web, digest: {DIGEST}}}\n"
    write(tmp_path, dev=HEAD + workloads, dev_images=pins, central=central)
    if cure is None:
        load_environment("dev", tmp_path)
    else:
        assert refusal(tmp_path).splitlines()[1:] == [NO_PULL + cure]
