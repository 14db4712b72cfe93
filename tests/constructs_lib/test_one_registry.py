"""What an account has once in a region is declared by one Registry of an app."""

from __future__ import annotations

from typing import Any

import aws_cdk as cdk
import pytest

from constructs_lib import (
    CreationTemplate,
    Registry,
    RegistryPolicy,
    RegistryScanning,
    ReplicationRule,
    ReplicationSource,
    SigningRule,
)
from tests.constructs_lib.test_registry import AES256, AWAY, PROFILE, QUAY
from tests.support import ACCOUNT, REGION, cdk_context

SINGLETONS: dict[str, dict[str, Any]] = {
    "a scanning configuration": {"scanning": RegistryScanning()},
    "a replication configuration": {
        "replication": [ReplicationRule(destinations=(AWAY,), filters=("*",))]
    },
    "a signing configuration": {"signing": [SigningRule(profile_arn=PROFILE)]},
    "a registry policy": {
        "policy": RegistryPolicy(
            replication=(ReplicationSource(account="222222222222", repositories=("a",)),)
        )
    },
    "a creation template for 'team/*'": {
        "templates": [
            CreationTemplate(prefix="team", applied_for=("REPLICATION",), encryption=AES256)
        ]
    },
    "a setting for blob mounting": {"blob_mounting": False},
    f"a pull-time exclusion of arn:aws:iam::{ACCOUNT}:role/a": {
        "exclusions": [f"arn:aws:iam::{ACCOUNT}:role/a"]
    },
}


def apps_stack(app: cdk.App, name: str, region: str | None = REGION) -> cdk.Stack:
    """Return another stack of an app."""
    account = ACCOUNT if region else None
    return cdk.Stack(app, name, env=cdk.Environment(account=account, region=region))


@pytest.mark.parametrize("setting", SINGLETONS)
def test_a_setting_that_an_account_has_once_is_declared_once(setting: str) -> None:
    app = cdk.App(context=cdk_context())
    settings = {"scanning": None, **SINGLETONS[setting]}
    Registry(apps_stack(app, "One"), "Registry", **settings)
    Registry(apps_stack(app, "Elsewhere", "us-west-2"), "Registry", scanning=None)
    second = apps_stack(app, "Two")
    with pytest.raises(ValueError, match=r"^Registry") as error:
        Registry(second, "Again", **settings)
    assert str(error.value) == (
        f"Registry 'Again': account {ACCOUNT} in {REGION} can have {setting} once, got it in "
        "'One/Registry' and in 'Two/Again'. Declare both in one of them."
    )
    assert second.node.children == []


def test_stacks_without_an_environment_share_a_registry() -> None:
    app = cdk.App(context=cdk_context())
    Registry(apps_stack(app, "One", None), "Registry")
    with pytest.raises(ValueError, match=r"account \(unknown\) in \(unknown\) can have a scanning"):
        Registry(apps_stack(app, "Two", None), "Registry")


def test_two_registries_of_one_account_may_declare_different_settings() -> None:
    app = cdk.App(context=cdk_context())
    Registry(apps_stack(app, "One"), "Registry")
    Registry(apps_stack(app, "Two"), "Registry", scanning=None, caches=[QUAY])
    Registry(apps_stack(app, "Three", "us-west-2"), "Registry")
