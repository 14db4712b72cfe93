"""What ``ecrctl import`` reads of an account and of an existing file, and the files it writes."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.exceptions import ProfileNotFound
from rich.console import Console

from checked_files.yaml_files import read_yaml
from ecrctl.aws.clients import Aws
from ecrctl.errors import UserError
from ecrctl.importing import command
from ecrctl.importing.command import import_environment, write_import
from ecrctl.importing.entries import Note
from ecrctl.importing.environment import Import
from ecrctl.importing.notes import table_of_notes
from ecrctl.importing.report import next_steps, summary
from environments.faults import EnvironmentFault
from tests.ecrctl.aws.stubs import StubClient, stub_aws
from tests.ecrctl.importing.test_import import existing
from tests.ecrctl.verify.loading import missing
from tests.ecrctl.verify.registries import without_settings

ACCOUNT = "111111111111"
KEY = "arn:aws:kms:us-west-2:111111111111:key/1-2"
FILE = f"""\
account: "{ACCOUNT}"
region: us-west-2
repositories:
  - {{name: team/web, stack: web, removal: destroy, empty_on_delete: true}}
  - {{name: gone}}
ecs_tasks: [{{name: api, image: api, memory_mib: 64}}]
"""
HEADER = """\
# yaml-language-server: $schema=schema/environment.schema.json
# Written by `ecrctl import` from the account. Review it before it replaces the environment's file.
"""


def described(name: str, **fields: Any) -> dict[str, Any]:
    """Return a repository as ECR describes it."""
    return {"repositoryName": name, "repositoryArn": f"arn:{name}", **fields}


@pytest.fixture
def regions(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Connect to an account with two repositories, and return the regions of the connections."""
    found: list[str] = []
    deployed = {
        "PhysicalResourceId": "team/web",
        "ResourceType": "AWS::ECR::Repository",
        "ResourceStatus": "CREATE_COMPLETE",
    }
    encryption = {"encryptionType": "KMS", "kmsKey": KEY}
    web = described("team/web", encryptionConfiguration=encryption)
    ecr = StubClient(
        describe_repositories=lambda **_: [{"repositories": [web, described("team/api")]}],
        list_tags_for_resource=lambda **_: {"tags": []},
        get_repository_policy=missing("GetRepositoryPolicy", "RepositoryPolicyNotFoundException"),
        get_lifecycle_policy=missing("GetLifecyclePolicy", "LifecyclePolicyNotFoundException"),
        **without_settings(),
    )
    no_key = missing("DescribeKey", "NotFoundException")

    def key(**request: str) -> dict[str, Any]:
        if request["KeyId"] != "alias/ecr/dev":
            no_key()
        return {"KeyMetadata": {"Arn": KEY}}

    kms = StubClient(describe_key=key)
    cloudformation = StubClient(
        describe_stacks=lambda **_: [{"Stacks": [{"StackName": "dev-Repositories-web"}]}],
        list_stack_resources=lambda **_: [{"StackResourceSummaries": [deployed]}],
    )
    sts = StubClient(get_caller_identity=lambda: {"Account": ACCOUNT})
    aws = stub_aws(ecr=ecr, kms=kms, cloudformation=cloudformation, sts=sts)

    def connect(region: str) -> Aws:
        found.append(region)
        return aws

    monkeypatch.setattr(Aws, "from_variables", connect)
    return found


def test_an_existing_file_keeps_its_settings_order_and_workloads(
    regions: list[str], tmp_path: Path
) -> None:
    (tmp_path / "dev.yaml").write_text(FILE)
    result = import_environment("dev", tmp_path, tmp_path / "import")
    assert regions == ["us-west-2"]
    plain = {"tag_immutability": "MUTABLE", "scan_on_push": False, "lifecycle": "none"}
    assert result.document == {
        "account": ACCOUNT,
        "region": "us-west-2",
        "repositories": [
            {"name": "team/web", "stack": "web", **plain}
            | {"removal": "destroy", "empty_on_delete": True},
            {"name": "gone"},
            {"name": "team/api", "adopted": True, "encryption": "aes256", **plain}
            | {"statements": []},
        ],
        "ecs_tasks": [{"name": "api", "image": "api", "memory_mib": 64}],
    }
    assert list(result.document) == ["account", "region", "repositories", "ecs_tasks"]
    assert (result.base, result.resumed) == (FILE, 0)
    assert list((tmp_path / "import").iterdir()) == []
    assert (result.deployed, result.adopted, result.notes) == (["team/web"], ["team/api"], [])
    written = write_import("dev", result, tmp_path / "import")
    assert summary(result, written) == (
        f"{ACCOUNT}, us-west-2: 1 repository to import, 1 deployed by this environment, 1 "
        "declared but missing in the account."
    )


@pytest.mark.usefixtures("regions")
def test_an_existing_file_in_another_order_has_its_settings_first(tmp_path: Path) -> None:
    (tmp_path / "dev.yaml").write_text(f"{FILE}protected: false\n")
    result = import_environment("dev", tmp_path, tmp_path / "import")
    settings = ["account", "region", "protected"]
    assert list(result.document) == [*settings, "repositories", "ecs_tasks"]


def test_a_new_environment_has_the_account_and_the_configured_region(
    regions: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-1")
    result = import_environment("new", tmp_path, tmp_path / "import")
    assert regions == ["eu-west-1"]
    assert (result.document["account"], result.document["region"]) == (ACCOUNT, "eu-west-1")
    assert [entry["name"] for entry in result.document["repositories"]] == ["team/api"]
    (note,) = result.notes
    assert (note.repository, note.what) == (
        "team/web",
        "it belongs to the stack 'dev-Repositories-web'",
    )


COMMENTED = """\
# Owned by the platform team.
account:   "111111111111"
region: us-west-2   # Oregon

repositories:
  # The site.
  - {name: team/web, stack: web, removal: destroy,   empty_on_delete: true}   # can go
  - name: gone   # for now
# The workloads.
ecs_tasks: [{name: api, image: api, memory_mib: 64}]
"""


@pytest.mark.usefixtures("regions")
@pytest.mark.parametrize("line_break", ["\n", "\r\n"])
def test_comments_and_layout_of_the_existing_file_are_kept(tmp_path: Path, line_break: str) -> None:
    text = COMMENTED.replace("\n", line_break)
    (tmp_path / "dev.yaml").write_bytes(text.encode())
    result = import_environment("dev", tmp_path, tmp_path / "import")
    written = write_import("dev", result, tmp_path / "import")
    plain = "tag_immutability: MUTABLE, scan_on_push: false, lifecycle: none"
    added = (
        "  - name: team/api\n    adopted: true\n    encryption: aes256\n"
        "    tag_immutability: MUTABLE\n    scan_on_push: false\n    lifecycle: none\n"
        "    statements: []\n"
    )
    expected = COMMENTED.replace("stack: web,", f"stack: web, {plain},")
    expected = expected.replace("# for now\n", f"# for now\n{added}")
    assert written.environment.read_bytes().decode() == expected.replace("\n", line_break)


@pytest.mark.usefixtures("regions")
def test_an_existing_file_with_an_anchor_is_written_with_its_values(tmp_path: Path) -> None:
    text = COMMENTED.replace("- name: gone ", "- name: &x gone ").replace("name: api,", "name: *x,")
    text = text.replace("removal: destroy,   empty_on_delete: true", "tags: &t {a: b}")
    text = text.replace("name: gone", "tags: *t, name: gone")
    text = text.replace("  - name: &x gone   # for now\n", "  - {name: &x gone, tags: *t}\n")
    (tmp_path / "dev.yaml").write_text(text)
    result = import_environment("dev", tmp_path, tmp_path / "import")
    written = write_import("dev", result, tmp_path / "import")
    assert read_yaml(written.environment).data == result.document


@pytest.mark.usefixtures("regions")
def test_a_key_that_a_repository_names_by_its_alias_is_looked_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    repositories = [existing(name="a", encryption_type="KMS", kms_key="alias/ecr/dev")]
    monkeypatch.setattr(command, "existing_repositories", lambda *_: repositories)
    (tmp_path / "other.yaml").write_text("account: '111111111111'\nregion: us-west-2\n")
    result = import_environment("other", tmp_path, tmp_path / "import")
    assert [entry["encryption"] for entry in result.document["repositories"]] == [KEY]


def test_a_file_with_faults_is_not_imported(regions: list[str], tmp_path: Path) -> None:
    (tmp_path / "dev.yaml").write_text("regoin: us-west-2\n")
    with pytest.raises(EnvironmentFault):
        import_environment("dev", tmp_path, tmp_path / "import")
    assert regions == []


def test_a_configuration_that_cannot_be_read_is_one_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail() -> boto3.Session:
        raise ProfileNotFound(profile="secret")

    monkeypatch.setattr(boto3, "Session", fail)
    with pytest.raises(UserError) as refusal:
        import_environment("new", tmp_path, tmp_path / "import")
    assert str(refusal.value) == (
        "no AWS configuration file defines the profile. Set AWS_PROFILE to a profile that "
        "`aws configure list-profiles` lists."
    )


def result_of(*names: str) -> Import:
    """Return the import of some repositories, each in a stack of its own."""
    # A line breaks at the first space behind column 100.
    entries = [{"name": name, "tags": {"description": "größte" + " a" * 45}} for name in names]
    return Import(
        document={"region": "us-west-2", "account": ACCOUNT, "repositories": entries},
        mappings={
            f"dev-Repositories-{name}": {"Api": {"RepositoryName": name}}
            for name in reversed(names)
        },
        notes=[],
        deployed=[],
    )


def test_the_environment_and_one_mapping_for_each_stack_are_written(tmp_path: Path) -> None:
    folder = tmp_path / "a" / "b"
    for _ in range(2):  # the second time over the files of the first
        written = write_import("dev", result_of("api"), folder)
    assert written.environment == folder / "dev.yaml"
    assert written.environment.read_text(encoding="utf-8") == (
        f"{HEADER}"
        "region: us-west-2\n"
        "account: '111111111111'\n"
        "repositories:\n"
        "- name: api\n"
        "  tags:\n"
        f"    description: größte{' a' * 39}\n      {' '.join('a' * 6)}\n"
    )
    mapping = folder / "dev-Repositories-api.mapping.json"
    assert written.mappings == {"dev/Repositories-api": mapping}
    assert written.notes is None
    assert sorted(folder.iterdir()) == [mapping, folder / "dev.yaml"]
    document = {"Api": {"RepositoryName": "api"}}
    assert mapping.read_text() == json.dumps(document, indent=2) + "\n"


def test_notes_are_written_to_a_file_that_the_next_import_replaces(tmp_path: Path) -> None:
    note = Note(repository="team/api", what="statement '*|x' is\nopen", then="it is kept.")
    written = write_import("dev", replace(result_of("api"), notes=[note]), tmp_path)
    assert written.notes == tmp_path / "dev.notes.md"
    assert written.notes.read_text() == (
        "# The import of dev: what it would delete, change or leave out\n\n"
        "| Repository | Today | After the import |\n"
        "| --- | --- | --- |\n"
        "| team/api | statement '*\\|x' is open | it is kept. |\n"
    )
    assert summary(result_of("api"), written).endswith(f" The notes are in {written.notes}.")
    assert write_import("dev", result_of("api"), tmp_path).notes is None
    assert not (tmp_path / "dev.notes.md").exists()


def test_repositories_that_an_interrupted_import_had_read_are_counted(tmp_path: Path) -> None:
    written = write_import("dev", result_of("api"), tmp_path)
    assert summary(replace(result_of("api"), resumed=1), written).endswith(
        " in the account. 1 repository had been read by an interrupted import."
    )


def test_a_folder_that_cannot_be_written_to_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(UserError) as refusal:
        write_import("dev", result_of("api"), tmp_path / "file")
    assert str(refusal.value) == (
        f"The import cannot be written to {tmp_path / 'file'}: File exists. "
        "Choose another --output."
    )


def test_the_repositories_to_import_are_sorted() -> None:
    assert result_of("a", "b", "c").adopted == ["a", "b", "c"]


def test_the_next_commands_have_paths_from_the_current_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    written = write_import("dev", result_of("api", "web"), tmp_path / "out")
    assert next_steps("dev", written, tmp_path / "environments") == [
        "cp out/dev.yaml environments/dev.yaml",
        *(
            f"npx cdk import 'dev/Repositories-{name}' -c env=dev "
            f"--resource-mapping out/dev-Repositories-{name}.mapping.json"
            for name in ("web", "api")
        ),
        "ecrctl verify dev",
    ]


def test_notes_are_a_table_with_every_text_as_it_is() -> None:
    notes = [
        Note(
            repository="team/[api]",
            what="statement 'AVeryLongNameOfIt' is open",
            then="it is kept.",
        )
    ]
    console = Console(width=50)
    with console.capture() as shown:
        console.print(table_of_notes(notes))
    assert [line.rstrip() for line in shown.get().splitlines()] == [
        "An import would delete, change or leave out",
        "╭────────────┬─────────────────┬─────────────────╮",
        "│            │                 │ After the       │",
        "│ Repository │ Today           │ import          │",
        "├────────────┼─────────────────┼─────────────────┤",
        "│ team/[api] │ statement       │ it is kept.     │",
        "│            │ 'AVeryLongNameO │                 │",
        "│            │ fIt' is open    │                 │",
        "╰────────────┴─────────────────┴─────────────────╯",
    ]
