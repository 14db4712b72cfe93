"""``registry:`` of an imported account: it declares what exists, and notes the rest."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from checked_files.yaml_edits import yaml_text
from ecrctl.importing.entries import Keys, Note
from ecrctl.importing.registry import existing_registry, registry_of
from ecrctl.verify.files.registries import check_registry
from ecrctl.verify.reading import Reading
from environments.loading import load_environment
from tests.ecrctl.aws.stubs import StubClient, stub_aws
from tests.ecrctl.verify.loading import lookup, missing, stacks_with
from tests.ecrctl.verify.registries import (
    ACCOUNT,
    DEPLOYED,
    KEY_ARN,
    NO_SETTINGS,
    PROFILE,
    REGION,
    ecr_with,
)
from tests.ecrctl.verify.test_registry_rows import CACHES, TEMPLATES, changed

HEAD: dict[str, Any] = {"account": ACCOUNT, "region": REGION}
KEYS = Keys(environment=None, aws_managed=None)
PLACES = {("444444444444", "eu-west-1"): "there"}
OUTSIDE = Note(
    repository="registry",
    what="its settings exist outside of this environment's stacks",
    then="a deployment would fail with AlreadyExists. Import them before the deployment, with `npx "
    "cdk import` of the stack Registry, which asks for identifiers: the RegistryId is "
    f"{ACCOUNT}.",
)


class _Listing(StubClient):
    """A client that lists all caches and templates where none is asked for by its prefix."""

    def get_paginator(self, operation: str) -> Any:
        answer = copy.deepcopy(self.listed[operation])
        return StubClient(paginate=lambda: [answer])

    listed: dict[str, Any]


def client(**answers: Any) -> StubClient:
    """Return a client of ECR with the registry of the tests of ``ecrctl verify``."""
    ecr = ecr_with(**answers)
    found = _Listing(**ecr.answers)
    given = {**DEPLOYED, **answers}
    found.listed = {name: given[name] for name in (TEMPLATES[0], CACHES[0])}
    return found


def setting(
    head: dict[str, Any] = HEAD, places: Any = PLACES, **answers: Any
) -> tuple[dict[str, Any], list[Note]]:
    """Return ``registry:`` of an account with these answers, and the notes."""
    notes: list[Note] = []
    existing = existing_registry(Reading(stub_aws(ecr=client(**answers))))
    return registry_of(existing, head, KEYS, places, notes), notes


def test_a_registry_with_ecrs_defaults_is_left_out() -> None:
    assert setting(**NO_SETTINGS, blob_mounting="DISABLED") == ({}, [])


def test_blob_mounting_is_declared_where_it_is_on() -> None:
    found, notes = setting(**NO_SETTINGS, blob_mounting="ENABLED")
    # A deployment sets it, whatever it was before, so there is nothing to import.
    assert (found, notes) == ({"registry": {"scanning": "unmanaged", "blob_mounting": True}}, [])
    found, notes = setting(blob_mounting="ENABLED")
    assert (found["registry"]["blob_mounting"], notes) == (True, [OUTSIDE])
    found, _ = setting(blob_mounting="DISABLED")
    assert "blob_mounting" not in found["registry"]


def test_a_registry_that_the_file_declares_is_kept() -> None:
    assert setting({**HEAD, "registry": {}}) == ({}, [])


def test_every_setting_is_declared() -> None:
    found, notes = setting()
    registry = found["registry"]
    rule = {"count_type": "imageCountMoreThan", "count_number": 5, "tag_status": "untagged"}
    lifecycle = [{"priority": 1, **rule}]
    assert registry["scanning"] == {
        "scan_type": "ENHANCED",
        "rules": [
            {"filters": ["*"], "frequency": "SCAN_ON_PUSH"},
            {"filters": ["team/*"], "frequency": "CONTINUOUS_SCAN"},
        ],
    }
    assert registry["replication"] == [{"destinations": ["there"], "filters": ["team/"]}]
    assert [one["prefix"] for one in registry["caches"]] == ["hub", "other"]
    assert registry["caches"][1] == {
        "prefix": "other",
        "upstream": "ecr",
        "host": "333333333333.dkr.ecr.eu-west-1.amazonaws.com",
        "upstream_prefix": "base",
        "role_arn": f"arn:aws:iam::{ACCOUNT}:role/creation",
        "encryption": "aes256",
        "lifecycle": "none",
    }
    assert registry["templates"] == [
        {
            "prefix": "team",
            "applied_for": ["CREATE_ON_PUSH"],
            "encryption": KEY_ARN,
            "tag_immutability": {
                "mode": "IMMUTABLE_WITH_EXCLUSION",
                "exclusion_filters": ["dev*"],
            },
            "lifecycle": lifecycle,
            "pull": {"accounts": ["222222222222"]},
            "tags": {"team": "web"},
            "description": "New repositories",
        }
    ]
    assert registry["signing"] == [{"filters": ["team/*"], "profile_arn": PROFILE}]
    assert registry["exclusions"] == [f"arn:aws:iam::{ACCOUNT}:role/scanner"]
    assert [one["Sid"] for one in registry["policy"]["statements"]] == [
        "PullThroughCacheFromAccounts",
        "PullFromOrganization",
    ]
    assert notes == [OUTSIDE]


def test_what_is_declared_is_what_is_deployed(tmp_path: Path) -> None:
    found, _ = setting()
    repositories = {"repositories": [{"name": "team/api"}]}
    (tmp_path / "dev.yaml").write_text(yaml_text({**HEAD, **found, **repositories}))
    (tmp_path / "there.yaml").write_text('account: "444444444444"\nregion: eu-west-1\n')
    settings = load_environment("dev", tmp_path)
    checks = list(
        check_registry(lookup(settings, ecr=client(), cloudformation=stacks_with(Registry={})))
    )
    different = [f"{one.subject}: {one.what}" for one in checks if one.differs]
    # ECR keeps no description of a template's own, and the texts of caches are the project's.
    assert different == []
    assert len(checks) > 30


@pytest.mark.parametrize(
    ("answers", "what", "then"),
    [
        (
            changed(TEMPLATES[0], TEMPLATES[1], 0, "prefix", value="hubs"),
            "its cache 'hub' has no creation template",
            "the next deployment makes one, so that new repositories are encrypted and have a "
            "lifecycle policy.",
        ),
        (
            changed(
                TEMPLATES[0],
                TEMPLATES[1],
                0,
                "repositoryPolicy",
                value=DEPLOYED[TEMPLATES[0]][TEMPLATES[1]][2]["repositoryPolicy"],
            ),
            "the template of its cache 'hub' has a repository policy",
            "the next deployment deletes it. Write the principals into the cache's pull.",
        ),
        (
            changed(
                "get_registry_scanning_configuration",
                *("scanningConfiguration", "rules", 0, "scanFrequency"),
                value="MANUAL",
            ),
            "its scanning cannot be expressed in the file: frequency must be one of SCAN_ON_PUSH, "
            "CONTINUOUS_SCAN, got 'MANUAL'.",
            "the file leaves it as it is, with `scanning: unmanaged`.",
        ),
    ],
)
def test_what_the_file_cannot_express_is_noted(answers: Any, what: str, then: str) -> None:
    _, notes = setting(**answers)
    assert notes == [Note(repository="registry", what=what, then=then), OUTSIDE]


def test_a_destination_without_an_environment_is_noted() -> None:
    found, notes = setting(places={})
    assert "replication" not in found["registry"]
    assert notes[0].what == (
        "it replicates to account 444444444444 in eu-west-1, of which there is no environment"
    )


def test_an_emulator_without_registries_has_none() -> None:
    absent = missing("Get", "InvalidAction")
    ecr = client(get_registry_scanning_configuration=absent)
    emulated = lookup(None, is_emulated=True, ecr=ecr).reading  # type: ignore[arg-type]
    assert existing_registry(emulated) is None
    with pytest.raises(ClientError):
        existing_registry(Reading(stub_aws(ecr=ecr)))
