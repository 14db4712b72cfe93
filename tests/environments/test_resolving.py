"""From files to settings: what each setting becomes, and the names of what is deployed."""

from __future__ import annotations

from pathlib import Path

import pytest

from constructs_lib.rules.aws.networks import NetworkSpec
from constructs_lib.rules.ecr.repository import EncryptionSpec
from constructs_lib.rules.ecs.service import ServiceSpec
from environments import names
from environments.faults import EnvironmentFault
from environments.loading import environment_names, load_environment
from environments.settings import EnvironmentSettings

DIGEST = "sha256:" + "a" * 64
KEY = "arn:aws:kms:us-west-2:111111111111:key/1234"
NODES = "arn:aws:iam::111111111111:role/nodes"
REGISTRY = """\
account: "444444444444"
region: us-west-2
repositories:
  - name: team/base
    pull: {accounts: ["111111111111"]}
"""
DEV = f"""\
account: "111111111111"
region: us-west-2
organization_id: o-a1b2c3d4e5
github_provider: create
encryption: {KEY}
repository_defaults:
  scan_on_push: false
  tag_immutability: MUTABLE
  lifecycle: ephemeral
repositories:
  - name: team/api
    stack: web
    tag_immutability: IMMUTABLE
    scan_on_push: true
    lifecycle: none
    encryption: aes256
    removal: destroy
    empty_on_delete: true
    tags: {{owner: web}}
    pull:
      organization: true
      lambda_accounts: ["333333333333"]
      codebuild_projects: ["arn:aws:codebuild:us-west-2:111111111111:project/build"]
    push:
      github:
        - {{repository: acme/web, ref: refs/heads/main}}
        - {{repository: acme/api, ref: refs/heads/main}}
  - name: team/worker
    push: {{github: [{{repository: acme/web, ref: refs/heads/main}}]}}
ecs_tasks:
  - {{name: api, image: base, memory_mib: 200, fargate: smallest, logs: false}}
  - {{name: later, image: none-yet, memory_mib: 200, awaiting_image: true, fargate: smallest}}
ecs_services:
  - {{name: api, task: api, desired_count: 2}}
  - {{name: later, task: later}}
network:
  cidr: 203.0.113.0/24
  availability_zones: [us-west-2a, us-west-2b]
eks_jobs:
  - {{name: list, image: base, service_account: reader, node_role_arn: "{NODES}"}}
  - {{name: nightly, image: none-yet, schedule: "@daily", awaiting_image: true}}
"""
PINS = f"base: {{registry: central, repository: team/base, tag: v1, digest: {DIGEST}}}\n"


@pytest.fixture
def settings(tmp_path: Path) -> EnvironmentSettings:
    """Return an environment that has something of everything."""
    (tmp_path / "central.yaml").write_text(REGISTRY)
    (tmp_path / "dev.yaml").write_text(DEV)
    (tmp_path / "dev.images.yaml").write_text(PINS)
    return load_environment("dev", tmp_path)


def test_a_repository_overrides_the_defaults_of_its_environment(
    settings: EnvironmentSettings,
) -> None:
    api, worker = (one.spec for one in settings.repositories)
    assert (api.tag_immutability.mode, worker.tag_immutability.mode) == ("IMMUTABLE", "MUTABLE")
    assert (api.scan_on_push, worker.scan_on_push) == (True, False)
    assert api.lifecycle is None
    assert worker.lifecycle is not None
    assert api.encryption == EncryptionSpec(kind="aes256")
    assert worker.encryption == EncryptionSpec(kind="customer-managed", key_arn=KEY)
    assert (api.removal, api.empty_on_delete, api.tags) == ("destroy", True, {"owner": "web"})
    assert (worker.removal, worker.empty_on_delete, worker.tags) == ("retain", False, {})
    assert (api.place.account, api.place.region) == ("111111111111", "us-west-2")


def test_each_way_to_pull_becomes_access(settings: EnvironmentSettings) -> None:
    pull = settings.repositories[0].spec.pull
    assert pull.organization_id == "o-a1b2c3d4e5"
    assert pull.lambda_accounts == ("333333333333",)
    assert pull.codebuild_project_arns == (
        "arn:aws:codebuild:us-west-2:111111111111:project/build",
    )
    assert settings.repositories[1].spec.pull.organization_id is None


def test_repositories_are_grouped_by_their_stack(settings: EnvironmentSettings) -> None:
    groups = {group: [one.name for one in items] for group, items in settings.groups().items()}
    assert groups == {"main": ["team/worker"], "web": ["team/api"]}
    assert not settings.makes_key


def test_a_kind_of_workflow_run_has_one_role_for_all_its_repositories(
    settings: EnvironmentSettings,
) -> None:
    pushed = [(one.subject.repository, one.repositories) for one in settings.github_pushes]
    assert pushed == [("acme/api", ("team/api",)), ("acme/web", ("team/api", "team/worker"))]
    assert settings.creates_github_provider


def test_a_workload_without_an_image_is_left_out_with_a_notice(
    settings: EnvironmentSettings,
) -> None:
    (task,), (job,) = settings.ecs_tasks, settings.eks_jobs
    assert (task.name, task.logs, job.spec.name, job.node_role_arn) == ("api", False, "list", NODES)
    assert settings.ecs_services == (ServiceSpec(name="api", task="api", desired_count=2),)
    assert settings.images == ("base", "none-yet")
    assert settings.notices == (
        "dev: 'later' is left out, because its image 'none-yet' has no pin yet (awaiting_image).",
        "dev: 'nightly' is left out, because its image 'none-yet' has no pin yet (awaiting_image).",
        "dev: the network 203.0.113.0/24 is outside the ranges for private use (10.0.0.0/8, "
        "172.16.0.0/12, 192.168.0.0/16, 100.64.0.0/10).",
    )


def test_an_image_is_that_of_its_registry(settings: EnvironmentSettings) -> None:
    (image,) = settings.ecs_tasks[0].images
    assert image == settings.eks_jobs[0].image
    assert image.uri == f"444444444444.dkr.ecr.us-west-2.amazonaws.com/team/base@{DIGEST}"
    assert settings.registry_accounts == ("444444444444",)
    assert settings.network == NetworkSpec(
        cidr="203.0.113.0/24", availability_zones=("us-west-2a", "us-west-2b")
    )


def test_only_services_need_a_way_to_another_registry(tmp_path: Path) -> None:
    (tmp_path / "central.yaml").write_text(REGISTRY)
    without = DEV.replace("  - {name: api, task: api, desired_count: 2}\n", "")
    (tmp_path / "dev.yaml").write_text(without)
    (tmp_path / "dev.images.yaml").write_text(PINS)
    assert load_environment("dev", tmp_path).registry_accounts == ()


def test_the_own_registry_is_no_other_account(tmp_path: Path) -> None:
    (tmp_path / "dev.yaml").write_text(DEV)
    pins = f"base: {{repository: team/api, tag: v1, digest: {DIGEST}}}\n"
    (tmp_path / "dev.images.yaml").write_text(pins)
    assert load_environment("dev", tmp_path).registry_accounts == ()


def test_a_service_reaches_the_registry_of_its_region_alone(tmp_path: Path) -> None:
    (tmp_path / "central.yaml").write_text(REGISTRY.replace("us-west-2", "eu-west-1"))
    (tmp_path / "dev.yaml").write_text(DEV)
    (tmp_path / "dev.images.yaml").write_text(PINS)
    with pytest.raises(EnvironmentFault) as fault:
        load_environment("dev", tmp_path)
    assert str(fault.value).splitlines()[1:] == [
        "  - line 31 column 17, ecs_tasks[0].image: a service runs this task in a network without "
        "a route to the internet, and the image 'base' is in eu-west-1, which no VPC endpoint in "
        "us-west-2 reaches. Pin an image in us-west-2."
    ]


def test_files_of_editors_and_of_pins_are_no_environments(tmp_path: Path) -> None:
    for name in ("dev.yaml", "dev.images.yaml", ".dev.yaml", "dev.yml"):
        (tmp_path / name).touch()
    assert environment_names(tmp_path) == ["dev"]


def test_the_names_of_what_is_deployed() -> None:
    assert names.stack_name("dev", names.ENCRYPTION) == "dev-Encryption"
    assert names.stack_path("dev", names.ENCRYPTION) == "dev/Encryption"
    assert names.repositories_stack("dev", "web") == "dev-Repositories-web"
    assert names.repositories_group("dev", "dev-Repositories-web") == "web"
    assert names.repositories_group("dev", "dev-Encryption") is None
    assert names.key_alias_name("dev") == "alias/ecr/dev"
    assert names.job_parameter("dev", "team/list") == "/dev-EksWorkloads/jobs/team/list"


def test_the_registries_of_services_are_listed_in_their_order(tmp_path: Path) -> None:
    accounts = [f"{number}" * 12 for number in (7, 5, 9, 6, 8)]
    pins, tasks, services = "", "ecs_tasks:\n", "ecs_services:\n"
    for account in accounts:
        name = f"r{account[0]}"
        (tmp_path / f"{name}.yaml").write_text(REGISTRY.replace("4" * 12, account))
        pins += f"{name}: {{registry: {name}, repository: team/base, digest: {DIGEST}}}\n"
        tasks += f"  - {{name: {name}, image: {name}, memory_mib: 64, fargate: smallest}}\n"
        services += f"  - {{name: {name}, task: {name}}}\n"
    network = "network: {cidr: 10.0.0.0/24, availability_zones: [us-west-2a, us-west-2b]}\n"
    head = 'account: "111111111111"\nregion: us-west-2\n'
    (tmp_path / "dev.yaml").write_text(head + tasks + services + network)
    (tmp_path / "dev.images.yaml").write_text(pins)
    assert load_environment("dev", tmp_path).registry_accounts == tuple(sorted(accounts))
