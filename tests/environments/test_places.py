"""ARNs and zones of another account, region or partition, settings without effect, and notices."""

from __future__ import annotations

from pathlib import Path

import pytest

from environments.loading import load_environment
from tests.environments.test_checks import faults
from tests.environments.test_loading import HEAD, refusal, write

ROLE = "arn:aws-cn:iam::111111111111:role/ci"
OTHER_PARTITION = (
    "an ARN must be in the partition of us-west-2, which is aws, got '{}'. Write it with "
    "'arn:aws:'."
)
FUNCTION = "arn:aws:lambda:eu-west-1:111111111111:function:resize"
KEY = "arn:aws:kms:eu-west-1:111111111111:key/1234-abcd"
OTHER_KEY = (
    "the resource must be in us-west-2, because ECR uses a key of the repository's region, got "
    f"'{KEY}'. Name one in us-west-2."
)
NETWORK = "network: {cidr: 10.0.0.0/24, availability_zones: [%s]}\n"
TASK = "ecs_tasks: [{name: a, image: a, memory_mib: 512, awaiting_image: true, %s}]\n"
JOB = "eks_jobs: [{name: a, image: a, awaiting_image: true, %s}]\n"
IDENTITY = (
    "namespace: b, service_account: s, identity: {%s, "
    "statements: [{Effect: Allow, Action: 's3:Get', Resource: '*'}]}"
)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            f"repositories: [{{name: a/b, pull: {{roles: ['{ROLE}']}}}}]\n",
            [f"repositories[0].pull.roles[0]: {OTHER_PARTITION.format(ROLE)}"],
        ),
        (
            f"administrators: ['{ROLE}']\nbreak_glass_role: {ROLE}\n",
            [
                f"administrators[0]: {OTHER_PARTITION.format(ROLE)}",
                f"break_glass_role: {OTHER_PARTITION.format(ROLE)}",
            ],
        ),
        (
            "repositories:\n  - name: a/b\n    statements:\n"
            f"      - {{Effect: Allow, Principal: {{AWS: '{ROLE}'}}, Action: 'ecr:PutImage'}}\n",
            [f"repositories[0].statements[0].Principal.AWS: {OTHER_PARTITION.format(ROLE)}"],
        ),
        (
            f"repositories: [{{name: a/b, pull: {{lambda_functions: ['{FUNCTION}']}}}}]\n",
            [
                "repositories[0].pull: Lambda runs images of its own region only, and the "
                f"repository is in us-west-2, got '{FUNCTION}'. Name a function of us-west-2."
            ],
        ),
        (f"encryption: {KEY}\n", [f"encryption: {OTHER_KEY}"]),
        (
            f"repositories: [{{name: a/b, encryption: '{KEY}'}}]\n",
            [f"repositories[0].encryption: {OTHER_KEY}"],
        ),
        # Of another partition: one fault, not two.
        (
            f"encryption: {KEY.replace('aws', 'aws-cn').replace('eu-west-1', 'cn-north-1')}\n",
            [
                "encryption: "
                + OTHER_PARTITION.format("arn:aws-cn:kms:cn-north-1:111111111111:key/1234-abcd")
            ],
        ),
        (
            "notifications: {topic_arn: 'arn:aws:sns:eu-west-1:111111111111:a'}\n",
            [
                "notifications.topic_arn: the resource must be in us-west-2, because EventBridge "
                "publishes to topics of its own region, got "
                "'arn:aws:sns:eu-west-1:111111111111:a'. Name one in us-west-2."
            ],
        ),
        (
            "eks_cluster: {name: c, kubectl_provider: "
            "'arn:aws:lambda:eu-west-1:111111111111:function:f'}\n" + JOB % "delivery: cluster",
            [
                "eks_cluster.kubectl_provider: the resource must be in us-west-2, because "
                "CloudFormation calls functions of its own region, got "
                "'arn:aws:lambda:eu-west-1:111111111111:function:f'. Name one in us-west-2."
            ],
        ),
        (
            TASK % "task_role_arn: 'arn:aws:iam::222222222222:role/app'",
            [
                "ecs_tasks[0].task_role_arn: the resource must be in the account 111111111111, "
                "because ECS passes roles of its own account, got "
                "'arn:aws:iam::222222222222:role/app'. Name one in 111111111111."
            ],
        ),
        (
            JOB % "node_role_arn: 'arn:aws:iam::222222222222:role/nodes'",
            [
                "eks_jobs[0].node_role_arn: the resource must be in the account 111111111111, "
                "because the stack attaches a policy to it, got "
                "'arn:aws:iam::222222222222:role/nodes'. Name one in 111111111111."
            ],
        ),
        (
            JOB
            % IDENTITY
            % "role_name: r, oidc_provider_arn: 'arn:aws:iam::222222222222:oidc-provider/o/id/A'",
            [
                "eks_jobs[0].identity.oidc_provider_arn: the resource must be in the account "
                "111111111111, because a role trusts providers of its own account, got "
                "'arn:aws:iam::222222222222:oidc-provider/o/id/A'. Name one in 111111111111."
            ],
        ),
        (
            NETWORK % "eu-west-1a, us-west-2a"
            + TASK % "fargate: smallest"
            + "ecs_services: [{name: a, task: a}]\n",
            [
                "network.availability_zones: availability zones must be in the region us-west-2, "
                "got eu-west-1a. Name zones such as us-west-2a."
            ],
        ),
        (
            NETWORK % "us-west-2a, us-west-2b",
            [
                "network: the network has no effect, because only ecs_services run in it. Add a "
                "service, or remove network."
            ],
        ),
        (
            "eks_cluster: {name: c, kubectl_provider: "
            "'arn:aws:lambda:us-west-2:111111111111:function:f'}\n" + JOB % "args: [a]",
            [
                "eks_cluster: eks_cluster has no effect, because no Job has `delivery: cluster`. "
                "Write it in a Job, or remove eks_cluster."
            ],
        ),
        (
            "github_provider: create\nrepositories: [{name: a/b, push: {roles: []}}]\n",
            [
                "github_provider: the provider is not created, because no repository has "
                "push.github. Add one, or remove github_provider."
            ],
        ),
    ],
)
def test_what_aws_would_refuse_or_ignore_is_a_fault(
    tmp_path: Path, text: str, expected: list[str]
) -> None:
    assert faults(tmp_path, text) == expected


TOKEN = (
    "a file cannot have '${Token[', with which the CDK marks a value that is known only at "
    "deployment, got '${Token[TOKEN.1]}'. Write the value itself."
)


def test_a_file_has_no_marks_of_the_cdk(tmp_path: Path) -> None:
    mark = "${Token[TOKEN.1]}"
    text = f"repositories: [{{name: a/b, pull: {{accounts: ['{mark}']}}, tags: {{a: '{mark}'}}}}]\n"
    assert faults(tmp_path, text) == [
        f"repositories[0].pull.accounts[0]: {TOKEN}",
        f"repositories[0].tags.a: {TOKEN}",
    ]
    write(tmp_path, dev=HEAD + "repositories: [{name: a/b}]\n" + TASK % "family: f")
    write(tmp_path, dev_images=f"a: {{repository: a/b, tag: '{mark}'}}\n")
    assert f"a.tag: {TOKEN}" in refusal(tmp_path)


@pytest.mark.parametrize(
    "text",
    [
        # A pattern, which may match ARNs of every partition.
        "repositories:\n  - name: a/b\n    statements:\n"
        "      - {Effect: Deny, Principal: '*', Action: 'ecr:PutImage', Condition: {ArnNotLike: "
        "{'aws:PrincipalArn': 'arn:*:iam::111111111111:role/ci'}}}\n",
        # ECS reads parameters and secrets of other regions and accounts by their ARN.
        TASK % "secrets: {A: {parameter: 'arn:aws:ssm:eu-west-1:222222222222:parameter/a', "
        "key: aws-managed}}",
        "notifications: {event_bus_arn: 'arn:aws:events:eu-west-1:222222222222:event-bus/a'}\n",
        # Roles of other accounts may administer and pull.
        "administrators: ['arn:aws:iam::222222222222:role/a']\n"
        "break_glass_role: arn:aws:iam::222222222222:role/b\n",
        # A local zone of the region.
        NETWORK % "us-west-2a, us-west-2-lax-1a"
        + TASK % "fargate: smallest"
        + "ecs_services: [{name: a, task: a}]\n",
    ],
)
def test_what_aws_accepts_is_accepted(tmp_path: Path, text: str) -> None:
    assert faults(tmp_path, text) == []


def test_a_region_that_is_not_known_and_a_statement_for_everyone_are_notices(
    tmp_path: Path,
) -> None:
    everyone = "{Effect: Allow, Principal: '*', Action: 'ecr:BatchGetImage'%s}"
    limited = everyone % ", Condition: {StringEquals: {'aws:PrincipalOrgID': o-a1b2c3d4e5}}"
    file = (
        HEAD.replace("us-west-2", "us-mars-1")
        + f"repositories: [{{name: a/b, statements: [{everyone % ''}]}}, "
        + f"{{name: a/c, statements: [{limited}]}}]\n"
    )
    assert load_environment("dev", write(tmp_path, dev=file)).notices == (
        "dev: the region us-mars-1 is not known here. Check its spelling, unless it is newer than "
        "this release.",
        "dev: a statement of 'a/b' allows every principal of every account, without a condition.",
    )


def test_notifications_of_a_repository_that_is_not_declared_are_a_notice(tmp_path: Path) -> None:
    file = (
        HEAD
        + "repositories: [{name: team/api}]\n"
        + "notifications: {repositories: [team/api, team/apo, team/*]}\n"
    )
    assert load_environment("dev", write(tmp_path, dev=file)).notices == (
        "dev: notifications.repositories names 'team/apo', which this environment does not "
        "declare. Check its spelling, unless another environment of the account declares it.",
    )
