"""``ecrctl import``: an environment file that declares an account's repositories."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from checked_files.yaml_files import read_yaml
from constructs_lib.rules.lifecycle.presets import keep_releases, standard
from ecrctl.cdk.assemblies import Stack, stacks_of
from ecrctl.importing.account import ExistingRepository
from ecrctl.importing.command import write_import
from ecrctl.importing.entries import Entry, Keys, Note
from ecrctl.importing.environment import Import, import_of
from ecrctl.importing.groups import GROUP_SIZE
from ecrctl.importing.notes import table_of_notes
from ecrctl.importing.report import next_steps, summary
from environments.loading import load_environment
from tests.support import ENVIRONMENTS, copy_environments, synthesise

HEAD = {"account": "111111111111", "region": "us-west-2"}
KEY = "arn:aws:kms:us-west-2:111111111111:key/11111111-2222-3333-4444-555555555555"
OWN_KEY = "arn:aws:kms:us-west-2:111111111111:key/99999999-2222-3333-4444-555555555555"
KEYS = Keys(environment=OWN_KEY, aws_managed=None)


def existing(**fields: Any) -> ExistingRepository:
    """Return a repository with ECR's defaults."""
    plain: dict[str, Any] = {
        "name": "team/api",
        "immutability_mode": "MUTABLE",
        "exclusion_filters": (),
        "scan_on_push": False,
        "encryption_type": "AES256",
        "kms_key": None,
        "policy": None,
        "lifecycle": None,
        "tags": {},
        "stack": None,
    }
    return ExistingRepository(**plain | fields)


def imported(
    *repositories: ExistingRepository,
    head: dict[str, Any] | None = None,
    entries: dict[str, Entry] | None = None,
) -> Import:
    """Import some repositories into ``dev``."""
    return import_of(
        "dev", repositories, head={**HEAD, **(head or {})}, entries=entries or {}, keys=KEYS
    )


def entry_of(repository: ExistingRepository, **options: Any) -> Entry:
    """Return the entry of the one repository that is imported."""
    (entry,) = imported(repository, **options).document["repositories"]
    found: Entry = entry
    return found


def test_a_repository_is_stated_as_it_is() -> None:
    assert entry_of(existing()) == {
        "name": "team/api",
        "adopted": True,
        "encryption": "aes256",
        "tag_immutability": "MUTABLE",
        "scan_on_push": False,
        "lifecycle": "none",
        "statements": [],
    }


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"immutability_mode": "IMMUTABLE", "scan_on_push": True}, {}),
        (
            {"immutability_mode": "IMMUTABLE_WITH_EXCLUSION", "exclusion_filters": ("dev-*",)},
            {
                "tag_immutability": {
                    "mode": "IMMUTABLE_WITH_EXCLUSION",
                    "exclusion_filters": ["dev-*"],
                }
            },
        ),
        ({"encryption_type": "KMS", "kms_key": KEY}, {"encryption": KEY}),
        ({"encryption_type": "KMS", "kms_key": OWN_KEY}, {"encryption": "customer-managed"}),
        ({"encryption_type": "KMS"}, {"encryption": "aws-managed"}),
        ({"encryption_type": "KMS_DSSE", "kms_key": OWN_KEY}, {"encryption": "dsse"}),
        ({"lifecycle": keep_releases().document()}, {"lifecycle": "keep_releases"}),
        (
            {"tags": {"owner": "web", "aws:cloudformation:stack-name": "x"}},
            {"tags": {"owner": "web"}},
        ),
    ],
)
def test_each_property_is_stated(fields: dict[str, Any], words: dict[str, Any]) -> None:
    entry = entry_of(existing(**fields))
    assert {key: entry.get(key) for key in words} == words
    if fields.get("immutability_mode") == "IMMUTABLE":
        assert "tag_immutability" not in entry
        assert "scan_on_push" not in entry


def test_a_property_with_the_default_value_is_omitted() -> None:
    assert "lifecycle" not in entry_of(existing(lifecycle=standard().document()))
    defaults = {"repository_defaults": {"tag_immutability": "MUTABLE", "lifecycle": "none"}}
    entry = entry_of(existing(), head=defaults)
    assert "tag_immutability" not in entry
    assert "lifecycle" not in entry


def test_a_lifecycle_policy_without_protection_of_live_images_states_that() -> None:
    selection = {"tagStatus": "any", "countType": "imageCountMoreThan", "countNumber": 9}
    rule = {"rulePriority": 4, "selection": selection, "action": {"type": "expire"}}
    assert entry_of(existing(lifecycle={"rules": [rule]}))["lifecycle"] == {
        "rules": [
            {
                "priority": 4,
                "tag_status": "any",
                "count_type": "imageCountMoreThan",
                "count_number": 9,
            }
        ],
        "allow_touching_live_images": True,
    }


def test_a_repository_of_this_environment_is_an_ordinary_entry() -> None:
    known = {"team/api": {"name": "team/api", "removal": "destroy", "push": {"github": [{}]}}}
    result = imported(
        existing(stack="dev-Repositories-web", encryption_type="KMS", kms_key=OWN_KEY),
        entries=known,
    )
    (entry,) = result.document["repositories"]
    assert entry == {
        "name": "team/api",
        "stack": "web",
        "tag_immutability": "MUTABLE",
        "scan_on_push": False,
        "lifecycle": "none",
        "push": {"github": [{}]},
        "removal": "destroy",
    }
    assert (result.deployed, result.mappings, result.adopted) == (["team/api"], {}, [])


def test_the_mapping_is_by_stack_and_logical_id() -> None:
    entries = {"team/web": {"name": "team/web", "stack": "web"}}
    result = imported(existing(), existing(name="team/web"), entries=entries)
    assert result.mappings == {
        "dev-Repositories-main": {"RepositoryteamSlashapi": {"RepositoryName": "team/api"}},
        "dev-Repositories-web": {"RepositoryteamSlashweb": {"RepositoryName": "team/web"}},
    }


def test_many_repositories_are_put_into_groups_with_room() -> None:
    result = imported(*(existing(name=f"a{number:04}") for number in range(GROUP_SIZE * 2 + 1)))
    sizes = {stack: len(mapping) for stack, mapping in result.mappings.items()}
    assert sizes == {
        "dev-Repositories-main": GROUP_SIZE,
        "dev-Repositories-main-2": GROUP_SIZE,
        "dev-Repositories-main-3": 1,
    }


def test_a_file_keeps_its_order_settings_repositories_workloads() -> None:
    network = {"cidr": "10.20.0.0/24", "availability_zones": ["us-west-2a", "us-west-2b"]}
    result = imported(existing(), head={"network": network, "protected": True})
    assert list(result.document) == ["account", "region", "protected", "repositories", "network"]


def statement(**elements: Any) -> dict[str, Any]:
    """Return a statement that no setting expresses."""
    principal = {"AWS": "arn:aws:iam::222222222222:root"}
    plain = {"Sid": "new statement", "Effect": "Allow", "Principal": principal, "Action": "ecr:*"}
    return {**plain, **elements}


def notes_of(*statements: dict[str, Any], **policy: Any) -> list[Note]:
    """Return the notes on a policy."""
    document = {"Version": "2012-10-17", "Statement": list(statements), **policy}
    return list(imported(existing(policy=document)).notes)


def test_statements_are_stated_unchanged() -> None:
    assert entry_of(existing(policy={"Statement": statement()}))["statements"] == [statement()]
    assert notes_of(statement()) == []


def test_what_an_import_would_delete_or_change_is_noted() -> None:
    gone, wild, old = (
        notes_of(statement(Principal={"AWS": "AROA1234567890EXAMPLE"})),
        notes_of(statement(Principal="*")),
        notes_of(Version="2008-10-17"),
    )
    assert gone == [
        Note(
            repository="team/api",
            what="statement 'new statement' cannot be declared: an AWS principal must be an "
            "account number or the ARN of a role or user, got 'AROA1234567890EXAMPLE'. Write it "
            "like 'arn:aws:iam::111111111111:role/ci-push'.",
            then="an import deletes it.",
        )
    ]
    assert wild[0].what == "statement 'new statement' is open to everyone"
    assert (
        old[0].then == "the version becomes 2012-10-17, in which ${...} in a value is a variable."
    )


@pytest.mark.parametrize(
    ("fields", "what", "then"),
    [
        (
            {"stack": "legacy"},
            "it belongs to the stack 'legacy'",
            "the repository is omitted. Remove it from that stack with DeletionPolicy: Retain, "
            "then import again.",
        ),
        (
            {
                "stack": "CDKToolkit",
                "name": "cdk-hnb659fds-container-assets-111111111111-us-west-2",
            },
            "it belongs to the stack 'CDKToolkit'",
            "the repository is omitted: it contains the CDK's own assets.",
        ),
        (
            {"encryption_type": "KMS_DSSE"},
            "its encryption is KMS_DSSE with another key than this environment's",
            "the repository is omitted: a file cannot express that. Adopt it in your own CDK app "
            "with PrivateRepository.adopt(encryption=Encryption.dsse(key)).",
        ),
    ],
)
def test_what_is_left_out_is_noted(fields: dict[str, Any], what: str, then: str) -> None:
    result = imported(existing(**fields))
    assert result.document["repositories"] == []
    assert [(note.what, note.then) for note in result.notes] == [(what, then)]


def test_a_lifecycle_policy_that_cannot_be_expressed_is_noted() -> None:
    result = imported(existing(lifecycle={"rules": [{"rulePriority": 1}]}))
    (note,) = result.notes
    assert note.what.startswith(
        "its lifecycle policy cannot be expressed in the file: selection is required"
    )
    assert note.then == "the next deployment deletes it. Write a valid policy into the file."


def test_a_tag_prefix_with_a_wildcard_which_ecr_accepts_is_stated(tmp_path: Path) -> None:
    selection = {
        "tagStatus": "tagged",
        "tagPrefixList": ["dev-*"],
        "countType": "imageCountMoreThan",
        "countNumber": 5,
    }
    rule = {"rulePriority": 1, "selection": selection, "action": {"type": "expire"}}
    result = imported(existing(lifecycle={"rules": [rule]}))
    (entry,) = result.document["repositories"]
    assert entry["lifecycle"]["rules"][0]["tag_prefixes"] == ["dev-*"]
    assert result.notes == []
    write_import("dev", result, tmp_path)
    (repository,) = load_environment("dev", tmp_path, with_pins=False).repositories
    assert repository.spec.lifecycle
    assert repository.spec.lifecycle.document() == {"rules": [rule]}


def test_a_repository_that_returns_to_the_file_is_explained() -> None:
    result = imported(existing(), entries={"team/api": {"name": "team/api", "stack": "web"}})
    (note,) = result.notes
    assert note == Note(
        repository="team/api",
        what="the file declares it, and it exists outside of any stack: it was retained when it "
        "was removed from the file, or was created by hand",
        then="a deployment would fail with AlreadyExists. Import it before the deployment.",
    )
    assert list(result.mappings) == ["dev-Repositories-web"]


def _existing_in(stacks: list[Stack], region_keys: Keys) -> Iterator[ExistingRepository]:
    """Yield the repositories of templates as ECR would return them once they are deployed."""
    for stack in stacks:
        for _, resource in stack.resources("AWS::ECR::Repository"):
            properties = resource["Properties"]
            encryption = properties.get("EncryptionConfiguration", {"EncryptionType": "AES256"})
            key = encryption.get("KmsKey")
            filters = properties.get("ImageTagMutabilityExclusionFilters", [])
            text = properties.get("LifecyclePolicy", {}).get("LifecyclePolicyText")
            yield existing(
                name=properties["RepositoryName"],
                immutability_mode=properties["ImageTagMutability"],
                exclusion_filters=tuple(
                    item["ImageTagMutabilityExclusionFilterValue"] for item in filters
                ),
                scan_on_push=properties["ImageScanningConfiguration"]["ScanOnPush"],
                encryption_type=encryption["EncryptionType"],
                kms_key=region_keys.environment if isinstance(key, dict) else key,
                policy=properties.get("RepositoryPolicyText"),
                lifecycle=json.loads(text) if text else None,
                tags={item["Key"]: item["Value"] for item in properties.get("Tags", [])},
                stack=stack.name.replace("/", "-"),
            )


@pytest.mark.parametrize("name", ENVIRONMENTS)
def test_what_an_environment_deploys_is_imported_as_the_same_templates(
    tmp_path: Path, assembly: Path, name: str
) -> None:
    files = copy_environments(tmp_path / "environments")
    before = [stack for stack in stacks_of(assembly) if stack.name.startswith(f"{name}/")]
    raw = read_yaml(files / f"{name}.yaml").data
    # Of the entries, only the settings that ECR does not store are passed on.
    entries: dict[str, Entry] = {
        item["name"]: {
            "name": item["name"],
            **{key: item[key] for key in ("removal", "empty_on_delete") if key in item},
            **(
                {"push": {"github": item["push"]["github"]}}
                if "github" in item.get("push", {})
                else {}
            ),
        }
        for item in raw.get("repositories", [])
    }
    result = import_of(
        name,
        sorted(_existing_in(before, KEYS), key=lambda item: item.name),
        head={key: value for key, value in raw.items() if key != "repositories"},
        entries=entries,
        keys=KEYS,
    )
    assert result.notes == []
    write_import(name, result, files)
    after = stacks_of(synthesise(files, tmp_path / "cdk.out", name))
    assert {stack.name: stack.template for stack in after} == {
        stack.name: stack.template for stack in before
    }


def test_adopted_repositories_make_no_key_and_need_what_they_state(tmp_path: Path) -> None:
    result = imported(existing(policy={"Statement": [statement()]}))
    write_import("dev", result, tmp_path)
    (stack,) = stacks_of(synthesise(tmp_path, tmp_path / "cdk.out", "dev"))
    (_, resource), *others = stack.resources("AWS::ECR::Repository")
    assert others == []
    assert resource["Properties"] == {
        "RepositoryName": "team/api",
        "ImageTagMutability": "MUTABLE",
        "ImageScanningConfiguration": {"ScanOnPush": False},
        "RepositoryPolicyText": {"Version": "2012-10-17", "Statement": [statement()]},
    }


def test_the_next_commands_are_listed_in_their_order(tmp_path: Path) -> None:
    result = imported(existing())
    written = write_import("dev", result, tmp_path)
    assert next_steps("dev", written, tmp_path / "environments") == [
        f"cp {tmp_path}/dev.yaml {tmp_path}/environments/dev.yaml",
        "npx cdk import 'dev/Repositories-main' -c env=dev "
        f"--resource-mapping {tmp_path}/dev-Repositories-main.mapping.json",
        "ecrctl verify dev",
    ]
    assert summary(result, written) == (
        "111111111111, us-west-2: 1 repository to import, 0 deployed by this environment, 0 "
        "declared but missing in the account."
    )
    assert yaml.safe_load(written.environment.read_text())["account"] == "111111111111"


def test_notes_are_rows_of_a_table() -> None:
    table = table_of_notes(notes_of(statement(Principal="*")))
    assert table.row_count == 1
