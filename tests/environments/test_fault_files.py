"""Each fault is reported in the file that its reader corrects."""

from __future__ import annotations

from pathlib import Path

from environments.loading import load_environment
from tests.environments.test_loading import DIGEST, HEAD, refusal, write


def test_a_fault_is_reported_in_its_own_file_alone(tmp_path: Path) -> None:
    pins = f"web: {{registry: central, repository: team/web, digest: {DIGEST}}}\n"
    central = (
        'account: "222222222222"\nregion: us-west-2\n'
        "repositories: [{name: team/web, scan: 1, pull: {accounts: ['111111111111']}}]\n"
    )
    twice = "repositories: [{name: a/b}, {name: a/b}]\n"
    write(tmp_path, dev=HEAD + twice, dev_images=pins, central=central)
    dev, dev_fault, registry, registry_fault = refusal(tmp_path).splitlines()
    assert (dev, registry) == (
        f"{tmp_path.name}/dev.yaml: 1 fault",
        f"{tmp_path.name}/central.yaml: 1 fault",
    )
    assert dev_fault.startswith(
        "  - line 3 column 30, repositories[1].name: the name 'a/b' is taken"
    )
    assert registry_fault.startswith(
        "  - line 3 column 33, repositories[0].scan: there is no such setting"
    )


def test_a_pin_can_name_its_own_environment_as_the_registry(tmp_path: Path) -> None:
    pins = f"web: {{registry: dev, repository: team/web, digest: {DIGEST}}}\n"
    repositories = "repositories: [{name: team/web}]\n"
    write(tmp_path, dev=HEAD + repositories, dev_images=pins)
    load_environment("dev", tmp_path)
    twice = "repositories: [{name: team/web}, {name: team/web}]\n"
    write(tmp_path, dev=HEAD + twice)
    assert "dev.yaml: 1 fault\n  - line 3 column 35, repositories[1].name: " in refusal(tmp_path)


def test_pins_that_are_no_mapping_are_reported_beside_the_environment(tmp_path: Path) -> None:
    task = "ecs_tasks: [{name: web, image: web, memory_mib: 64}]\n"
    said = refusal(write(tmp_path, dev=HEAD + task, dev_images="5"))
    assert (
        "dev.yaml: 1 fault\n  - line 3 column 25, ecs_tasks[0].image: the image 'web' has no pin"
        in said
    )
    assert "dev.images.yaml: 1 fault\n  - a mapping is expected here, got '5'." in said


def test_nothing_is_missed_in_a_file_that_cannot_be_read(tmp_path: Path) -> None:
    task = "ecs_tasks: [{name: web, image: web, memory_mib: 64}]\n"
    said = refusal(write(tmp_path, dev=HEAD + task, dev_images="web: ["))
    assert said.splitlines() == [
        f"{tmp_path.name}/dev.images.yaml: 1 fault",
        "  - the file is not valid YAML: line 2 column 1: did not find expected node content",
    ]
    pins = f"web: {{registry: central, repository: team/web, digest: {DIGEST}}}\n"
    said = refusal(write(tmp_path, dev=HEAD + task, dev_images=pins, central="account: ["))
    assert said.splitlines() == [
        f"{tmp_path.name}/central.yaml: 1 fault",
        "  - the file is not valid YAML: line 2 column 1: did not find expected node content",
    ]
