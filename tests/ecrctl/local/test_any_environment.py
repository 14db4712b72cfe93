"""Any environment on the embedded AWS, step by step: the deployments and AWS are replaced."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, cast

import pytest
from rich.console import Console

from ecrctl.cdk.assemblies import Stack
from ecrctl.console import Steps
from ecrctl.local import any_environment
from ecrctl.local.any_environment import Rehearsal
from ecrctl.local.commands import Commands
from ecrctl.local.left_out import LeftOut
from ecrctl.local.sample_image import sample_image
from ecrctl.verify.check import Check
from ecrctl.verify.command import Verification
from environments.loading import load_environment
from environments.reading import read_pins

ACCOUNT, SHARED = "999988887777", "555566667777"
REGION, SHARED_REGION = "eu-central-1", "eu-west-3"
OLD = f"sha256:{'1' * 64}"
NEW = sample_image().digest
FILES = {
    "mine.yaml": f"""\
account: "{ACCOUNT}"
region: {REGION}
repositories: [{{name: team/api}}, {{name: own}}, {{name: web}}]
ecs_tasks:
  - {{name: public, image: base, memory_mib: 64}}
  - {{name: tagged, image: tagged, memory_mib: 64}}
  - {{name: pinned, image: pinned, memory_mib: 64}}
  - {{name: far, image: far, memory_mib: 64}}
  - {{name: far-by-tag, image: far-by-tag, memory_mib: 64}}
  - {{name: digest, image: digest, memory_mib: 64}}
  - {{name: web, image: web, memory_mib: 64}}
""",
    "mine.images.yaml": f"""\
base: {{registry: public.ecr.aws, repository: docker/library/alpine, tag: "3", digest: "{OLD}"}}
tagged: {{repository: team/api, tag: v7}}
pinned: {{repository: own, tag: v3, digest: "{OLD}"}}
far: {{registry: shared, repository: tools/far, tag: v2, digest: "{OLD}"}}
far-by-tag: {{registry: shared, repository: tools/far, tag: v5}}
digest: {{repository: team/api, digest: "{OLD}"}}
""",
    "shared.yaml": f"""\
account: "{SHARED}"
region: {SHARED_REGION}
repositories: [{{name: tools/far, pull: {{accounts: ["{ACCOUNT}"]}}}}]
""",
}
FOUND = Check("team/api@1", "image", "present", "missing")


@dataclass
class Recorded:
    """The embedded AWS, and every command against it, with the account and region."""

    output: Path
    calls: list[tuple[Any, ...]] = field(default_factory=list)
    place: tuple[str, str] = ("", "")

    def at(self, account: str, region: str) -> Recorded:
        """Return the commands for an account and region."""
        return replace(self, place=(account, region))

    @property
    def emulator(self) -> Recorded:
        """The embedded AWS of the place."""
        return self

    def clients(self) -> tuple[str, str]:
        """Return the place, in place of its clients."""
        return self.place

    def bootstrap(self, region: str) -> None:
        """Record a call."""
        self.calls.append((self.place, "bootstrap", region))

    def ecrctl(self, folder: Path, *arguments: str) -> str:
        """Record a call."""
        self.calls.append((self.place, folder.name, *arguments))
        return ""

    def deploy_assembly(self, assembly: Path, stacks: Sequence[Stack]) -> None:
        """Record a call."""
        names = [one.name for one in stacks]
        self.calls.append((self.place, str(assembly.relative_to(self.output)), *names))


def stack(name: str, **resources: Any) -> Stack:
    """Return a stack with these resources; one that has none has no such part either."""
    template = {"Resources": resources} if resources else {}
    return Stack(name=name, account=ACCOUNT, region=REGION, template=template)


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> list[tuple[Any, ...]]:
    """Replace the synth and AWS; return what was made and verified."""
    calls: list[tuple[Any, ...]] = []

    def stacks_of(assembly: Path) -> list[Stack]:
        name = assembly.name
        return [
            stack(f"{name}/Encryption", Key={}),
            stack(f"{name}/Repositories-main", Api={}),
            stack(f"{name}/EcsWorkloads", Task={}),
            stack(f"{name}/GitHubAccess"),
        ]

    def synthesise(name: str, folder: Path, output: Path) -> Path:
        assert (folder.name, output.is_dir()) == ("files", True)
        return output.parent / name

    def verify(settings: Any, stacks: Sequence[Stack], aws: object) -> Verification:
        calls.append(("verify", settings.name, [one.name for one in stacks], aws))
        # The pins are read now, and not before their images exist.
        assert bool(settings.ecs_tasks) == (settings.name == "mine")
        return Verification(files=[FOUND], stacks={"a": [FOUND]})

    def left_out(stacks: Sequence[Stack], aws: object) -> list[LeftOut]:
        calls.append(("leave out", [one.name for one in stacks][-1], aws))
        return [cast("LeftOut", stacks[-1].name)]

    def prerequisites(declared: Any, stacks: Sequence[Stack], aws: object) -> list[str]:
        calls.append(("make", declared.name, len(stacks), aws))
        return ["role a", "role b"] if declared.name == "mine" else []

    def explained(check: Check, found: Sequence[LeftOut]) -> Check:
        return replace(check, reason=f"{check.reason}explained by {found}")

    monkeypatch.setattr(any_environment, "stacks_of", stacks_of)
    monkeypatch.setattr(any_environment, "synthesise", synthesise)
    monkeypatch.setattr(any_environment, "leave_out", left_out)
    monkeypatch.setattr(any_environment, "make_prerequisites", prerequisites)
    monkeypatch.setattr(any_environment, "verify", verify)
    monkeypatch.setattr(any_environment, "explained", explained)
    monkeypatch.setattr(any_environment, "check_schemas", lambda _: [replace(FOUND, what="schema")])
    monkeypatch.setattr(any_environment, "check_deployed_image", lambda *_: [])
    return calls


@pytest.fixture
def rehearsal(tmp_path: Path) -> Rehearsal:
    """Return a deployment of a copy of the files."""
    folder = tmp_path / "files"
    folder.mkdir()
    for name, text in FILES.items():
        (folder / name).write_text(text)
    commands = Recorded(tmp_path / "output")
    commands.output.mkdir()
    return Rehearsal(cast("Commands", commands), Steps(Console(width=200)), folder)


def calls_of(rehearsal: Rehearsal) -> list[tuple[Any, ...]]:
    """Return the commands against the embedded AWS."""
    return cast("Recorded", rehearsal.commands).calls


def test_an_environment_follows_its_registries_and_its_workloads_follow_its_repositories(
    rehearsal: Rehearsal, made: list[tuple[Any, ...]]
) -> None:
    with rehearsal.steps.console.capture() as shown:
        rehearsal.deploy("mine")
    here, there = (ACCOUNT, REGION), (SHARED, SHARED_REGION)
    assert [call for call in calls_of(rehearsal) if "push" not in call] == [
        (there, "bootstrap", SHARED_REGION),
        (there, "shared/cdk.out", "shared/Encryption", "shared/Repositories-main"),
        (
            *(there, "shared/cdk.out", "shared/Encryption", "shared/Repositories-main"),
            "shared/EcsWorkloads",
        ),
        (here, "bootstrap", REGION),
        (here, "mine/cdk.out", "mine/Encryption", "mine/Repositories-main"),
        (here, "mine/cdk.out", "mine/Encryption", "mine/Repositories-main", "mine/EcsWorkloads"),
    ]
    deployed = ["mine/Encryption", "mine/Repositories-main", "mine/EcsWorkloads"]
    assert [call for call in made if "shared" not in str(call)] == [
        ("leave out", "mine/GitHubAccess", here),
        ("make", "mine", 3, here),
        ("leave out", "mine/GitHubAccess", here),
        ("verify", "mine", deployed, here),
    ]
    assert {name: [*map(str, listed)] for name, listed in rehearsal.left_out.items()} == {
        "shared": ["shared/GitHubAccess"],
        "mine": ["mine/GitHubAccess"],
    }
    steps = [re.sub(r" \(\d+\.\d s\)$", "", line) for line in shown.get().splitlines()]
    assert steps == [
        f"ok Bootstrap the account of 'shared': {SHARED}, {SHARED_REGION}",
        "ok Make what 'shared' expects in its account: nothing",
        "ok Deploy the repositories of 'shared': 1 repository",
        "ok Push the sample image for the pins of 'shared': no workload runs an image of ECR",
        "ok Deploy everything of 'shared': 3 stacks",
        "ok Verify 'shared': 3 checks",
        f"ok Bootstrap the account of 'mine': {ACCOUNT}, {REGION}",
        "ok Make what 'mine' expects in its account: role a, role b",
        "ok Deploy the repositories of 'mine': 3 repositories",
        "ok Push the sample image for the pins of 'mine': "
        "digest, far, far-by-tag, pinned, tagged, web",
        "ok Deploy everything of 'mine': 3 stacks",
        "ok Verify 'mine': 3 checks",
    ]


def test_what_was_left_out_explains_the_checks_of_files_alone(
    rehearsal: Rehearsal, made: list[tuple[Any, ...]]
) -> None:
    rehearsal.deploy("shared")
    found = rehearsal.verified["shared"]
    reason = "explained by ['shared/GitHubAccess']"
    assert list(found.files) == [
        replace(FOUND, reason=reason),
        replace(FOUND, what="schema", reason=reason),
    ]
    assert found.stacks == {"a": [FOUND]}
    assert [call[0] for call in made] == ["leave out", "make", "leave out", "verify"]


ABSENT_TASK = "  - {name: absent, image: absent, memory_mib: 64}\n"
ABSENT_PIN = f'absent: {{repository: not/declared, tag: v1, digest: "{OLD}"}}\n'


def test_a_pin_of_a_repository_that_is_not_declared_is_left_to_the_check_of_files(
    rehearsal: Rehearsal,
) -> None:
    for name, line in (("mine.yaml", ABSENT_TASK), ("mine.images.yaml", ABSENT_PIN)):
        file = rehearsal.folder / name
        # The first of the images, so that the others are pushed after it.
        head, mark, rest = file.read_text().partition("ecs_tasks:\n")
        file.write_text(head + mark + line + rest)
    pushed(rehearsal)
    assert read_pins(rehearsal.folder / "mine.images.yaml").pins["absent"].digest == OLD


def pushed(rehearsal: Rehearsal) -> list[tuple[Any, ...]]:
    """Return the pushes to the registries, in the order of the images' names."""
    declared = load_environment("mine", rehearsal.folder, with_pins=False)
    names = rehearsal._push(declared)
    assert names == ["digest", "far", "far-by-tag", "pinned", "tagged", "web"]
    return calls_of(rehearsal)


def test_the_sample_image_is_pushed_under_the_tag_of_each_pin(rehearsal: Rehearsal) -> None:
    here, there = (ACCOUNT, REGION), (SHARED, SHARED_REGION)
    layout = f"oci:{rehearsal.commands.output / 'image'}"
    assert pushed(rehearsal) == [
        (here, "files", "push", "mine", "team/api:v1", "--from", layout),
        (there, "files", "push", "shared", "tools/far:v2", "--from", layout),
        (there, "files", "push", "shared", "tools/far:v5", "--from", layout),
        (here, "files", "push", "mine", "own:v3", "--from", layout),
        (here, "files", "push", "mine", "team/api:v7", "--from", layout),
        (here, "files", "push", "mine", "web:v1", "--from", layout),
    ]
    assert (rehearsal.commands.output / "image" / "index.json").is_file()


def test_pins_by_digest_and_missing_ones_name_the_sample_image(rehearsal: Rehearsal) -> None:
    pushed(rehearsal)
    pins = read_pins(rehearsal.folder / "mine.images.yaml").pins
    found = {
        name: (pin.registry, pin.repository, pin.tag, pin.digest) for name, pin in pins.items()
    }
    assert found == {
        "base": ("public.ecr.aws", "docker/library/alpine", "3", OLD),
        "tagged": (None, "team/api", "v7", None),
        "pinned": (None, "own", "v3", NEW),
        "far": ("shared", "tools/far", "v2", NEW),
        "far-by-tag": ("shared", "tools/far", "v5", None),
        "digest": (None, "team/api", "v1", NEW),
        "web": (None, "web", "v1", NEW),
    }


def test_images_of_another_account_are_read_in_it(
    rehearsal: Rehearsal, monkeypatch: pytest.MonkeyPatch
) -> None:
    pushed(rehearsal)
    settings = load_environment("mine", rehearsal.folder)
    read: list[tuple[Any, ...]] = []

    def check(image: Any, account: str, aws: object) -> list[Check]:
        read.append((image.repository, account, aws))
        return [Check(image.repository, "image", "present", "present")]

    monkeypatch.setattr(any_environment, "check_deployed_image", check)
    missing = Check("tools/far", "image", "present", "missing")
    others = [Check("tools/far", "tag", "v2", "v3"), Check("own", "image", "present", "missing")]
    found = any_environment._with_images([missing, *others], settings, rehearsal.commands)
    assert found == [replace(missing, found="present"), *others]
    there = (SHARED, SHARED_REGION)
    assert read == [("tools/far", SHARED, there)] * 2
