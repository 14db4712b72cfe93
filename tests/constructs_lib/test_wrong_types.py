"""Arguments of a wrong type, refused with the whole message before anything is created."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import aws_cdk as cdk
import pytest
from aws_cdk import aws_kms as kms

import constructs_lib
from constructs_lib import (
    Access,
    EcsContainer,
    Image,
    LifecyclePolicy,
    LifecycleRule,
    PrivateRepository,
    PublicRepository,
)
from constructs_lib.rules.faults import RuleError
from tests.support import stack_in

LIST = "Write it in brackets, also if it has one item."
QUOTES = "Write it in quotes."
PLAIN = "Write it without quotes."


def repository(**given: Any) -> Callable[[cdk.Stack], object]:
    """Return a function that makes a repository."""
    return lambda stack: PrivateRepository(stack, "R", **{"repository_name": "team/api", **given})


def public_repository(**given: Any) -> Callable[[cdk.Stack], object]:
    """Return a function that makes a public repository."""
    return lambda stack: PublicRepository(stack, "R", **{"repository_name": "cli", **given})


def container(**given: Any) -> Callable[[cdk.Stack], object]:
    """Return a function that makes a container."""
    image = Image(repository="public.ecr.aws/docker/library/busybox", digest=f"sha256:{'a' * 64}")
    return lambda _: EcsContainer(**{"image": image, "memory_mib": 64, **given})


REPOSITORY: list[tuple[dict[str, Any], str]] = [
    ({"repository_name": 5}, f"repository_name must be text, got 5. {QUOTES}"),
    ({"repository_name": None}, f"repository_name must be text, got None. {QUOTES}"),
    (
        {"pull": ["666666666666"]},
        "pull must be an Access, got ['666666666666']. Write Access(...).",
    ),
    ({"push": "666666666666"}, "push must be an Access, got '666666666666'. Write Access(...)."),
    (
        {"lifecycle": "standard"},
        "lifecycle must be a LifecyclePolicy, got 'standard'. Write LifecyclePolicy(...).",
    ),
    (
        {"encryption": "aes256"},
        "encryption must be an Encryption, got 'aes256'. Write "
        "Encryption.customer_managed(key), Encryption.aes256() or another of them.",
    ),
    (
        {"tag_immutability": "MUTABLE"},
        "tag_immutability must be a TagImmutability, got 'MUTABLE'. Write TagImmutability(...).",
    ),
    (
        {"scan_on_push": "no"},
        "scan_on_push must be True or False, got 'no'. Write one of the two, without quotes.",
    ),
    (
        {"scan_on_push": 1},
        "scan_on_push must be True or False, got 1. Write one of the two, without quotes.",
    ),
    ({"tags": "a=b"}, "tags must be a mapping, got 'a=b'. Write one, such as {'a': 'b'}."),
    ({"tags": ["a"]}, "tags must be a mapping, got ['a']. Write one, such as {'a': 'b'}."),
    ({"tags": {"a": 1}}, f"tags.a must be text, got 1. {QUOTES}"),
    (
        {"statements": {"Effect": "Allow"}},
        f"statements must be a list, got {{'Effect': 'Allow'}}. {LIST}",
    ),
    (
        {"statements": ["a"]},
        "statements[0] must be a mapping, got 'a'. Write one, such as {'a': 'b'}.",
    ),
    (
        {"administrators": ["arn"]},
        "administrators must be an Administrators, got ['arn']. Write Administrators(...).",
    ),
    (
        {"removal_policy": "retain"},
        "removal_policy must be a RemovalPolicy, got 'retain'. Write RemovalPolicy.DESTROY, or "
        "another of them.",
    ),
    (
        {"empty_on_delete": None},
        "empty_on_delete must be True or False, got None. Write one of the two, without quotes.",
    ),
]
CONTAINER: list[tuple[dict[str, Any], str]] = [
    ({"image": "nginx"}, "image must be an Image, got 'nginx'. Write Image(...)."),
    ({"memory_mib": "64"}, f"memory_mib must be a whole number, got '64'. {PLAIN}"),
    ({"memory_mib": 64.5}, f"memory_mib must be a whole number, got 64.5. {PLAIN}"),
    ({"memory_mib": True}, f"memory_mib must be a whole number, got True. {PLAIN}"),
    ({"cpu": "1"}, f"cpu must be a whole number, got '1'. {PLAIN}"),
    ({"name": 1}, f"name must be text, got 1. {QUOTES}"),
    ({"command": "ls -l"}, f"command must be a list, got 'ls -l'. {LIST}"),
    ({"entry_point": "ls"}, f"entry_point must be a list, got 'ls'. {LIST}"),
    ({"ports": 80}, f"ports must be a list, got 80. {LIST}"),
    ({"ports": ["80"]}, f"ports[0] must be a whole number, got '80'. {PLAIN}"),
    (
        {"environment": ["A=B"]},
        "environment must be a mapping, got ['A=B']. Write one, such as {'a': 'b'}.",
    ),
    ({"environment": {"A": 1}}, f"environment.A must be text, got 1. {QUOTES}"),
    (
        {"essential": "yes"},
        "essential must be True or False, got 'yes'. Write one of the two, without quotes.",
    ),
    (
        {"hardening": "none"},
        "hardening must be a ContainerHardening, got 'none'. Write ContainerHardening(...).",
    ),
    (
        {"health_check": ["CMD"]},
        "health_check must be a HealthCheck, got ['CMD']. Write HealthCheck(...).",
    ),
    (
        {"depends_on": "db"},
        "depends_on must be a mapping, got 'db'. Write one, such as {'a': 'b'}.",
    ),
    (
        {"writable_volumes": "/tmp"},
        "writable_volumes must be a mapping, got '/tmp'. Write one, such as {'a': 'b'}.",
    ),
]
# Without its types, which refuse these calls before they run.
LIB: Any = constructs_lib
OTHERS: list[tuple[Callable[[cdk.Stack], object], str]] = [
    (
        lambda _: LIB.Access(accounts="666666666666"),
        f"accounts must be a list, got '666666666666'. {LIST}",
    ),
    (
        lambda _: LIB.Access(accounts=(666666666666,)),
        f"accounts[0] must be text, got 666666666666. {QUOTES}",
    ),
    (
        lambda _: LIB.Access(role_arns={"a": "b"}),
        f"role_arns must be a list, got {{'a': 'b'}}. {LIST}",
    ),
    (
        lambda _: LIB.Administrators(role_arns="arn", break_glass_role_arn="arn"),
        f"role_arns must be a list, got 'arn'. {LIST}",
    ),
    (
        lambda _: LIB.Image(repository="public.ecr.aws/a/b", tag=1),
        f"tag must be text, got 1. {QUOTES}",
    ),
    (
        lambda _: LIB.Image(repository=None, tag="a"),
        "repository must be an IRepository, got None. Write a construct that is an IRepository.",
    ),
    (lambda _: LIB.LifecyclePolicy("standard"), f"rules must be a list, got 'standard'. {LIST}"),
    (
        lambda _: LIB.LifecyclePolicy(({"count_number": 1},)),
        "rules[0] must be a LifecycleRule, got {'count_number': 1}. Write LifecycleRule(...).",
    ),
    (
        lambda _: LIB.LifecycleRule(count_type="imageCountMoreThan", count_number="30"),
        f"count_number must be a whole number, got '30'. {PLAIN}",
    ),
    (lambda _: LIB.TagImmutability(mode=True), f"mode must be text, got True. {QUOTES}"),
    (
        lambda _: LIB.TagImmutability(mode="MUTABLE_WITH_EXCLUSION", exclusion_filters="dev-*"),
        f"exclusion_filters must be a list, got 'dev-*'. {LIST}",
    ),
    (lambda _: LIB.CronSchedule(schedule=5), f"schedule must be text, got 5. {QUOTES}"),
    (
        lambda _: LIB.CronSchedule(schedule="@daily", suspend="no"),
        "suspend must be True or False, got 'no'. Write one of the two, without quotes.",
    ),
    (
        lambda _: LIB.JobRun(parallelism="2"),
        f"parallelism must be a whole number, got '2'. {PLAIN}",
    ),
    (
        lambda _: LIB.NetworkSpec(cidr="10.0.0.0/24", availability_zones="us-west-2a"),
        f"availability_zones must be a list, got 'us-west-2a'. {LIST}",
    ),
    (
        lambda stack: LIB.PrivateRepository(
            stack, "R", repository_name="a/b", encryption=kms.Key(stack, "K")
        ),
        "encryption must be an Encryption, got a Key. Write Encryption.customer_managed(key), "
        "Encryption.aes256() or another of them.",
    ),
    (
        lambda _: LIB.Encryption.customer_managed("arn"),
        "key must be an IKey, got 'arn'. Write a construct that is an IKey.",
    ),
    (lambda stack: LIB.RepositoryKey(stack, "K", alias=1), f"alias must be text, got 1. {QUOTES}"),
    (
        lambda stack: LIB.EcsImageTask(stack, "T", family="a", container={"image": "a"}),
        "container must be an EcsContainer, got {'image': 'a'}. Write EcsContainer(...).",
    ),
    (
        lambda stack: LIB.EksWorkloadIdentity(
            stack, "I", service_account="a", namespace=1, cluster_name="c"
        ),
        f"namespace must be text, got 1. {QUOTES}",
    ),
    (
        lambda stack: LIB.EksImageJob(stack, "J", name=1, image="a"),
        f"name must be text, got 1. {QUOTES}",
    ),
    (
        lambda stack: LIB.GitHubImagePusher(stack, "P", subjects="a", repositories=[]),
        f"subjects must be a list, got 'a'. {LIST}",
    ),
    (
        lambda stack: LIB.ImageNotifications(stack, "N", events="a"),
        "events must be an ImageEvents, got 'a'. Write ImageEvents(...).",
    ),
]
PUBLIC: list[tuple[dict[str, Any], str]] = [
    ({"push": ["a"]}, "push must be an Access, got ['a']. Write Access(...)."),
    ({"tags": "a"}, "tags must be a mapping, got 'a'. Write one, such as {'a': 'b'}."),
    ({"catalog_data": "a"}, "catalog_data must be a CatalogData, got 'a'. Write CatalogData(...)."),
    ({"repository_name": 1}, f"repository_name must be text, got 1. {QUOTES}"),
]
CASES = [
    *((repository(**given), message) for given, message in REPOSITORY),
    *((container(**given), message) for given, message in CONTAINER),
    *OTHERS,
    *((public_repository(**given), message) for given, message in PUBLIC),
]


@pytest.mark.parametrize(("make", "message"), CASES, ids=[message[:50] for _, message in CASES])
def test_an_argument_of_another_type_is_named(
    make: Callable[[cdk.Stack], object], message: str
) -> None:
    stack = stack_in()
    with pytest.raises(RuleError) as refusal:
        make(stack)
    assert [fault.message for fault in refusal.value.faults][:1] == [message]
    # A key of the test itself is the only child.
    assert [child.node.id for child in stack.node.children if child.node.id != "K"] == []


def test_the_construct_is_named_by_its_id() -> None:
    with pytest.raises(RuleError) as refusal:
        PrivateRepository(stack_in(), "Api", repository_name=1, scan_on_push="no")  # type: ignore[arg-type]
    assert str(refusal.value).splitlines()[0] == "PrivateRepository 'Api': 2 faults:"
    assert isinstance(refusal.value, ValueError)


def test_a_name_is_declared_once_in_a_stack() -> None:
    stack = stack_in()
    PrivateRepository(stack, "One", repository_name="team/api")
    with pytest.raises(RuleError) as refusal:
        PrivateRepository(stack, "Two", repository_name="team/api")
    assert str(refusal.value) == (
        "PrivateRepository 'Two': repository_name: 'Stack/One' declares the repository 'team/api' "
        "in this stack already. Use that one, or choose another name."
    )
    PrivateRepository(stack_in(), "Two", repository_name="team/api")
    # One that could not be made declares nothing.
    with pytest.raises(RuntimeError, match="already a Construct with name 'One'"):
        PrivateRepository(stack, "One", repository_name="team/web")
    PrivateRepository(stack, "Web", repository_name="team/web")
    public = stack_in(region="us-east-1")
    PublicRepository(public, "One", repository_name="team/api")
    PrivateRepository(public, "Two", repository_name="team/api")
    with pytest.raises(RuleError, match="'Stack/One' declares the repository 'team/api'"):
        PublicRepository(public, "Three", repository_name="team/api")


def test_every_argument_is_checked_beside_one_of_any_type() -> None:
    statement = {"Effect": "Allow", "Principal": "*", "Action": "ecr:BatchGetImage"}
    with pytest.raises(RuleError) as refusal:
        LIB.PrivateRepository(
            *(stack_in(), "R"), repository_name="a/b", statements=[statement], scan_on_push="no"
        )
    assert [fault.path for fault in refusal.value.faults] == ["scan_on_push"]


def test_a_call_that_python_refuses_keeps_its_message() -> None:
    with pytest.raises(TypeError, match="unexpected keyword argument 'pul'"):
        LIB.PrivateRepository(stack_in(), "R", repository_name="a/b", pul=1)
    with pytest.raises(TypeError, match="missing 1 required keyword-only argument"):
        LIB.PrivateRepository(stack_in(), "R")


def test_lists_are_accepted_in_place_of_tuples() -> None:
    accounts = ["222222222222"]
    assert Access(accounts=accounts).accounts == accounts
    rule = LifecycleRule(count_type="imageCountMoreThan", count_number=30, tag_status="untagged")
    policy = LifecyclePolicy([rule], allow_touching_live_images=True)
    assert len(policy.rules) == 1
