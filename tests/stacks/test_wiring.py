"""References, order and names of an environment's stacks."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.assemblies import Stack, jobs_of, stacks_of
from tests.support import ROOT, cdk_context, copy_environments, only, resources, synthesise

ARTICLE_TASK = {
    "family": "example_task_3",
    "taskRoleArn": "arn:aws:iam::123456789012:role/AmazonECSTaskS3BucketRole",
    "containerDefinitions": [
        {
            "name": "sample-app",
            "image": "123456789012.dkr.ecr.us-west-2.amazonaws.com/aws-nodejs-sample:v1",
            "memory": 200,
            "cpu": 10,
            "essential": True,
        }
    ],
}
# The article's manifest, its indentation corrected.
ARTICLE_JOB = """\
apiVersion: batch/v1
kind: Job
metadata:
  name: eks-iam-test-s3
spec:
  template:
    metadata:
      labels:
        app: eks-iam-test-s3
    spec:
      serviceAccountName: iam-test
      containers:
        - name: eks-iam-test
          image: 123456789012.dkr.ecr.us-west-2.amazonaws.com/aws-nodejs-sample:v1
          args: ["s3", "ls"]
      restartPolicy: Never
"""


def stack(assembly: Path, environment: str, name: str) -> Stack:
    """Return one stack of an assembly."""
    return next(
        item for item in stacks_of(assembly) if (item.environment, item.name) == (environment, name)
    )


def test_the_articles_task_definition_is_the_articles(assembly: Path) -> None:
    template = stack(assembly, "article", "EcsWorkloads").template
    found = only(template, "AWS::ECS::TaskDefinition")
    (container,) = found["ContainerDefinitions"]
    assert {
        "family": found["Family"],
        "taskRoleArn": found["TaskRoleArn"],
        "containerDefinitions": [{key.lower(): value for key, value in container.items()}],
    } == ARTICLE_TASK
    assert "ExecutionRoleArn" not in found
    assert len(template["Resources"]) == 1


def test_the_articles_job_is_the_articles(assembly: Path) -> None:
    (text,) = [text for environment, _, text in jobs_of(assembly) if environment == "article"]
    assert yaml.safe_load(text) == yaml.safe_load(ARTICLE_JOB)


def test_the_only_export_is_the_keys(assembly: Path) -> None:
    imports: set[str] = set()
    for item in stacks_of(assembly):
        exported = [
            output["Export"]["Name"]
            for output in item.template.get("Outputs", {}).values()
            if "Export" in output
        ]
        assert len(exported) == (1 if item.name == "Encryption" else 0), item.name
        assert "Fn::GetStackOutput" not in json.dumps(item.template)
        imports |= set(_imports(item.template))
    assert {name.split(":")[0] for name in imports} == {
        "dev-Encryption",
        "local-Encryption",
        "registry-Encryption",
    }


def _imports(value: Any) -> list[str]:
    if isinstance(value, dict):
        own = [value["Fn::ImportValue"]] if "Fn::ImportValue" in value else []
        return own + [name for item in value.values() for name in _imports(item)]
    if isinstance(value, list):
        return [name for item in value for name in _imports(item)]
    return []


@pytest.mark.parametrize(
    ("environment", "name", "logical_ids"),
    [
        ("dev", "Encryption", {"KeyE447D366"}),
        (
            "dev",
            "Repositories-web",
            {"RepositoryawsDashnodejsDashsample", "RepositoryteamSlashapi"},
        ),
        ("dev", "Repositories-platform", {"RepositorytoolsSlashbackup"}),
    ],
)
def test_the_logical_ids_of_what_holds_data_stay(
    assembly: Path, environment: str, name: str, logical_ids: set[str]
) -> None:
    template = stack(assembly, environment, name).template
    kept = {
        logical_id
        for logical_id, resource in template["Resources"].items()
        if resource["Type"] in ("AWS::KMS::Key", "AWS::ECR::Repository")
    }
    assert kept == logical_ids


def test_both_halves_of_a_pull_across_accounts_are_in_the_templates(assembly: Path) -> None:
    registry = stack(assembly, "registry", "Repositories-web").template
    (owner_half, _push) = only(registry, "AWS::ECR::Repository")["RepositoryPolicyText"][
        "Statement"
    ]
    assert "arn:aws:iam::333333333333:root" in owner_half["Principal"]["AWS"]
    workloads = stack(assembly, "prod", "EcsWorkloads").template
    statements = only(workloads, "AWS::IAM::Policy")["PolicyDocument"]["Statement"]
    arn = "arn:aws:ecr:us-west-2:444444444444:repository/aws-nodejs-sample"
    (puller_half,) = [item for item in statements if item["Resource"] == arn]
    assert set(owner_half["Action"]) == set(puller_half["Action"])


def test_a_provider_that_the_app_makes_is_the_one_its_roles_trust(tmp_path: Path) -> None:
    environments = copy_environments(tmp_path / "environments")
    file = environments / "dev.yaml"
    file.write_text(file.read_text() + "github_provider: create\n")
    made = stack(synthesise(environments, tmp_path / "cdk.out", "dev"), "dev", "GitHubAccess")
    (provider,) = resources(made.template, "AWS::IAM::OIDCProvider")
    assert provider["Properties"]["ClientIdList"] == ["sts.amazonaws.com"]
    assert provider["DeletionPolicy"] == "Retain"
    (statement,) = only(made.template, "AWS::IAM::Role")["AssumeRolePolicyDocument"]["Statement"]
    assert "Provider" in json.dumps(statement["Principal"])


ALL_OPTIONS = """\
account: "111111111111"
region: us-west-2
encryption: arn:aws:kms:us-west-2:111111111111:key/1234
repositories:
  - {name: team/api, scan_on_push: false, tag_immutability: MUTABLE, lifecycle: none,
     removal: destroy, empty_on_delete: true, tags: {team: web}}
ecs_tasks:
  - {name: api, family: fam, image: api, memory_mib: 64, cpu: 5, environment: {A: "1"}}
eks_jobs:
  - {name: job, image: api, service_account: sa, command: [/bin/x], args: [y], namespace: ns,
     labels: {a: b}, container_name: c, restart_policy: OnFailure, name_suffix: none,
     resources: none, hardening: none}
"""


def test_every_option_of_a_file_reaches_its_template(tmp_path: Path) -> None:
    (tmp_path / "dev.yaml").write_text(ALL_OPTIONS)
    (tmp_path / "dev.images.yaml").write_text(
        "api: {repository: team/api, tag: v1, tag_may_move: true}\n"
    )
    made = synthesise(tmp_path, tmp_path / "cdk.out")
    (repository,) = resources(
        stack(made, "dev", "Repositories-main").template, "AWS::ECR::Repository"
    )
    assert repository["DeletionPolicy"] == "Delete"
    assert repository["Properties"] == {
        "RepositoryName": "team/api",
        "ImageScanningConfiguration": {"ScanOnPush": False},
        "ImageTagMutability": "MUTABLE",
        "EmptyOnDelete": True,
        "EncryptionConfiguration": {
            "EncryptionType": "KMS",
            "KmsKey": "arn:aws:kms:us-west-2:111111111111:key/1234",
        },
        "Tags": [{"Key": "team", "Value": "web"}],
    }
    task = only(stack(made, "dev", "EcsWorkloads").template, "AWS::ECS::TaskDefinition")
    (container,) = task["ContainerDefinitions"]
    assert (task["Family"], container["Cpu"]) == ("fam", 5)
    assert container["Environment"] == [{"Name": "A", "Value": "1"}]
    (text,) = [text for _, _, text in jobs_of(made)]
    job = yaml.safe_load(text)
    assert job["metadata"] == {"name": "job", "namespace": "ns"}
    pod = job["spec"]["template"]
    assert pod["metadata"]["labels"] == {"a": "b"}
    assert pod["spec"] == {
        "serviceAccountName": "sa",
        "containers": [
            {
                "name": "c",
                "image": "111111111111.dkr.ecr.us-west-2.amazonaws.com/team/api:v1",
                "command": ["/bin/x"],
                "args": ["y"],
            }
        ],
        "restartPolicy": "OnFailure",
    }


def test_workloads_are_deployed_after_the_repositories(assembly: Path) -> None:
    manifest = json.loads((assembly / "assembly-dev" / "manifest.json").read_text())
    artifacts = manifest["artifacts"]
    for name in ("devEcsWorkloads", "devEksWorkloads"):
        (workload,) = [
            item
            for key, item in artifacts.items()
            if key.startswith(f"{name}") and item["type"] == "aws:cloudformation:stack"
        ]
        assert sum("Repositories" in item for item in workload["dependencies"]) == 2


def test_everything_that_holds_images_outlives_its_stack(assembly: Path) -> None:
    holding = [item for item in stacks_of(assembly) if item.name != "Notifications"]
    for item in holding:
        for kind in ("AWS::ECR::Repository", "AWS::KMS::Key"):
            for resource in resources(item.template, kind):
                assert resource["DeletionPolicy"] == "Retain"
                assert resource["UpdateReplacePolicy"] == "Retain"


def test_two_syntheses_are_byte_identical(
    environments: Path, assembly: Path, tmp_path: Path
) -> None:
    again = synthesise(environments, tmp_path / "cdk.out")
    assert files_of(again) == files_of(assembly)


def test_two_processes_synthesise_the_same_bytes(environments: Path, tmp_path: Path) -> None:
    # Of all environments, prod has a network, whose constructs the CDK makes in loops of its own.
    context = cdk_context() | {"env": "prod", "environments": str(environments)}
    folders = [tmp_path / name for name in ("first", "second")]
    for folder in folders:
        given = {"CDK_CONTEXT_JSON": json.dumps(context), "CDK_OUTDIR": str(folder)}
        subprocess.run([sys.executable, ROOT / "app.py"], env=os.environ | given, check=True)
    first, second = map(files_of, folders)
    assert "validation-report.json" in first
    assert second == first


def files_of(folder: Path) -> dict[str, bytes]:
    """Return every file of a folder, by its path there."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


def test_one_environment_alone_is_the_same_as_among_all(
    environments: Path, assembly: Path, tmp_path: Path
) -> None:
    alone = synthesise(environments, tmp_path / "cdk.out", "dev")
    assert {path.name for path in alone.glob("assembly-*")} == {"assembly-dev"}
    for item in stacks_of(alone):
        among_all = stack(assembly, "dev", item.name)
        assert item.file.read_bytes() == among_all.file.read_bytes()


def test_no_synth_asks_an_account_for_anything(assembly: Path) -> None:
    manifests = list(assembly.rglob("manifest.json"))
    assert len(manifests) > 1
    assert [one for one in manifests if "missing" in json.loads(one.read_text())] == []


def test_the_stacks_of_a_protected_environment_cannot_be_deleted(assembly: Path) -> None:
    protected = {
        artifact["displayName"]
        for manifest in assembly.rglob("manifest.json")
        for artifact in json.loads(manifest.read_text())["artifacts"].values()
        if artifact.get("properties", {}).get("terminationProtection")
    }
    assert {name.partition("/")[0] for name in protected} == {"prod", "registry"}
    assert {"prod/EcsWorkloads", "prod/EksWorkloads", "registry/Repositories-web"} <= protected
