"""Blob mounting of a Registry, and the function that sets it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from ministack.core.iam_evaluator import EvalContext, evaluate, parse_policy_document

from constructs_lib import Registry
from constructs_lib.handlers import blob_mounting
from tests.constructs_lib.test_registry import made
from tests.support import ACCOUNT, REGION, only, resources, stack_in, template_of


def test_by_default_blob_mounting_stays_as_it_is() -> None:
    assert resources(made(), "Custom::ECRBlobMounting") == []


@pytest.mark.parametrize(("enabled", "value"), [(True, "ENABLED"), (False, "DISABLED")])
def test_blob_mounting_is_set_by_a_function_that_may_set_nothing_else(
    enabled: bool, value: str
) -> None:
    template = made(scanning=None, blob_mounting=enabled)
    found = template["Resources"]
    setting = only(template, "Custom::ECRBlobMounting")
    (function_id, function), (group_id, group) = (
        next((name, one) for name, one in found.items() if one["Type"] == kind)
        for kind in ("AWS::Lambda::Function", "AWS::Logs::LogGroup")
    )
    assert setting == {
        "ServiceToken": {"Fn::GetAtt": [function_id, "Arn"]},
        "ServiceTimeout": "600",
        "Value": value,
    }
    assert function["Properties"]["LoggingConfig"] == {"LogGroup": {"Ref": group_id}}
    assert (group["Properties"]["RetentionInDays"], group["DeletionPolicy"]) == (30, "Delete")
    (policy,) = only(template, "AWS::IAM::Role")["Policies"]
    assert policy["PolicyDocument"]["Statement"] == [
        {
            "Effect": "Allow",
            "Action": "ecr:PutAccountSetting",
            "Resource": "*",
            "Condition": {"StringEquals": {"ecr:AccountSetting": "BLOB_MOUNTING"}},
        },
        {
            "Effect": "Allow",
            "Action": ["logs:CreateLogStream", "logs:PutLogEvents"],
            "Resource": {"Fn::GetAtt": [group_id, "Arn"]},
        },
    ]
    assert len(found) == 4


@pytest.mark.parametrize(
    ("action", "setting", "allowed"),
    [
        ("ecr:PutAccountSetting", "BLOB_MOUNTING", True),
        ("ecr:PutAccountSetting", "REGISTRY_POLICY_SCOPE", False),
        ("ecr:PutAccountSetting", "BASIC_SCAN_TYPE_VERSION", False),
        ("ecr:GetAccountSetting", "BLOB_MOUNTING", False),
        ("ecr:PutRegistryPolicy", "BLOB_MOUNTING", False),
    ],
)
def test_the_function_may_set_blob_mounting_alone(action: str, setting: str, allowed: bool) -> None:
    (policy,) = only(made(scanning=None, blob_mounting=True), "AWS::IAM::Role")["Policies"]
    request = EvalContext(
        principal_arn=f"arn:aws:iam::{ACCOUNT}:role/mounting",
        principal_type="AssumedRole",
        principal_account=ACCOUNT,
        action=action,
        resource_arn="*",
        region=REGION,
        service_context={"ecr:accountsetting": setting},
    )
    statements = policy["PolicyDocument"]["Statement"][:1]
    document = parse_policy_document({"Statement": statements})
    assert (evaluate(request, [document]).decision == "Allow") is allowed


def test_the_functions_code_is_in_the_template_and_is_the_tested_handler() -> None:
    stack = stack_in()
    Registry(stack, "Registry", blob_mounting=True)
    function = only(template_of(stack), "AWS::Lambda::Function")
    code = function["Code"]["ZipFile"]
    assert code == Path(blob_mounting.__file__).read_text(encoding="utf-8")
    namespace: dict[str, Any] = {}
    exec(code, namespace)  # noqa: S102 - as Lambda runs it, without this package
    assert function["Handler"] == "index.handler"
    assert callable(namespace["handler"])
    # It ends itself, whatever ECR answers, also after 15 s of pauses.
    config = namespace["_CONFIG"]
    longest = config.retries["total_max_attempts"] * (config.connect_timeout + config.read_timeout)
    assert function["Timeout"] == 120
    assert longest + 15 < 120


def test_blob_mounting_in_another_word_is_refused() -> None:
    stack = stack_in()
    with pytest.raises(ValueError, match=r"^Registry") as error:
        Registry(stack, "Registry", blob_mounting="ENABLED")  # type: ignore[arg-type]
    assert str(error.value) == (
        "Registry 'Registry': blob_mounting: blob_mounting must be True or False, got 'ENABLED'. "
        "Write one of the two, without quotes."
    )
    assert stack.node.children == []
