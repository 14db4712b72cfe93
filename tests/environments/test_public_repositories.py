"""Public repositories in environment files, with the files that they name."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from app import build_app
from constructs_lib.rules.aws.cloudformation_limits import MAXIMUM_TEMPLATE_BYTES
from constructs_lib.rules.ecr.public_catalog import LARGEST_LOGO_BYTES, LONGEST_TEXT
from environments.faults import EnvironmentFault
from environments.loading import load_environment
from environments.settings import EnvironmentSettings
from tests.support import cdk_context

HEAD = 'account: "111111111111"\nregion: us-east-1\n'
PNG = b"\x89PNG\r\n\x1a\n"
PUBLIC = "public_repositories[0]"


def load(folder: Path, text: str, head: str = HEAD) -> EnvironmentSettings:
    """Return the environment ``dev`` with a text after its head."""
    (folder / "dev.yaml").write_text(head + text)
    return load_environment("dev", folder)


def refusal(folder: Path, text: str, head: str = HEAD) -> list[str]:
    """Return the faults that an environment is refused with, without their lines."""
    with pytest.raises(EnvironmentFault) as refused:
        load(folder, text, head)
    faults = str(refused.value).splitlines()[1:]
    return [fault.removeprefix("  - ").partition(", ")[2] for fault in faults]


def one(settings: str) -> str:
    """Return one public repository with some settings, each in a line of its own."""
    lines = "".join(f"    {line}\n" for line in settings.splitlines())
    return f"public_repositories:\n  - name: tools/cli\n{lines}"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a folder for environment files, with files for a catalogue."""
    found = tmp_path / "environments"
    (found / "docs").mkdir(parents=True)
    (found / "docs" / "about.md").write_bytes(b"# About\r\nUse it.\n")
    (found / "docs" / "usage.md").write_text("docker pull it")
    (found / "logo.png").write_bytes(PNG)
    return found


def test_the_catalogue_is_read_from_files_and_from_texts(folder: Path) -> None:
    settings = load(
        folder,
        one("""\
description: A command line
about: docs/about.md
usage: {text: docker pull it}
logo: logo.png
architectures: [x86-64, ARM 64]
operating_systems: [Linux]"""),
    )
    (found,) = settings.public_repositories
    assert found.spec.catalog_data.properties() == {
        "RepositoryDescription": "A command line",
        # Lines end as they do on a system that git checks out with other ends.
        "AboutText": "# About\nUse it.\n",
        "UsageText": "docker pull it",
        "Architectures": ["x86-64", "ARM 64"],
        "OperatingSystems": ["Linux"],
    }
    assert found.logo == PNG
    assert settings.notices == (
        "dev: CloudFormation cannot set the logo of 'tools/cli'. Set it after the deployment with "
        "`aws ecr-public put-repository-catalog-data`.",
    )


def test_an_environment_without_public_repositories_has_no_stack_for_them(folder: Path) -> None:
    assert load(folder, "repositories: [{name: team/api}]\n").stack_ids() == [
        "Encryption",
        "Repositories-main",
    ]
    settings = load(folder, one(""))
    assert settings.stack_ids() == ["PublicRepositories"]
    assert not settings.is_empty


def test_the_stack_is_in_the_app_with_the_roles_that_push(folder: Path, tmp_path: Path) -> None:
    load(
        folder,
        "repositories: [{name: team/api, push: &push {github: [{repository: acme/cli, "
        "ref: refs/heads/main}]}}]\n" + one("push: *push"),
    )
    app = build_app("dev", directory=folder, context=cdk_context(), outdir=str(tmp_path / "out"))
    stacks = app.synth().get_nested_assembly("assembly-dev").stacks
    templates: dict[str, Any] = {one.stack_name: one.template["Resources"] for one in stacks}
    assert list(templates["dev-PublicRepositories"]) == ["PublicRepositorytoolsSlashcli"]
    (policy,) = (
        one["Properties"]["PolicyDocument"]["Statement"]
        for one in templates["dev-GitHubAccess"].values()
        if one["Type"] == "AWS::IAM::Policy"
    )
    assert [statement["Resource"] for statement in policy] == [
        "arn:aws:ecr:us-east-1:111111111111:repository/team/api",
        # The logins to both registries.
        "*",
        "arn:aws:ecr-public::111111111111:repository/tools/cli",
    ]
    assert policy[1]["Action"] == [
        "ecr-public:GetAuthorizationToken",
        "ecr:GetAuthorizationToken",
        "sts:GetServiceBearerToken",
    ]


def test_another_region_is_refused_once(folder: Path) -> None:
    assert refusal(
        folder,
        "public_repositories: [{name: tools/cli}, {name: tools/b}, {name: C}]\n",
        HEAD.replace("us-east-1", "eu-west-1"),
    )[:1] == [
        "public_repositories: a public repository must be in us-east-1, the only region in which "
        "CloudFormation creates it, got 'eu-west-1'. Declare it in a stack or an environment file "
        "of us-east-1; everyone pulls from there."
    ]


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        (
            "encryption: aes256",
            "encryption: a public repository has no encryption: everyone may read its images, so "
            "ECR Public takes no KMS key. Remove encryption, or declare the repository in "
            "`repositories`, which are private.",
        ),
        (
            "lifecycle: standard",
            "lifecycle: a public repository has no lifecycle: ECR Public never deletes an image by "
            "itself. Delete images with a job of your own. Remove lifecycle, or declare the "
            "repository in `repositories`, which are private.",
        ),
        (
            "pull: {}",
            "pull: a public repository has no pull: everyone may pull from a public repository, "
            "and no policy can deny it. Remove pull, or declare the repository in `repositories`, "
            "which are private.",
        ),
        (
            "abuot: docs/about.md",
            "abuot: there is no such setting; did you mean 'about'? Known: name, description, "
            "about, usage, logo, architectures, operating_systems, push, statements, removal, "
            "tags.",
        ),
        (
            "about: ../secret.md",
            "about: a file must be in the folder 'environments' of the environment file, got "
            "'../secret.md'. Move the file there. Write a text itself as {text: ...}.",
        ),
        (
            "about: /etc/hostname",
            "about: a file must be in the folder 'environments' of the environment file, got "
            "'/etc/hostname'. Move the file there. Write a text itself as {text: ...}.",
        ),
        (
            "about: link.md",
            "about: a file must be in the folder 'environments' of the environment file, got "
            "'link.md'. Move the file there. Write a text itself as {text: ...}.",
        ),
        (
            "usage: docs/uasge.md",
            "usage: there is no file 'docs/uasge.md' in the folder 'environments' of the "
            "environment file. Write a path relative to that folder. Write a text itself as "
            "{text: ...}.",
        ),
        (
            "logo: docs",
            "logo: there is no file 'docs' in the folder 'environments' of the environment file. "
            "Write a path relative to that folder.",
        ),
        (
            'logo: "\\0"',
            "logo: cannot read '\\x00': it is no path of a file. Write the path of a file.",
        ),
        (
            'about: "# About\\nUse it."',
            "about: a text of several lines is no path. Write it as {text: ...}.",
        ),
        (
            "about: logo.png",
            "about: the file 'logo.png' must be text in UTF-8. Save it in UTF-8.",
        ),
        (
            "about: {file: docs/about.md}",
            "about.text: this setting is required, got none. Add it.",
        ),
        (
            "logo: docs/usage.md",
            "logo: a logo must be a PNG image, got a file that does not begin as one. Convert it "
            "to PNG.",
        ),
        (
            "description: ''",
            "description: description must have 1 to 1,024 characters in CloudFormation, got 0. "
            "Write some, or remove description.",
        ),
        (
            "architectures: [amd64]",
            "architectures[0]: one of 'ARM', 'ARM 64', 'x86' or 'x86-64' is expected here, got "
            "'amd64'.",
        ),
        (
            "operating_systems: [Linux, Linux]",
            "operating_systems[1]: 'Linux' is already listed at [0]. Remove one of them.",
        ),
        (
            "push: {organization: true}",
            "push.organization: organization requires the environment's organization_id, which is "
            "missing. Write it at the top of the file, such as 'organization_id: o-a1b2c3d4e5'.",
        ),
        (
            "push: {lambda_accounts: []}",
            "push.lambda_accounts: there is no such setting; did you mean 'accounts'? Known: "
            "accounts, roles, users, sessions, organization, organizations, organization_paths, "
            "github.",
        ),
        (
            "statements: [{Effect: Allow, Principal: '*', Action: 'ecr:*'}]",
            "statements[0].Action: a public repository's policy can have only ECR Public's "
            "actions, got 'ecr:*'. Write one such as 'ecr-public:PutImage'.",
        ),
        (
            "tags: {'aws:a': b}",
            "tags.aws:a: a tag's key cannot begin with 'aws:', which AWS reserves, got 'aws:a'. "
            "Choose another key.",
        ),
    ],
)
def test_an_invalid_setting_is_refused(folder: Path, settings: str, sentence: str) -> None:
    (folder.parent / "secret.md").write_text("secret")
    (folder / "link.md").symlink_to(folder.parent / "secret.md")
    found = refusal(folder, one(settings))
    prefix = PUBLIC + ("" if sentence.startswith("[") else ".")
    assert f"{prefix}{sentence}" in [item.replace("\x00", "\\x00") for item in found]


def test_all_faults_of_a_repository_come_at_once(folder: Path) -> None:
    found = refusal(
        folder,
        one("about: none.md\nlogo: none.png\nremoval: destroy\ntags: {'aws:a': b}"),
        f"{HEAD}protected: true\nrequired_tags: {{team: []}}\n",
    )
    assert [fault.partition(":")[0] for fault in found] == [
        f"{PUBLIC}.about",
        f"{PUBLIC}.logo",
        f"{PUBLIC}.removal",
        f"{PUBLIC}.tags.aws",
        f"{PUBLIC}.tags.team",
    ]


def test_a_text_and_a_logo_have_limits(folder: Path) -> None:
    (folder / "long.md").write_text("ä" * LONGEST_TEXT)
    (folder / "large.png").write_bytes(PNG.ljust(LARGEST_LOGO_BYTES, b"x"))
    assert load(folder, one("about: long.md\nlogo: large.png")).public_repositories
    (folder / "long.md").write_text("ä" * (LONGEST_TEXT + 1))
    (folder / "huge.md").write_bytes(b"x" * (4 * LONGEST_TEXT + 1))
    (folder / "large.png").write_bytes(PNG.ljust(LARGEST_LOGO_BYTES + 1, b"x"))
    assert refusal(folder, one("about: long.md\nusage: huge.md\nlogo: large.png")) == [
        f"{PUBLIC}.about: about must have 1 to 10,240 characters in CloudFormation, got 10,241. "
        "Shorten it, and link to the full text.",
        f"{PUBLIC}.usage: the file 'huge.md' can have at most 40,960 bytes, got 40,961. Write a "
        "text itself as {text: ...}.",
        f"{PUBLIC}.logo: the file 'large.png' can have at most 512,000 bytes, got 512,001.",
    ]


def test_a_file_that_never_ends_is_not_read(folder: Path) -> None:
    os.mkfifo(folder / "pipe.md")
    (fault,) = refusal(folder, one("about: pipe.md"))
    assert fault.startswith(f"{PUBLIC}.about: there is no file 'pipe.md' in the folder")


def test_a_name_occurs_once_among_the_public_repositories_alone(folder: Path) -> None:
    assert refusal(
        folder, "public_repositories: [{name: cli}, {name: cli}]\nrepositories: [{name: cli}]\n"
    ) == [
        "public_repositories[1].name: the name 'cli' is taken by public_repositories[0]. Choose "
        "another one."
    ]


def test_the_texts_of_all_repositories_fit_in_one_template(folder: Path) -> None:
    (folder / "about.md").write_text("x" * LONGEST_TEXT)
    many = "".join(
        f"  - {{name: cli-{index}, about: about.md, usage: about.md}}\n" for index in range(47)
    )
    head = "public_repositories:\n"
    assert len(load(folder, head + many).public_repositories) == 47
    more = f"{many}  - {{name: cli, about: about.md, usage: about.md}}\n"
    (fault,) = refusal(folder, head + more)
    assert fault.startswith(
        f"public_repositories: a CloudFormation template has at most {MAXIMUM_TEMPLATE_BYTES:,} "
        "bytes, got about "
    )
    assert fault.endswith(
        " for the public repositories. Shorten their texts. Declare the others in another "
        "environment file of the account."
    )


def test_one_stack_has_at_most_500_public_repositories(folder: Path) -> None:
    def names(count: int) -> str:
        listed = ", ".join(f"{{name: cli-{index}}}" for index in range(count))
        return f"public_repositories: [{listed}]\n"

    assert len(load(folder, names(500)).public_repositories) == 500
    assert refusal(folder, names(501)) == [
        "public_repositories: a CloudFormation stack takes at most 500 resources, got 501 public "
        "repositories. Declare the others in another environment file of the account."
    ]
