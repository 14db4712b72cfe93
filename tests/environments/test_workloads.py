"""Workloads in environment files: what they are given, and every fault with its path."""

from __future__ import annotations

from pathlib import Path

import pytest

from constructs_lib.rules.kubernetes.cron_job import CronSchedule
from environments.faults import EnvironmentFault
from environments.loading import load_environment
from environments.model.eks import Identity
from tests.environments.test_loading import DIGEST, HEAD, refusal, write

REPOSITORY = "repositories: [{name: web, tag_immutability: MUTABLE}, {name: api}]\n"
PINS = f"web: {{repository: web, digest: {DIGEST}}}\napi: {{repository: api, tag: v1}}\n"
NETWORK = "network: {cidr: 10.0.0.0/24, availability_zones: [us-west-2a, us-west-2b]}\n"


def task(**settings: str) -> str:
    """Give a file with one task, more of it said in YAML."""
    given = {"name": "web", "image": "web", "memory_mib": "200"} | settings
    inner = ", ".join(f"{name}: {value}" for name, value in given.items())
    return f"{HEAD}{REPOSITORY}ecs_tasks: [{{{inner}}}]\n"


def job(**settings: str) -> str:
    """Give a file with one Job, more of it said in YAML."""
    given = {"name": "list", "image": "web"} | settings
    inner = ", ".join(f"{name}: {value}" for name, value in given.items())
    return f"{HEAD}{REPOSITORY}eks_jobs: [{{{inner}}}]\n"


SECRET = "arn:aws:secretsmanager:us-west-2:111111111111:secret:db-a1B2c3"


@pytest.mark.parametrize(
    ("file", "sentence"),
    [
        (
            task(hardening="{user: root}"),
            "ecs_tasks[0].hardening.user: a container's user must be a number of at least 1, as 0 "
            "is root, or two joined by ':', got 'root'. Write it like '1000:1000', or null "
            "to keep the image's own.",
        ),
        (
            task(ports="[0]"),
            ("ecs_tasks[0].ports[0]: a port must be 1 to 65,535, got 0. Change it."),
        ),
        (
            task(sidecars="[{name: web, image: api, memory_mib: 64}]"),
            "ecs_tasks[0].sidecars[0].name: the name 'web' is taken by the main container. "
            "Choose another one.",
        ),
        (
            task(sidecars="[{name: proxy, image: prxy, memory_mib: 64}]"),
            "ecs_tasks[0].sidecars[0].image: the image 'prxy' has no pin, so it is unknown which "
            "image to run. Pin it with `ecrctl pin dev prxy --repository REPOSITORY --tag TAG`, "
            "or write `awaiting_image: true` to leave the workload out until then.",
        ),
        (
            task(sidecars="[{name: proxy, image: api, memory_mib: 2}]"),
            "ecs_tasks[0].sidecars[0].memory_mib: memory_mib must be 6 to 33,554,432, "
            "got 2. Write it in MiB, 1024 for one GiB.",
        ),
        (
            task(secrets=f"{{A: {{secret: '{SECRET}'}}}}"),
            "ecs_tasks[0].secrets.A.key: the encryption key is missing, and without a grant on "
            "that key no task would start. Write 'key: aws-managed', or the ARN of the KMS key.",
        ),
        (
            task(secrets="{A: {secret: db, key: aws-managed}}"),
            "ecs_tasks[0].secrets.A.secret: 'db' is not a valid secret ARN. Write it like "
            "'arn:aws:secretsmanager:us-west-2:111111111111:secret:api/password-a1B2c3'.",
        ),
        (
            task(secrets="{A: {key: aws-managed}}"),
            "ecs_tasks[0].secrets.A: a variable requires either a secret or a parameter, got "
            "neither. Write one ARN.",
        ),
        (
            task(secrets=f"{{A: {{secret: '{SECRET}', key: mine}}}}"),
            "ecs_tasks[0].secrets.A.key: a key must be aws-managed or the ARN of a KMS key, got "
            "'mine'.",
        ),
        (
            task(secrets=f"{{A: {{secret: '{SECRET}', key: aws-managed}}}}", environment="{A: x}"),
            "ecs_tasks[0].secrets.A: 'A' is in environment as well. Remove one of them.",
        ),
        (
            task() + "ecs_services: [{name: web, task: web}]\n",
            "ecs_services[0]: a service requires the environment's network, which is missing. "
            "Write 'network: {cidr: 10.20.0.0/24, availability_zones: [...]}'.",
        ),
        (
            task() + NETWORK + "ecs_services: [{name: web, task: wbe}]\n",
            "ecs_services[0].task: ecs_tasks has no 'wbe'; did you mean 'web'? Known: web.",
        ),
        (
            task() + NETWORK + "ecs_services: [{name: web, task: web}]\n",
            "ecs_services[0].task: a service requires a task for Fargate, and 'web' is for EC2. "
            "Write 'fargate: smallest' in that task.",
        ),
        (
            task() + "network: {cidr: 10.0.0.0/8, availability_zones: [a]}\n",
            "network.cidr: a network's prefix must be /16 to /26, got '10.0.0.0/8'. Write "
            "10.20.0.0/24.",
        ),
        (
            job(parallelism="0"),
            "eks_jobs[0].parallelism: parallelism must be 1 to 2,147,483,647, got 0. Write 1 or "
            "more: without a pod, a Job never finishes.",
        ),
        (
            job(resources="{limits: {cpu: lots}}"),
            "eks_jobs[0].resources.limits.cpu: an amount of cpu must be a positive Kubernetes "
            "quantity, got 'lots'. Write it like '250m'.",
        ),
        (
            job(hardening="{user: 0}"),
            "eks_jobs[0].hardening.user: a container's user must be a number of at least 1, as 0 "
            "is root, got 0. Write the image's user, such as 1000, or null to keep the image's "
            "own.",
        ),
        (
            job(schedule="'0 24 * * *'"),
            "eks_jobs[0].schedule: the hour of a schedule must be 0 to 23, a range such as "
            "0-23, a list, '*' or a step such as '*/5', got '24'. Change it.",
        ),
        (
            job(delivery="cluster"),
            "eks_jobs[0].delivery: delivery: cluster requires the environment's eks_cluster, "
            "which is missing. Write 'eks_cluster: {name: ..., kubectl_provider: "
            "arn:aws:lambda:...}'.",
        ),
        (
            job(rollback_window_seconds="5"),
            "eks_jobs[0].rollback_window_seconds: rollback_window_seconds requires `delivery: "
            "cluster`. Remove rollback_window_seconds, or set that.",
        ),
        (
            job(delivery="cluster", ttl_seconds_after_finished="5"),
            "eks_jobs[0].ttl_seconds_after_finished: a TTL requires a rollback window that is "
            "no longer, because a rollback runs a deleted Job again, got a TTL of 5 seconds and "
            "no window. Add a rollback window, or remove the TTL.",
        ),
        (
            job(
                delivery="cluster",
                schedule="'@daily'",
                wait_for_completion_seconds="60",
                active_deadline_seconds="60",
            ),
            "eks_jobs[0].wait_for_completion_seconds: a deployment cannot wait for a CronJob, "
            "which never ends. Remove it.",
        ),
        (
            job(delivery="cluster", schedule="'@daily'", rollback_window_seconds="60"),
            "eks_jobs[0].rollback_window_seconds: a CronJob cannot have a rollback window, "
            "because no rollback runs its Jobs again. Remove it.",
        ),
        (
            f"{HEAD}{REPOSITORY}eks_jobs:\n"
            + "".join(
                f"  - {{name: {name}, image: web, service_account: reader, namespace: batch, "
                "identity: {cluster_name: main}}\n"
                for name in ("one", "two")
            ),
            "eks_jobs[1].identity: the service account 'reader' of the namespace 'batch' is "
            "created by eks_jobs[0]. Remove identity here: the Job then has that service account; "
            "or name another one.",
        ),
        (
            job(identity="{cluster_name: main}"),
            "eks_jobs[0].service_account: identity requires service_account, got none. Add "
            "'service_account: NAME'.",
        ),
        (
            job(identity="{}", service_account="a", namespace="b"),
            "eks_jobs[0].identity: an identity requires either cluster_name, for EKS Pod "
            "Identity, or oidc_provider_arn, for IRSA, got neither. Write one of the two.",
        ),
    ],
)
def test_a_workload_that_could_not_run_is_refused(tmp_path: Path, file: str, sentence: str) -> None:
    write(tmp_path, dev=file, dev_images=PINS)
    assert sentence in refusal(tmp_path)


def test_a_cron_job_on_a_cluster_may_have_a_ttl_for_its_jobs(tmp_path: Path) -> None:
    cluster = (
        "eks_cluster: {name: main, kubectl_provider: "
        "'arn:aws:lambda:us-west-2:111111111111:function:kubectl'}\n"
    )
    file = job(delivery="cluster", schedule="'@daily'", ttl_seconds_after_finished="60") + cluster
    (found,) = load_environment("dev", write(tmp_path, dev=file, dev_images=PINS)).eks_jobs
    assert found.spec.run.ttl_seconds_after_finished == 60
    assert found.cluster is not None


def test_each_service_account_can_be_created_by_one_job(tmp_path: Path) -> None:
    accounts = (("one", "batch"), ("two", "batch"), ("one", "web"))
    jobs = "".join(
        f"  - {{name: job-{number}, image: web, service_account: {account}, "
        f"namespace: {namespace}, identity: {{cluster_name: main}}}}\n"
        for number, (account, namespace) in enumerate(accounts)
    )
    file = f"{HEAD}{REPOSITORY}eks_jobs:\n{jobs}"
    found = load_environment("dev", write(tmp_path, dev=file, dev_images=PINS)).eks_jobs
    assert [(job.spec.service_account, job.spec.namespace) for job in found] == list(accounts)


def test_every_fault_of_a_job_is_named_at_once(tmp_path: Path) -> None:
    file = job(parallelism="0", schedule="often", service_account="A", time_zone="Foo")
    write(tmp_path, dev=file, dev_images=PINS)
    assert "dev.yaml: 4 faults" in refusal(tmp_path)


@pytest.mark.parametrize(
    ("pin", "sentence"),
    [
        (
            "{repository: web, tag: v1}",
            "web.tag: the tag 'v1' can be moved in 'web', so it does not identify one image. "
            "Write the image's digest, or set `tag_may_move` to run the image that the tag has "
            "at each start.",
        ),
        (
            "{registry: public.ecr.aws, repository: docker/library/busybox, tag: '1'}",
            "web.tag: the tag '1' can be moved in 'docker/library/busybox', so it does not "
            "identify one image. Write the image's digest, or set `tag_may_move` to run the "
            "image that the tag has at each start.",
        ),
        (
            f"{{registry: public.ecr.aws, repository: busybox, digest: {DIGEST}}}",
            "web.repository: a repository that is written as text must be one of ECR Public, "
            "such as 'public.ecr.aws/docker/library/busybox', got 'public.ecr.aws/busybox'. "
            "Pull other images through a cache, or push them to a private repository.",
        ),
        (
            "{repository: web, digest: sha256:abc}",
            "web.digest: an image digest must be 'sha256:' and 64 lower-case hexadecimal "
            "digits, got 'sha256:abc'. Copy it from the registry, or run `ecrctl pin`.",
        ),
    ],
)
def test_a_pin_that_does_not_say_what_runs_is_refused(
    tmp_path: Path, pin: str, sentence: str
) -> None:
    write(tmp_path, dev=task(), dev_images=f"web: {pin}\n")
    assert sentence in refusal(tmp_path)


def test_a_moving_tag_and_an_image_of_ecr_public_are_taken_when_said(tmp_path: Path) -> None:
    pins = "web: {repository: web, tag: v1, tag_may_move: true}\n"
    (found,) = load_environment("dev", write(tmp_path, dev=task(), dev_images=pins)).ecs_tasks
    assert found.images[0].uri.endswith("/web:v1")
    pins = (
        f"web: {{registry: public.ecr.aws, repository: docker/library/busybox, digest: {DIGEST}}}"
    )
    (found,) = load_environment("dev", write(tmp_path, dev=task(), dev_images=pins)).ecs_tasks
    assert found.images[0].uri == f"public.ecr.aws/docker/library/busybox@{DIGEST}"


def test_a_service_without_a_way_out_needs_an_image_of_its_region(tmp_path: Path) -> None:
    service = task(fargate="smallest") + NETWORK + "ecs_services: [{name: web, task: web}]\n"
    public = f"{{registry: public.ecr.aws, repository: docker/library/busybox, digest: {DIGEST}}}"
    write(tmp_path, dev=service, dev_images=f"web: {public}\n")
    assert "is in ECR Public, which has no VPC endpoint" in refusal(tmp_path)
    far = HEAD.replace("us-west-2", "eu-west-1") + "repositories: [{name: web}]\n"
    pins = f"web: {{registry: far, repository: web, digest: {DIGEST}}}\n"
    write(tmp_path, dev=service, dev_images=pins, far=far)
    with pytest.raises(
        EnvironmentFault, match="is in eu-west-1, which no VPC endpoint in us-west-2"
    ):
        load_environment("dev", tmp_path)


def test_what_a_task_is_given_reaches_its_settings(tmp_path: Path) -> None:
    sidecar = "[{name: proxy, image: api, memory_mib: 64, essential: false}]"
    file = task(
        sidecars=sidecar,
        depends_on="{proxy: SUCCESS}",
        health_check="{command: [CMD, /healthy], retries: 5}",
        writable_volumes="{tmp: /tmp}",
        secrets=f"{{A: {{secret: '{SECRET}', field: password, key: aws-managed}}}}",
        hardening="{user: '1000:1000'}",
        fargate="smallest",
        architecture="ARM64",
    )
    (found,) = load_environment("dev", write(tmp_path, dev=file, dev_images=PINS)).ecs_tasks
    main, proxy = found.spec.containers.values()
    assert (proxy.name, proxy.essential) == ("proxy", False)
    assert main.depends_on == {"proxy": "SUCCESS"}
    assert main.health_check is not None
    assert main.health_check.retries == 5
    assert main.hardening.user == "1000:1000"
    assert main.hardening.drop_capabilities
    assert main.secrets["A"].value == f"{SECRET}:password::"
    assert main.secrets["A"].key_arn is None
    assert found.spec.architecture == "ARM64"
    assert found.spec.fargate is not None


def test_what_a_job_is_given_reaches_its_settings(tmp_path: Path) -> None:
    role = "arn:aws:iam::111111111111:role/nodes"
    file = job(
        node_role_arn=role,
        schedule="'@daily'",
        concurrency_policy="Allow",
        service_account="reader",
        namespace="batch",
        identity="{cluster_name: main, role_name: reader, statements: [{Effect: Allow, "
        "Action: s3:Get, Resource: '*'}]}",
    )
    settings = load_environment("dev", write(tmp_path, dev=file, dev_images=PINS))
    (found,) = settings.eks_jobs
    assert (found.spec.name, found.spec.path) == ("list", "batch/list")
    assert found.node_role_arn == role
    assert found.cron == CronSchedule(schedule="@daily", concurrency_policy="Allow")
    assert found.image.uri.endswith(f"/web@{DIGEST}")
    assert found.identity == Identity(
        cluster_name="main",
        role_name="reader",
        statements=({"Effect": "Allow", "Action": "s3:Get", "Resource": "*"},),
    )
    assert found.cluster is None
    assert settings.images == ("web",)
    assert settings.notices == ()


def test_times_of_a_delivery_reach_the_settings_of_a_job(tmp_path: Path) -> None:
    cluster = (
        "eks_cluster: {name: main, kubectl_provider: "
        "'arn:aws:lambda:us-west-2:111111111111:function:kubectl'}\n"
    )
    file = job(
        delivery="cluster",
        rollback_window_seconds="60",
        wait_for_completion_seconds="30",
        active_deadline_seconds="30",
    )
    write(tmp_path, dev=file + cluster, dev_images=PINS)
    (found,) = load_environment("dev", tmp_path).eks_jobs
    assert (found.rollback_window_seconds, found.wait_for_completion_seconds) == (60, 30)
    assert found.cluster is not None
    assert found.cluster.name == "main"


def test_services_pull_from_the_accounts_of_their_own_tasks(tmp_path: Path) -> None:
    def registry(account: str) -> str:
        head = HEAD.replace("1" * 12, account * 12)
        pull = '{accounts: ["111111111111"]}'
        return f"{head}repositories: [{{name: web, pull: {pull}}}]\n"

    def container(name: str, image: str, more: str = "") -> str:
        return f"{{name: {name}, image: {image}, memory_mib: 64{more}}}"

    beside = f", fargate: smallest, sidecars: [{container('proxy', 'own')}]"
    tasks = [
        container("web", "two", f", fargate: smallest, sidecars: [{container('proxy', 'three')}]"),
        container("api", "two", beside),
        container("job", "four", ", fargate: smallest"),
    ]
    services = "[{name: web, task: web}, {name: api, task: api}]"
    file = (
        f"{HEAD}{NETWORK}repositories: [{{name: web}}]\n"
        f"ecs_tasks: [{', '.join(tasks)}]\necs_services: {services}\n"
    )
    pins = f"own: {{repository: web, digest: {DIGEST}}}\n" + "".join(
        f"{name}: {{registry: {name}, repository: web, digest: {DIGEST}}}\n"
        for name in ("two", "three", "four")
    )
    registries = {"two": registry("2"), "three": registry("3"), "four": registry("4")}
    write(tmp_path, dev=file, dev_images=pins, **registries)
    settings = load_environment("dev", tmp_path)
    assert settings.registry_accounts == ("2" * 12, "3" * 12)
    assert [service.task for service in settings.ecs_services] == ["web", "api"]
    assert settings.network is not None
    assert settings.network.cidr == "10.0.0.0/24"


def test_a_service_is_left_out_with_the_task_whose_image_it_awaits(tmp_path: Path) -> None:
    awaiting = task(fargate="smallest", awaiting_image="true")
    services = NETWORK + "ecs_services: [{name: web, task: web}]\n"
    settings = load_environment("dev", write(tmp_path, dev=awaiting + services))
    assert (settings.ecs_tasks, settings.ecs_services) == ((), ())
    assert settings.images == ("web",)
    assert settings.notices == (
        "dev: 'web' is left out, because its image 'web' has no pin yet (awaiting_image).",
    )


def test_a_network_outside_the_private_ranges_has_a_notice(tmp_path: Path) -> None:
    service = task(fargate="smallest") + "ecs_services: [{name: web, task: web}]\n"
    file = service + NETWORK.replace("10.0.0.0", "11.0.0.0")
    write(tmp_path, dev=file, dev_images=PINS)
    assert load_environment("dev", tmp_path).notices == (
        "dev: the network 11.0.0.0/24 is outside the ranges for private use (10.0.0.0/8, "
        "172.16.0.0/12, 192.168.0.0/16, 100.64.0.0/10).",
    )
