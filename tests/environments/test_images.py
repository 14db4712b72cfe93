"""Images that an environment builds, in its file."""

from __future__ import annotations

from pathlib import Path

import pytest

from environments.faults import EnvironmentFault
from environments.loading import load_environment
from environments.model.images import BuildModel, ImageModel

HEAD = """\
account: "111111111111"
region: us-west-2
repositories: [{name: team/api}]
"""


def builds(folder: Path, build: str, repository: str = "team/api") -> dict[str, ImageModel]:
    """Return the images of a file with one."""
    images = f"images: {{api: {{repository: {repository}, build: {build}}}}}\n"
    (folder / "dev.yaml").write_text(HEAD + images)
    return dict(load_environment("dev", folder).builds)


def faults(folder: Path, build: str, repository: str = "team/api") -> list[str]:
    """Return the faults of a file with one image, without their lines."""
    with pytest.raises(EnvironmentFault) as error:
        builds(folder, build, repository)
    return [line.partition(", ")[2] for line in str(error.value).splitlines()[1:]]


def test_a_word_is_the_folder_of_the_dockerfile(tmp_path: Path) -> None:
    assert builds(tmp_path, "services/api") == {
        "api": ImageModel(repository="team/api", build=BuildModel(context="services/api"))
    }
    build = builds(tmp_path, "services/api")["api"].build
    assert (build.dockerfile, build.platforms, build.tag) == ("Dockerfile", ("linux/amd64",), None)


def test_a_mapping_has_every_setting(tmp_path: Path) -> None:
    given = (
        "{context: ., dockerfile: docker/Dockerfile, target: final, tag: v1, "
        "platforms: [linux/arm64, linux/arm/v7], arguments: {VERSION: '1'}}"
    )
    assert builds(tmp_path, given)["api"].build == BuildModel(
        context=".",
        dockerfile="docker/Dockerfile",
        target="final",
        platforms=("linux/arm64", "linux/arm/v7"),
        arguments={"VERSION": "1"},
        tag="v1",
    )


def test_without_images_nothing_is_built(tmp_path: Path) -> None:
    (tmp_path / "dev.yaml").write_text(HEAD)
    assert load_environment("dev", tmp_path).builds == {}


def test_the_repository_is_one_of_the_environment(tmp_path: Path) -> None:
    assert faults(tmp_path, "api", "team/apu") == [
        "images.api.repository: this environment declares no repository 'team/apu'; did you mean "
        "'team/api'? Known: team/api."
    ]


@pytest.mark.parametrize("path", ["/api", "../api", "a/../../b", "'-f'", "''", "'a\\b'"])
def test_a_path_stays_inside_its_folder(tmp_path: Path, path: str) -> None:
    (fault,) = faults(tmp_path, path)
    shown = path.strip("'")
    assert fault == (
        "images.api.build: a path must be relative and stay inside its folder, with / between its "
        f"parts, got '{shown}'. Write it like 'services/api'."
    )


@pytest.mark.parametrize(
    ("setting", "fault"),
    [
        (
            "platforms: [windows/amd64]",
            "platforms[0]: a platform must be linux and an architecture, got 'windows/amd64'. "
            "Write it like 'linux/amd64'.",
        ),
        (
            "platforms: []",
            "platforms: platforms must have at least one platform, and each of them once.",
        ),
        (
            "platforms: [linux/amd64, linux/amd64]",
            "platforms: platforms must have at least one platform, and each of them once.",
        ),
        (
            "target: --push",
            "target: target must be the name of a stage in the Dockerfile, got '--push'.",
        ),
        (
            "tag: latest",
            "tag: an image cannot be deployed by the tag 'latest', which identifies no version. "
            "Write the image's digest, or a tag that names its version.",
        ),
        (
            "arguments: {a-b: c}",
            "arguments: the name of a build argument must have letters, digits and '_', and cannot "
            "begin with a digit, got 'a-b'.",
        ),
        *(
            (
                f"arguments: {{{name}: c}}",
                f"arguments: the build argument '{name}' looks like a secret, and everyone who can "
                "pull the image can read it. Mount the secret while the image is built, with "
                "RUN --mount=type=secret.",
            )
            for name in ("NPM_TOKEN", "db_password", "APIKEY", "AWS_SECRET_ACCESS_KEY")
        ),
        (
            "stage: v1",
            "stage: there is no such setting; did you mean 'tag'? Known: context, dockerfile, "
            "target, platforms, arguments, tag.",
        ),
    ],
)
def test_a_fault_names_the_setting(tmp_path: Path, setting: str, fault: str) -> None:
    assert faults(tmp_path, f"{{context: api, {setting}}}") == [f"images.api.build.{fault}"]
