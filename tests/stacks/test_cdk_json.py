"""``cdk.json``: the flags that the pinned CDK recommends, and a synth that refuses."""

from __future__ import annotations

import json

import aws_cdk as cdk
import pytest

from ecrctl.cdk.toolchain import CDK
from tests.support import cdk_context, stack_in, template_of


def test_every_recommended_flag_is_set_as_recommended() -> None:
    file = CDK / "lib" / "init-templates" / ".recommended-feature-flags.json"
    recommended = json.loads(file.read_text())
    context = cdk_context()
    assert {name: context.get(name) for name in recommended} == recommended


def test_a_template_that_cloudformation_would_refuse_fails_the_synth() -> None:
    stack = stack_in()
    cdk.CfnResource(stack, "Parameter", type="AWS::SSM::Parameter", properties={"Type": "String"})
    with pytest.raises(RuntimeError, match="Value"):
        template_of(stack)
