"""Tokens wherever their form cannot be known, and what CloudFormation makes of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import aws_cdk as cdk
import pytest
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms

from constructs_lib import (
    Access,
    Administrators,
    EcsContainer,
    EcsImageTask,
    EksWorkloadIdentity,
    Encryption,
    FargateSize,
    HealthCheck,
    Image,
    PrivateRepository,
    RepositoryKey,
)
from constructs_lib.rules.faults import RuleError
from tests.support import only, resources, stack_in, template_of

IMAGE = Image(repository="public.ecr.aws/docker/library/busybox", digest=f"sha256:{'a' * 64}")


def parameter(stack: cdk.Stack, name: str = "Given") -> str:
    """Return a text that is known at deployment."""
    return cdk.CfnParameter(stack, name).value_as_string


def number(stack: cdk.Stack) -> Any:
    """Return a number that is known at deployment."""
    return cdk.CfnParameter(stack, "Number", type="Number").value_as_number


def role(stack: cdk.Stack, name: str = "Role") -> str:
    """Return the ARN of a role of the same stack."""
    return iam.Role(stack, name, assumed_by=iam.AccountRootPrincipal()).role_arn


def policy_of(stack: cdk.Stack) -> list[dict[str, Any]]:
    """Return the statements of the only repository's policy."""
    policy: dict[str, Any] = only(template_of(stack), "AWS::ECR::Repository")[
        "RepositoryPolicyText"
    ]
    statements: list[dict[str, Any]] = policy["Statement"]
    return statements


def test_an_account_and_a_role_of_the_same_app_may_pull() -> None:
    stack = stack_in()
    pull = Access(accounts=(parameter(stack),), role_arns=(role(stack),))
    PrivateRepository(stack, "R", repository_name="team/api", pull=pull)
    accounts, roles = policy_of(stack)
    root = {"Fn::Join": ["", ["arn:aws:iam::", {"Ref": "Given"}, ":root"]]}
    assert accounts["Principal"] == {"AWS": root}
    assert (roles["Sid"], list(roles["Principal"]["AWS"])) == ("PullByRoles", ["Fn::GetAtt"])


def test_a_project_and_functions_of_the_same_app_may_pull() -> None:
    stack = stack_in()
    given = parameter(stack)
    pull = Access(codebuild_project_arns=(given,), lambda_accounts=(given,))
    PrivateRepository(stack, "R", repository_name="team/api", pull=pull)
    conditions = [one["Condition"] for one in policy_of(stack) if "Condition" in one]
    assert conditions[1] == {
        "ArnEquals": {"aws:SourceArn": {"Ref": "Given"}},
        "StringEquals": {"aws:SourceAccount": "111111111111"},
    }


def test_a_user_a_session_a_function_and_an_organization_of_the_same_app_may_pull() -> None:
    stack = stack_in()
    given = parameter(stack)
    pull = Access(
        user_arns=(given,),
        session_arns=(given,),
        organization_ids=(given,),
        lambda_function_arns=(given,),
    )
    PrivateRepository(stack, "R", repository_name="team/api", pull=pull)
    found = {one["Sid"]: one for one in policy_of(stack)}
    assert list(found) == ["PullByUsers", "PullBySessions", "PullFromOrganization", "PullByLambda"]
    assert found["PullByUsers"]["Principal"] == {"AWS": {"Ref": "Given"}}
    assert found["PullBySessions"]["Principal"] == {"AWS": {"Ref": "Given"}}
    organization = {"StringEquals": {"aws:PrincipalOrgID": {"Ref": "Given"}}}
    assert found["PullFromOrganization"]["Condition"] == organization
    function = {"ArnLike": {"aws:SourceArn": {"Ref": "Given"}}}
    assert found["PullByLambda"]["Condition"] == function


def test_the_limits_of_a_health_check_must_be_known() -> None:
    stack = stack_in()
    check = HealthCheck(command=("CMD", "/healthy"), interval_seconds=number(stack))
    container = EcsContainer(image=IMAGE, memory_mib=64, health_check=check)
    with pytest.raises(RuleError) as refusal:
        EcsImageTask(stack, "Task", family="a", container=container)
    assert str(refusal.value) == (
        "EcsImageTask 'Task': health_check.interval_seconds: interval_seconds must be known when "
        "the app is synthesised, because the CDK compares it with ECS's limits, got a value of "
        "the deployment. Write a number."
    )


def test_a_number_of_the_deployment_reaches_the_text_of_a_lifecycle_policy() -> None:
    stack = stack_in()
    repository = PrivateRepository(stack, "R", repository_name="team/api", lifecycle=None)
    repository.add_lifecycle_rule(max_image_count=number(stack))
    policy = only(template_of(stack), "AWS::ECR::Repository")["LifecyclePolicy"]
    assert {"Ref": "Number"} in policy["LifecyclePolicyText"]["Fn::Join"][1]


def test_roles_of_the_same_app_may_administer() -> None:
    stack = stack_in()
    administrators = Administrators(
        role_arns=(role(stack),), break_glass_role_arn=role(stack, "BreakGlass")
    )
    PrivateRepository(stack, "R", repository_name="team/api", administrators=administrators)
    (statement,) = policy_of(stack)
    exempt = statement["Condition"]["ArnNotLike"]["aws:PrincipalArn"]
    assert [list(one) for one in exempt if isinstance(one, dict)] == [["Fn::GetAtt"]] * 2


def test_a_tag_may_have_a_value_of_the_deployment() -> None:
    stack = stack_in()
    PrivateRepository(stack, "R", repository_name="team/api", tags={"team": parameter(stack)})
    repository = only(template_of(stack), "AWS::ECR::Repository")
    assert repository["Tags"] == [{"Key": "team", "Value": {"Ref": "Given"}}]


def test_family_and_memory_may_be_parameters() -> None:
    stack = stack_in()
    container = EcsContainer(image=IMAGE, memory_mib=number(stack))
    EcsImageTask(stack, "Task", family=parameter(stack), container=container)
    task = only(template_of(stack), "AWS::ECS::TaskDefinition")
    (given,) = task["ContainerDefinitions"]
    assert (task["Family"], given["Memory"]) == ({"Ref": "Given"}, {"Ref": "Number"})


def test_a_size_on_fargate_does_not_follow_from_an_unknown_amount() -> None:
    stack = stack_in()
    container = EcsContainer(image=IMAGE, memory_mib=number(stack))
    with pytest.raises(RuleError) as refusal:
        EcsImageTask(stack, "Task", family="a", container=container, fargate="smallest")
    assert [str(fault) for fault in refusal.value.faults] == [
        "fargate: the smallest size follows from the memory and CPU of the containers, and one of "
        "them is known only at deployment. Choose a size, such as FargateSize(cpu=256, "
        "memory_mib=512)."
    ]
    size = FargateSize(cpu=256, memory_mib=512)
    EcsImageTask(stack, "Task", family="a", container=container, fargate=size)
    assert only(template_of(stack), "AWS::ECS::TaskDefinition")["Memory"] == "512"


def test_a_pod_identity_may_be_on_a_cluster_of_the_same_app() -> None:
    stack = stack_in()
    EksWorkloadIdentity(
        stack, "I", service_account="a", namespace="b", cluster_name=parameter(stack)
    )
    template = template_of(stack)
    association = only(template, "AWS::EKS::PodIdentityAssociation")
    assert association["ClusterName"] == {"Ref": "Given"}
    trust = only(template, "AWS::IAM::Role")["AssumeRolePolicyDocument"]["Statement"]
    assert {"Ref": "Given"} in trust[0]["Condition"]["ArnEquals"]["aws:SourceArn"]["Fn::Join"][1]


def test_the_condition_of_a_provider_of_the_same_app_is_made_at_deployment() -> None:
    stack = stack_in()
    EksWorkloadIdentity(
        *(stack, "I"),
        service_account="a",
        namespace="b",
        role_name="r",
        oidc_provider_arn=parameter(stack),
    )
    template = template_of(stack)
    (custom,) = resources(template, "Custom::AWSCDKCfnJson")
    text = "".join(map(str, custom["Properties"]["Value"]["Fn::Join"][1]))
    assert ':aud":"sts.amazonaws.com"' in text
    assert ':sub":"system:serviceaccount:b:a"' in text
    trusted = [
        statement
        for one in resources(template, "AWS::IAM::Role")
        for statement in one["Properties"]["AssumeRolePolicyDocument"]["Statement"]
        if "Federated" in statement["Principal"]
    ]
    (statement,) = trusted
    assert statement["Principal"] == {"Federated": {"Ref": "Given"}}
    assert list(statement["Condition"]["StringEquals"]) == ["Fn::GetAtt"]


USES: list[Callable[[cdk.Stack, RepositoryKey], object]] = [
    lambda stack, key: kms.Alias(stack, "Alias", alias_name="alias/a", target_key=key),
    lambda stack, key: PrivateRepository(
        stack, "R", repository_name="a/b", encryption=Encryption.customer_managed(key)
    ),
    lambda _, key: key.add_alias("alias/b"),
    lambda stack, key: key.grant_decrypt(
        iam.Role(stack, "A", assumed_by=iam.AccountRootPrincipal())
    ),
    lambda _, key: key.apply_removal_policy(cdk.RemovalPolicy.DESTROY),
]


@pytest.mark.parametrize("use", USES)
def test_a_repository_key_is_a_key_of_the_cdk(
    use: Callable[[cdk.Stack, RepositoryKey], object],
) -> None:
    stack = stack_in()
    key = RepositoryKey(stack, "Key")
    use(stack, key)
    template = template_of(stack)
    assert len(resources(template, "AWS::KMS::Key")) == 1
    assert key.key_id == key.key.key_id
    assert (key.stack, key.env.account) == (stack, stack.account)


def test_a_key_grants_what_the_key_of_the_cdk_grants() -> None:
    for name in (
        *("grant_decrypt", "grant_encrypt", "grant_encrypt_decrypt", "grant_generate_mac"),
        *("grant_verify_mac", "grant_sign", "grant_verify", "grant_sign_verify"),
    ):
        templates = []
        for by_construct in (True, False):
            stack = stack_in()
            key = RepositoryKey(stack, "Key")
            grantee = iam.Role(stack, "A", assumed_by=iam.AccountRootPrincipal())
            getattr(key if by_construct else key.key, name)(grantee)
            templates.append(template_of(stack))
        assert templates[0] == templates[1], name
    stack = stack_in()
    key = RepositoryKey(stack, "Key")
    grantee = iam.Role(stack, "A", assumed_by=iam.AccountRootPrincipal())
    key.grant(grantee, "kms:DescribeKey")
    statement = iam.PolicyStatement(
        sid="More", actions=["kms:Get*"], resources=["*"], principals=[grantee]
    )
    assert key.add_to_resource_policy(statement).statement_added
    policy = only(template_of(stack), "AWS::KMS::Key")["KeyPolicy"]
    assert policy["Statement"][-1]["Sid"] == "More"
    assert key.key_ref.key_arn == key.key_arn


def test_a_repository_is_referred_to_as_the_cdk_does() -> None:
    stack = stack_in()
    arn = "arn:aws:ecr:eu-west-3:222222222222:repository/team/api"
    by_name = PrivateRepository.from_repository_name(stack, "A", "team/api")
    assert by_name.repository_arn == "arn:aws:ecr:eu-west-1:111111111111:repository/team/api"
    assert PrivateRepository.from_repository_arn(stack, "B", arn).repository_arn == arn
    by_attributes = PrivateRepository.from_repository_attributes(
        stack, "C", repository_name="team/api", repository_arn=arn
    )
    assert by_attributes.repository_uri == "222222222222.dkr.ecr.eu-west-3.amazonaws.com/team/api"
    unknown = PrivateRepository.from_repository_attributes(
        stack, "D", repository_name="team/api", repository_arn=parameter(stack)
    )
    assert stack.resolve(unknown.repository_uri)["Fn::Join"][1][:2] == [
        {"Fn::Select": [4, {"Fn::Split": [":", {"Ref": "Given"}]}]},
        ".dkr.ecr.",
    ]


@pytest.mark.parametrize(
    ("arn", "expected"),
    [
        (
            "arn:aws:ecr:eu-west-1:111111111111:repository/team/web",
            "'arn:aws:ecr:eu-west-1:111111111111:repository/team/web' is not the ARN of the "
            "repository 'team/api'. Write it like "
            "'arn:aws:ecr:us-west-2:111111111111:repository/team/api'.",
        ),
        (
            "team/api",
            "'team/api' is not the ARN of the repository 'team/api'. Write it like "
            "'arn:aws:ecr:us-west-2:111111111111:repository/team/api'.",
        ),
    ],
)
def test_an_arn_of_something_else_is_refused(arn: str, expected: str) -> None:
    with pytest.raises(RuleError) as refusal:
        PrivateRepository.from_repository_attributes(
            stack_in(), "A", repository_name="team/api", repository_arn=arn
        )
    assert str(refusal.value) == f"ReferencedRepository 'A': repository_arn: {expected}"


def test_an_arn_of_the_deployment_requires_the_name() -> None:
    stack = stack_in()
    with pytest.raises(RuleError, match="Use from_repository_attributes, with the name"):
        PrivateRepository.from_repository_arn(stack, "A", parameter(stack))


def test_a_lifecycle_rule_is_added_with_the_arguments_of_the_cdk() -> None:
    stack = stack_in()
    repository = PrivateRepository(stack, "R", repository_name="team/api", lifecycle=None)
    repository.add_lifecycle_rule(max_image_count=5, tag_pattern_list=["v*"], description="Five")
    repository.add_lifecycle_rule(max_image_age=cdk.Duration.days(14))
    text = only(template_of(stack), "AWS::ECR::Repository")["LifecyclePolicy"]
    assert text["LifecyclePolicyText"] == (
        '{"rules":[{"rulePriority":1,"description":"Five","selection":{"tagStatus":"tagged",'
        '"tagPatternList":["v*"],"countType":"imageCountMoreThan","countNumber":5},"action":'
        '{"type":"expire"}},{"rulePriority":2,"selection":{"tagStatus":"any","countType":'
        '"sinceImagePushed","countUnit":"days","countNumber":14},"action":{"type":"expire"}}]}'
    )
    for given, message in (
        ({"max_image_count": "5"}, "max_image_count must be a whole number, got '5'"),
        (
            {"max_image_age": cdk.Duration.hours(36)},
            "max_image_age must be a number of whole days, got 1.5 days. Write one such as "
            "Duration.days(14).",
        ),
    ):
        with pytest.raises(RuleError) as refusal:
            repository.add_lifecycle_rule(**given)
        assert message in str(refusal.value)
    with pytest.raises(RuleError) as refusal:
        repository.add_lifecycle_rule()
    assert str(refusal.value) == (
        "PrivateRepository 'R': a rule requires either max_image_age or max_image_count, got "
        "neither. Write one of the two."
    )
