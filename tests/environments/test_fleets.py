"""Thousands of repositories: groups that stay, and limits that are said before the synth."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from app import build_app
from constructs_lib.rules.ecr.tag_immutability import TagImmutability
from environments.checks import repositories as fleet_checks
from environments.faults import EnvironmentFault
from environments.loading import load_environment
from tests.assemblies import stacks_of
from tests.support import cdk_context, synthesise

HEAD = 'account: "111111111111"\nregion: us-west-2\n'
GROUPS = 8


def fleet(directory: Path, names: dict[str, str], head: str = HEAD) -> Path:
    """Write an environment of repositories, by name the group that each is in."""
    directory.mkdir(exist_ok=True)
    lines = [f"  - {{name: {name}, stack: {group}}}" for name, group in names.items()]
    text = "\n".join([head + "repositories:", *lines, ""])
    (directory / "dev.yaml").write_text(text)
    return directory


def refusal(directory: Path) -> str:
    """Give what is said of an environment that does not hold."""
    with pytest.raises(EnvironmentFault) as fault:
        load_environment("dev", directory)
    return str(fault.value)


def places(directory: Path, outdir: Path) -> dict[str, tuple[str, str]]:
    """Give the stack and the logical ID of every repository of a synthesis."""
    found: dict[str, tuple[str, str]] = {}
    for stack in stacks_of(synthesise(directory, outdir)):
        for logical_id, resource in stack.template["Resources"].items():
            if resource["Type"] == "AWS::ECR::Repository":
                found[resource["Properties"]["RepositoryName"]] = (stack.name, logical_id)
    return found


def test_adding_removing_and_renaming_among_two_thousand_moves_no_other(tmp_path: Path) -> None:
    names = {f"team{number % 40}/app-{number}": f"g{number % GROUPS}" for number in range(2_000)}
    before = places(fleet(tmp_path / "before", names), tmp_path / "one")
    removed, renamed = "team3/app-3", "team7/app-47"
    changed = {"team0/first": "g0"} | {
        ("team7/renamed" if name == renamed else name): group
        for name, group in names.items()
        if name != removed
    }
    after = places(fleet(tmp_path / "after", changed), tmp_path / "two")
    assert len(before) == 2_000
    assert set(before) - set(after) == {removed, renamed}
    assert set(after) - set(before) == {"team0/first", "team7/renamed"}
    assert all(after[name] == before[name] for name in set(before) & set(after))


def test_a_group_past_the_limit_of_resources_is_refused_with_its_size(tmp_path: Path) -> None:
    load_environment("dev", fleet(tmp_path, {f"app-{n}": "main" for n in range(500)}))
    assert (
        "a CloudFormation stack takes at most 500 resources, got 501 repositories in the group "
        "'main'. Put new repositories into a new group with `stack:`; never move existing ones."
    ) in refusal(fleet(tmp_path, {f"app-{n}": "main" for n in range(501)}))


def test_a_group_past_the_limit_of_bytes_is_refused_with_its_size(tmp_path: Path) -> None:
    roles = ", ".join(f"arn:aws:iam::111111111111:role/{'r' * 50}{n:02}" for n in range(30))
    lines = [f"  - {{name: app-{n}, push: {{roles: [{roles}]}}}}" for n in range(300)]
    (tmp_path / "dev.yaml").write_text("\n".join([HEAD + "repositories:", *lines, ""]))
    said = refusal(tmp_path)
    assert re.search(
        "  - line 3 column 1, repositories: a CloudFormation template has at most 1,000,000 bytes, "
        "got about 1,\\d{3},\\d{3} in the group 'main'\\. Put new repositories into a new group "
        "with `stack:`; never move existing ones\\.$",
        said,
    )


def test_the_size_that_is_said_is_about_the_size_that_is_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    directory = fleet(tmp_path / "environments", {f"team/app-{n}": "main" for n in range(200)})
    # The CDK CLI switches this on: each resource has its path in the template.
    context = cdk_context() | {"aws:cdk:enable-path-metadata": True}
    build_app(directory=directory, context=context, outdir=str(tmp_path / "cdk.out")).synth()
    stacks = {item.name: item for item in stacks_of(tmp_path / "cdk.out")}
    stack = stacks["Repositories-main"]
    made = stack.file.stat().st_size
    monkeypatch.setattr(fleet_checks, "MAXIMUM_TEMPLATE_BYTES", 1)
    said = refusal(directory)
    estimate = int(said.partition("about ")[2].partition(" in the group")[0].replace(",", ""))
    assert made <= estimate <= made * 1.1
    monkeypatch.setattr(fleet_checks, "MAXIMUM_TEMPLATE_BYTES", estimate)
    assert len(load_environment("dev", directory).repositories) == 200
    monkeypatch.setattr(fleet_checks, "MAXIMUM_TEMPLATE_BYTES", estimate - 1)
    assert f"got about {estimate:,} in the group 'main'" in refusal(directory)


def test_nothing_is_destroyed_in_a_protected_environment(tmp_path: Path) -> None:
    text = HEAD + "protected: true\nrepositories: [{name: a/b, removal: destroy}]\n"
    (tmp_path / "dev.yaml").write_text(text)
    assert (
        "repositories[0].removal: no repository of a protected environment can be destroyed. "
        "Write 'removal: retain', or lift the protection in a separate change."
    ) in refusal(tmp_path)
    (tmp_path / "dev.yaml").write_text(text.replace("true", "false"))
    assert load_environment("dev", tmp_path).repositories[0].spec.removal == "destroy"


def test_emptying_on_delete_is_said_together_with_destroying(tmp_path: Path) -> None:
    text = HEAD + "repositories: [{name: a/b, empty_on_delete: true}]\n"
    (tmp_path / "dev.yaml").write_text(text)
    assert (
        "repositories[0].empty_on_delete: empty_on_delete requires removal 'destroy', got "
        "'retain'. Choose destroy, or remove empty_on_delete."
    ) in refusal(tmp_path)


def test_required_tags_are_asked_of_every_repository(tmp_path: Path) -> None:
    text = (
        HEAD
        + """\
required_tags: {team: [], tier: [gold, silver]}
repositories:
  - {name: a/b, tags: {team: web, tier: gold}}
  - {name: a/c, tags: {tier: bronze}}
"""
    )
    (tmp_path / "dev.yaml").write_text(text)
    said = refusal(tmp_path)
    assert "repositories[1].tags.team: the tag 'team' is required, got none." in said
    assert (
        "repositories[1].tags.tier: the tag 'tier' must be one of gold, silver, got 'bronze'."
        in said
    )
    assert "repositories[0]" not in said


def test_administrators_come_with_a_break_glass_role(tmp_path: Path) -> None:
    text = (
        HEAD
        + """\
administrators: ["arn:aws:iam::111111111111:role/platform"]
repositories: [{name: a/b}]
"""
    )
    (tmp_path / "dev.yaml").write_text(text)
    assert (
        "administrators: administrators and break_glass_role require each other, got one of them. "
        "Add the other: without a break-glass role, no principal can repair a repository whose "
        "administrators are deleted."
    ) in refusal(tmp_path)
    role = "break_glass_role: arn:aws:iam::111111111111:role/break-glass\n"
    (tmp_path / "dev.yaml").write_text(text + role)
    (stack,) = [
        item
        for item in stacks_of(synthesise(tmp_path, tmp_path / "cdk.out"))
        if item.name == "Repositories-main"
    ]
    policy = stack.template["Resources"]["RepositoryaSlashb"]["Properties"]["RepositoryPolicyText"]
    assert [item["Sid"] for item in policy["Statement"]] == ["AdministeredByNamedRolesOnly"]


def test_a_prefix_with_a_wildcard_is_a_fault_or_a_notice(tmp_path: Path) -> None:
    rule = (
        "{tag_status: tagged, tag_prefixes: ['live-*'], count_type: imageCountMoreThan, "
        "count_number: 9, description: Keep what runs, priority: 3}"
    )
    lifecycle = f"lifecycle: {{allow_touching_live_images: true, rules: [{rule}]}}"
    file = tmp_path / "dev.yaml"
    file.write_text(HEAD + f"repositories:\n  - name: team/api\n    {lifecycle}\n")
    assert "repositories[0].lifecycle: a tag prefix has no wildcards, got 'live-*' in rule 3" in (
        refusal(tmp_path)
    )
    stated = "adopted: true\n    statements: []\n    encryption: aes256"
    file.write_text(HEAD + f"repositories:\n  - name: team/api\n    {lifecycle}\n    {stated}\n")
    assert load_environment("dev", tmp_path).notices == (
        "dev: the lifecycle policy of 'team/api': a tag prefix has no wildcards, got 'live-*' in "
        "rule 3, which matches no tag. Write it in tag_patterns.",
    )


def test_an_adopted_repository_states_what_it_has(tmp_path: Path) -> None:
    entry = "repositories: [{name: team/api, adopted: true, removal: destroy}]\n"
    (tmp_path / "dev.yaml").write_text(HEAD + entry)
    assert refusal(tmp_path).splitlines()[1:] == [
        "  - line 3 column 16, repositories[0].encryption: an adopted repository must state its "
        "current encryption, because only a new repository could change it. Write aes256, "
        "aws-managed, customer-managed or dsse (with the environment's own key) or the key's ARN.",
        "  - line 3 column 48, repositories[0].removal: an adopted repository must be retained, "
        "because it contains images that are older than this file. Remove 'removal', or 'adopted' "
        "once it is imported.",
        "  - line 3 column 16, repositories[0].statements: an adopted repository must state its "
        "current policy, because an import deletes any statement that is not declared. Write its "
        "statements, or 'statements: []' if pull and push are all.",
    ]


def test_statements_in_a_file_are_checked_where_they_stand(tmp_path: Path) -> None:
    statement = "{Effect: Allow, Principal: '*', Action: 's3:*'}"
    entry = f"repositories: [{{name: team/api, statements: [{statement}]}}]\n"
    (tmp_path / "dev.yaml").write_text(HEAD + entry)
    assert refusal(tmp_path).splitlines()[1:] == [
        "  - line 3 column 78, repositories[0].statements[0].Action: "
        "a repository policy can have only ECR's actions, got 's3:*'. "
        "Write one such as 'ecr:BatchGetImage'.",
    ]


def test_a_repository_may_keep_a_key_of_its_own(tmp_path: Path) -> None:
    key = "arn:aws:kms:us-west-2:111111111111:key/11111111-2222-3333-4444-555555555555"
    entries = f"""repositories:
  - {{name: team/api, encryption: "{key}"}}
  - {{name: team/web, encryption: "{key}"}}
  - {{name: team/job, encryption: aes256}}
  - {{name: team/new, encryption: aws-managed}}
"""
    (tmp_path / "dev.yaml").write_text(HEAD + entries)
    (stack,) = stacks_of(synthesise(tmp_path, tmp_path / "cdk.out"))
    found = {
        item["Properties"]["RepositoryName"]: item["Properties"].get("EncryptionConfiguration")
        for item in stack.template["Resources"].values()
    }
    assert found == {
        "team/api": {"EncryptionType": "KMS", "KmsKey": key},
        "team/web": {"EncryptionType": "KMS", "KmsKey": key},
        "team/job": None,
        "team/new": {"EncryptionType": "KMS"},
    }


def test_two_layers_use_the_environments_own_key_in_govcloud(tmp_path: Path) -> None:
    head = HEAD.replace("us-west-2", "us-gov-west-1") + "encryption: dsse\n"
    (tmp_path / "dev.yaml").write_text(head + "repositories: [{name: team/api}]\n")
    stacks = {item.name: item for item in stacks_of(synthesise(tmp_path, tmp_path / "cdk.out"))}
    ((_, resource),) = stacks["Repositories-main"].template["Resources"].items()
    found = resource["Properties"]["EncryptionConfiguration"]
    assert found["EncryptionType"] == "KMS_DSSE"
    assert "Fn::ImportValue" in found["KmsKey"]
    (key, *_) = stacks["Encryption"].template["Resources"].values()
    assert key["DeletionPolicy"] == "Retain"


def test_cosign_takes_one_word(tmp_path: Path) -> None:
    entry = "repositories: [{name: team/api, tag_immutability: IMMUTABLE_EXCEPT_SIGNATURES}]\n"
    (tmp_path / "dev.yaml").write_text(HEAD + entry)
    (repository,) = load_environment("dev", tmp_path).repositories
    assert repository.spec.tag_immutability == TagImmutability.immutable_except_signatures()


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        (
            "encryption: none",
            "encryption: encryption must be customer-managed, dsse, aws-managed, aes256 or the "
            "ARN of a KMS key, got 'none'.",
        ),
        (
            "notifications: {scan_severity: low}",
            "notifications.scan_severity: one of 'CRITICAL', 'HIGH', 'MEDIUM', 'LOW', "
            "'INFORMATIONAL' or 'none' is expected here, got 'low'.",
        ),
        (
            "encryption: dsse",
            "encryption: dual-layer encryption (dsse) requires a GovCloud region, got "
            "'us-west-2'. Choose customer-managed encryption.",
        ),
        (
            "repositories: [{name: a/b, encryption: dsse}]",
            "repositories[0].encryption: dual-layer encryption (dsse) requires a GovCloud region, "
            "got 'us-west-2'. Choose customer-managed encryption.",
        ),
        (
            "repositories: [{name: a/b, stack: 2nd}]",
            "repositories[0].stack: the name of a group of repositories must have up to 64 "
            "letters, digits and '-' and begin with a letter, got '2nd'. Name it after its owner, "
            "such as 'web'.",
        ),
        (
            "repositories: [{name: a/b, pull: {organization: true}}]",
            "repositories[0].pull.organization: organization requires the environment's "
            "organization_id, which is missing. Write it at the top of the file, such as "
            "'organization_id: o-a1b2c3d4e5'.",
        ),
        (
            "repositories: [{name: a/b, push: {github: [{repository: acme/api}]}}]",
            "repositories[0].push.github[0]: a subject requires exactly one of ref, "
            "environment and pull_request, got none. Write one, such as ref 'refs/heads/main'.",
        ),
    ],
)
def test_what_a_file_says_wrongly_is_named_where_it_stands(
    tmp_path: Path, line: str, sentence: str
) -> None:
    (tmp_path / "dev.yaml").write_text(HEAD + line + "\n")
    (found,) = refusal(tmp_path).splitlines()[1:]
    assert re.fullmatch(r"  - line 3 column \d+, " + re.escape(sentence), found)
