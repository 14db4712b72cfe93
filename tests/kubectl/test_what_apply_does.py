"""Updates, rollbacks, TTLs and deletions of a Job that the real kubectl applies.

A Job reaches its cluster as a file, by ``kubectl apply -f``, or by CloudFormation, and then by
the CDK's own handler: its code is taken from the installed package, and given the properties
that the CDK synthesises. Only ``aws eks update-kubeconfig`` is replaced.
"""

from __future__ import annotations

import ast
import json
import os
import subprocess
import sys
import tarfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cache
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType
from typing import Any

import aws_cdk as cdk
import pytest
from aws_cdk import aws_eks_v2 as eks

from constructs_lib import ClusterDelivery
from constructs_lib.rules.ecr.images import ImageSpec
from constructs_lib.rules.kubernetes.job import JobRun, JobSpec, NameSuffix
from constructs_lib.rules.kubernetes.manifest import job_manifest
from constructs_lib.rules.kubernetes.yaml_text import yaml_text
from tests.kubectl.api_server import Cluster, Document, kubeconfig, serving
from tests.support import Template, only, stack_in, template_of

MANIFEST = "Custom::AWSCDK-EKS-KubernetesResource"
OBJECT_VALUE = "Custom::AWSCDK-EKS-KubernetesObjectValue"
HANDLERS = "package/custom-resource-handlers/dist/aws-eks-v2/kubectl-handler"
PROVIDER = "arn:aws:lambda:eu-west-1:111111111111:function:kubectl"
UPDATE = "kubectl apply --kubeconfig kubeconfig -f manifest.yaml"
# Run by /bin/sh as: aws eks update-kubeconfig --name CLUSTER --kubeconfig FILE
AWS = '#!/bin/sh\n[ "$2" = update-kubeconfig ] && cp "$KUBECONFIG" "$6"\n'


def manifest(image_tag: str, *, name_suffix: NameSuffix = "hash", **run: int) -> Document:
    """Return the manifest of a Job."""
    image = ImageSpec(
        account="111111111111",
        region="eu-west-1",
        repository="team/api",
        tag=image_tag,
        digest=None,
    )
    job = JobSpec(name="list", name_suffix=name_suffix, run=JobRun(**run))
    return job_manifest(job, image)


V1, V2 = manifest("v1"), manifest("v2")
OLD, NEW = V1["metadata"]["name"], V2["metadata"]["name"]
ACCOUNT = {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "reader"}}
WITH_TTL = manifest("v1", ttl_seconds_after_finished=60)


@cache
def synthesised(text: str, *, prune: bool) -> Template:
    """Deliver to a cluster as this project does, or as the CDK does by default, with pruning."""
    documents = json.loads(text)
    stack = stack_in()
    provider = eks.KubectlProvider.from_kubectl_provider_attributes(
        stack, "Provider", service_token=PROVIDER
    )
    cluster = eks.Cluster.from_cluster_attributes(
        stack, "Cluster", cluster_name="jobs", kubectl_provider=provider
    )
    if prune:
        eks.KubernetesManifest(stack, "Resource", cluster=cluster, manifest=documents)
    else:
        ours = ClusterDelivery(cluster=cluster, wait_for_completion=cdk.Duration.seconds(20))
        ours.wait(stack, ours.deliver(stack, documents), documents[-1])
    return template_of(stack)


@pytest.fixture
def cluster(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Cluster]:
    """Serve a cluster, and leave on the path kubectl, a stand-in for aws, and the system's own."""
    cluster, tools = Cluster(), tmp_path / "bin"
    tools.mkdir()
    (tools / "kubectl").symlink_to(Path(sys.executable).parent / "kubectl")
    (tools / "aws").write_text(AWS)
    (tools / "aws").chmod(0o755)
    for name in [name for name in os.environ if name.lower().endswith("_proxy")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("KUBECACHEDIR", str(tmp_path / "cache"))
    monkeypatch.setenv("KUBECONFIG", str(tmp_path / "served"))
    monkeypatch.setenv("PATH", f"{tools}{os.pathsep}{os.defpath}")
    monkeypatch.setenv("TEST_OUTDIR", str(tmp_path))
    with serving(cluster) as url:
        (tmp_path / "served").write_text(json.dumps(kubeconfig(url)))
        yield cluster


@dataclass
class FileDelivery:
    """Apply a manifest file, as a person or a GitOps loop does."""

    directory: Path

    def apply(self, *documents: Document) -> str:
        """Return kubectl's output, or fail with it."""
        file = self.directory / "file.yaml"
        file.write_text("---\n".join(map(yaml_text, documents)))
        done = subprocess.run(
            ["kubectl", "apply", "-f", str(file)], capture_output=True, check=False, text=True
        )
        if done.returncode:
            raise RuntimeError(f"exit {done.returncode}: {done.stderr}")
        return done.stdout


@dataclass
class StackDelivery:
    """The CDK's handler, called as CloudFormation calls it."""

    handler: ModuleType
    caplog: pytest.LogCaptureFixture
    prune: bool
    properties: Document = field(default_factory=dict)

    def apply(self, *documents: Document) -> str:
        """Create or update the stack, and return kubectl's output, or fail with it."""
        request = "Update" if self.properties else "Create"
        self.properties = only(synthesised(json.dumps(documents), prune=self.prune), MANIFEST)
        return self._ask(request)

    def delete(self) -> str:
        return self._ask("Delete")

    def _ask(self, request: str) -> str:
        event = {"RequestType": request, "ResourceProperties": self.properties}
        self.handler.apply_handler(event, None)
        return self.caplog.messages[-1]

    @property
    def commands(self) -> list[str]:
        """Return kubectl's commands so far, without the directory that its files are in."""
        logged = [text.partition("Running command: ")[2] for text in self.caplog.messages]
        calls: list[list[str]] = [ast.literal_eval(text) for text in logged if text]
        directory = os.environ["TEST_OUTDIR"] + "/"
        return [" ".join(call).replace(directory, "") for call in calls if call[0] == "kubectl"]


@pytest.fixture(scope="module")
def handler_sources(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Take the handler that the CDK deploys out of the package that is installed."""
    (package,) = (Path(cdk.__file__).parent / "_jsii").glob("aws-cdk-lib@*.tgz")
    directory = tmp_path_factory.mktemp("handlers")
    with tarfile.open(package, "r|gz") as archive:
        wanted = (item for item in archive if item.name.startswith(f"{HANDLERS}/"))
        for item in wanted:
            archive.extract(item, directory, filter="data")
    return directory / HANDLERS


Load = Callable[[str], ModuleType]


@pytest.fixture
def load(handler_sources: Path, cluster: Cluster, caplog: pytest.LogCaptureFixture) -> Load:
    """Return a function that imports a handler; a handler reads its environment at import."""
    assert cluster.jobs == []
    caplog.set_level("INFO")

    def load(name: str) -> ModuleType:
        path = os.environ["PATH"]
        spec = spec_from_file_location(f"cdk_{name}", handler_sources / name / "__init__.py")
        assert spec is not None
        assert spec.loader is not None
        module = module_from_spec(spec)
        spec.loader.exec_module(module)
        # It puts the Lambda layer's folders first, which some machine may have too.
        os.environ["PATH"] = path
        return module

    return load


@pytest.fixture
def stack(load: Load, caplog: pytest.LogCaptureFixture) -> StackDelivery:
    return StackDelivery(load("apply"), caplog, prune=False)


@pytest.fixture
def pruning_stack(load: Load, caplog: pytest.LogCaptureFixture) -> StackDelivery:
    return StackDelivery(load("apply"), caplog, prune=True)


@pytest.fixture
def file(cluster: Cluster, tmp_path: Path) -> FileDelivery:
    assert cluster.jobs == []
    return FileDelivery(tmp_path)


Delivery = FileDelivery | StackDelivery


@pytest.fixture(params=["file", "stack"])
def delivery(request: pytest.FixtureRequest) -> Delivery:
    """Deliver in either way of this project."""
    way: Delivery = request.getfixturevalue(request.param)
    return way


def test_an_update_starts_the_new_job_and_leaves_the_old_one_running(
    cluster: Cluster, delivery: Delivery
) -> None:
    delivery.apply(V1)
    assert f"job.batch/{NEW} created" in delivery.apply(V2)
    assert cluster.mutations == [("create", OLD), ("create", NEW)]
    assert cluster.job(OLD)["status"]["active"] == 1


def test_a_rollback_runs_nothing_again_and_leaves_both_jobs(
    cluster: Cluster, delivery: Delivery
) -> None:
    delivery.apply(V1)
    cluster.finish(OLD)
    delivery.apply(V2)
    assert f"job.batch/{OLD} unchanged" in delivery.apply(V1)
    assert cluster.mutations == [("create", OLD), ("create", NEW)]


def test_a_job_that_failed_is_not_tried_again_by_applying_it_again(
    cluster: Cluster, delivery: Delivery
) -> None:
    delivery.apply(V1)
    delivery.apply(V2)
    cluster.finish(NEW, succeeded=False)
    delivery.apply(V1)
    assert f"job.batch/{NEW} unchanged" in delivery.apply(V2)
    assert cluster.runs(NEW) == 1


def test_pruning_kills_a_running_job_and_a_rollback_runs_it_a_second_time(
    cluster: Cluster, file: FileDelivery, pruning_stack: StackDelivery
) -> None:
    file.apply(manifest("of-another-owner"))
    pruning_stack.apply(ACCOUNT, V1)
    pruning_stack.apply(V2)  # of the kinds of which kubectl prunes, a service account is none
    assert cluster.mutations[2:] == [("create", OLD), ("create", NEW), ("delete", OLD)]
    assert cluster.removed[OLD]["status"]["active"] == 1
    pruning_stack.apply(V1)
    assert cluster.mutations[5:] == [("create", OLD), ("delete", NEW)]
    assert cluster.runs(OLD) == 2
    pruning = f" --prune -l {pruning_stack.properties['PruneLabel']}"
    assert pruning_stack.commands[1:] == [UPDATE + pruning] * 2


def test_a_rollback_to_a_job_that_its_ttl_has_deleted_runs_it_a_second_time(
    cluster: Cluster, delivery: Delivery
) -> None:
    delivery.apply(WITH_TTL)
    delivery.apply(V2)
    cluster.finish(OLD)
    cluster.let_ttl_pass()
    assert f"job.batch/{OLD} created" in delivery.apply(WITH_TTL)
    assert cluster.mutations[2:] == [("expire", OLD), ("create", OLD)]


@pytest.mark.parametrize(("document", "runs"), [(V1, 1), (WITH_TTL, 3)])
def test_a_gitops_loop_runs_a_job_again_each_time_that_its_ttl_has_passed(
    document: Document, runs: int, cluster: Cluster, file: FileDelivery
) -> None:
    for _ in range(3):
        file.apply(document)
        cluster.finish(OLD)
        cluster.let_ttl_pass()
    assert cluster.runs(OLD) == runs


def test_another_image_under_the_same_name_is_refused(cluster: Cluster, delivery: Delivery) -> None:
    delivery.apply(manifest("v1", name_suffix="none"))
    before = cluster.job("list")
    with pytest.raises(Exception, match=r'Job "list" is invalid: spec\.template.* is immutable'):
        delivery.apply(manifest("v2", name_suffix="none"))
    assert cluster.mutations == [("create", "list")]
    assert cluster.job("list") == before


def test_kubectl_exits_1_where_a_change_is_refused(file: FileDelivery) -> None:
    file.apply(manifest("v1", name_suffix="none"))
    with pytest.raises(RuntimeError, match=r"exit 1: .*spec\.completions.* is immutable"):
        file.apply(manifest("v1", name_suffix="none", completions=2))


def test_what_may_change_is_changed_in_place_and_back_and_runs_nothing(
    cluster: Cluster, delivery: Delivery
) -> None:
    delivery.apply(V1)
    before = cluster.job(OLD)["spec"]
    spec = {"backoffLimit": 0, "activeDeadlineSeconds": 60}
    changed = manifest("v1", backoff_limit=0, active_deadline_seconds=60)
    assert f"job.batch/{OLD} configured" in delivery.apply(changed)
    assert cluster.job(OLD)["spec"] == before | spec
    assert f"job.batch/{OLD} configured" in delivery.apply(WITH_TTL)
    assert cluster.job(OLD)["spec"] == before | {"ttlSecondsAfterFinished": 60}
    assert cluster.mutations == [("create", OLD), ("patch", OLD), ("patch", OLD)]


def test_how_many_pods_run_at_once_is_changed_in_place_and_left_out_makes_another_job(
    cluster: Cluster, delivery: Delivery
) -> None:
    two, three = (manifest("v1", parallelism=count) for count in (2, 3))
    name = two["metadata"]["name"]
    delivery.apply(two)
    assert f"job.batch/{name} configured" in delivery.apply(three)
    assert cluster.job(name)["spec"]["parallelism"] == 3
    # Under one name Kubernetes would set completions to 1, which it refuses to change.
    assert f"job.batch/{OLD} created" in delivery.apply(V1)
    same_name = manifest("v1", name_suffix="none", parallelism=2)
    delivery.apply(same_name)
    with pytest.raises(Exception, match=r"spec\.completions.* is immutable"):
        delivery.apply(manifest("v1", name_suffix="none"))


def test_a_service_account_comes_and_goes_with_the_stack(
    cluster: Cluster, stack: StackDelivery
) -> None:
    stack.apply(ACCOUNT, V1)
    assert "serviceaccount/reader unchanged" in stack.apply(ACCOUNT, V2)
    stack.delete()
    assert cluster.mutations[2:] == [("create", NEW), ("delete", "reader"), ("delete", NEW)]


def test_a_first_deployment_fails_where_the_job_is_already_there(
    cluster: Cluster, file: FileDelivery, stack: StackDelivery
) -> None:
    file.apply(V1)
    with pytest.raises(Exception, match="AlreadyExists"):
        stack.apply(V1)
    assert cluster.runs(OLD) == 1


def test_deleting_the_stack_deletes_its_job_and_none_of_earlier_updates(
    cluster: Cluster, stack: StackDelivery
) -> None:
    stack.apply(V1)
    stack.apply(V2)
    stack.delete()
    assert cluster.mutations == [("create", OLD), ("create", NEW), ("delete", NEW)]


def test_deleting_the_stack_succeeds_where_the_ttl_came_first(
    cluster: Cluster, stack: StackDelivery
) -> None:
    stack.apply(WITH_TTL)
    cluster.finish(OLD)
    cluster.let_ttl_pass()
    assert "delete error" in stack.delete()
    assert cluster.mutations == [("create", OLD), ("expire", OLD)]


def test_the_handler_prunes_nothing_for_us(stack: StackDelivery) -> None:
    stack.apply(V1)
    stack.apply(V2)
    stack.delete()
    assert stack.commands == [
        "kubectl create --kubeconfig kubeconfig -f manifest.yaml --save-config",
        UPDATE,
        "kubectl delete --kubeconfig kubeconfig -f manifest.yaml",
    ]


@dataclass
class Clock:
    """Let time pass for who waits, and have something happen at the first pause."""

    happens: Callable[[], None]
    now: int = 0

    def time(self) -> int:
        return self.now

    def sleep(self, seconds: int) -> None:
        if self.now == 0:
            self.happens()
        self.now += seconds


def wait(load: Load, happens: Callable[[], None]) -> Any:
    """Wait for a Job as CloudFormation does; on a clock of the test's."""
    handler = load("get")
    vars(handler)["time"] = Clock(happens)
    asked = only(synthesised(json.dumps([WITH_TTL]), prune=False), OBJECT_VALUE)
    return handler.get_handler({"RequestType": "Create", "ResourceProperties": asked}, None)


def test_waiting_ends_when_the_job_has_succeeded(
    cluster: Cluster, stack: StackDelivery, load: Load
) -> None:
    stack.apply(V1)
    answer = wait(load, lambda: cluster.finish(OLD))
    assert answer == {"Data": {"Value": cluster.job(OLD)["status"]["completionTime"]}}


@pytest.mark.parametrize(
    ("happens", "last_error"),
    [
        pytest.param(lambda _: None, "None", id="it runs on"),
        pytest.param(lambda cluster: cluster.finish(OLD, succeeded=False), "None", id="it fails"),
        pytest.param(
            lambda cluster: cluster.finish(OLD) or cluster.let_ttl_pass(),
            ".*NotFound",
            id="its TTL",
        ),
    ],
)
def test_waiting_fails_for_a_job_that_runs_on_or_fails_or_that_its_ttl_deletes_between_two_looks(
    happens: Callable[[Cluster], None],
    last_error: str,
    cluster: Cluster,
    stack: StackDelivery,
    load: Load,
) -> None:
    stack.apply(WITH_TTL)
    # What it last saw: an answer without a time, or no Job at all.
    seen = rf"'-n', 'default', 'job', .*status.completionTime.*last_error={last_error}"
    with pytest.raises(RuntimeError, match=seen):
        wait(load, lambda: happens(cluster))
