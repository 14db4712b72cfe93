"""Two environments of two accounts and regions, whose AWS and registries are behind a proxy."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import boto3
import pytest

from ecrctl.aws.clients import Aws
from ecrctl.images.stores.ecr import EcrRepository
from ecrctl.local.emulator import Emulator
from tests.ecrctl.images.program import End, Program
from tests.ecrctl.images.samples import Bundle, layer
from tests.ecrctl.images.servers.quirks import Quirks

SOURCE, TARGET = ("111111111111", "us-east-1"), ("222222222222", "eu-west-1")
BUILD = "images: {{api: {{repository: {}, build: services/api}}}}\n"
WORKLOAD = "ecs_tasks: [{name: api, image: api, memory_mib: 64, awaiting_image: true}]\n"


@dataclass
class Pair:
    """Two environments, ``dev`` and ``prod``.

    :param name: a repository of both, with immutable tags.
    """

    program: Program
    name: str
    emulator: Emulator

    @property
    def quirks(self) -> Quirks:
        """The proxy before AWS and the registries."""
        return self.program.quirks

    def aws(self, place: tuple[str, str]) -> Aws:
        """Return clients of an account and region."""
        account, region = place
        session = boto3.Session(account, "local", region_name=region)
        return Aws(session, region, self.emulator.endpoint_url)

    def repository(self, place: tuple[str, str], name: str | None = None) -> EcrRepository:
        """Return a repository of an account."""
        return EcrRepository.of_account(self.aws(place), place[0], name or self.name, writable=True)

    def create(self, place: tuple[str, str], name: str, mutability: str = "IMMUTABLE") -> None:
        """Create a repository."""
        self.aws(place).ecr.create_repository(
            repositoryName=name,
            imageTagMutability=mutability,  # type: ignore[arg-type]
        )

    def write(
        self,
        *,
        dev: str | None = None,
        prod: str = WORKLOAD,
        name: str | None = None,
        setting: str = "",
    ) -> None:
        """Write the files of both environments; their repositories are the test's own.

        :param dev: what ``dev`` declares besides; by default the build of the image ``api``.
        :param setting: a setting of the repository of ``prod``.
        """
        dev = BUILD.format(self.name) if dev is None else dev
        for environment, (account, region), more in (("dev", SOURCE, dev), ("prod", TARGET, prod)):
            repository = (name or self.name) if environment == "prod" else self.name
            more_of_it = f", {setting}" if setting and environment == "prod" else ""
            (self.program.folder / f"{environment}.yaml").write_text(
                f'account: "{account}"\nregion: {region}\n'
                f"repositories: [{{name: {repository}{more_of_it}}}]\n{more}"
            )

    def promote(self, *arguments: str) -> End:
        """Run ``ecrctl promote dev prod`` with the credentials of both accounts."""
        profiles = ("--src-profile", "dev", "--dst-profile", "prod")
        return self.program.run("promote", "dev", "prod", *arguments, *profiles)

    def push(self, bundle: Bundle, image: dict[str, object], tag: str = "v1") -> str:
        """Push an image to ``dev``, and return its digest."""
        folder = bundle.write(self.program.folder / f"layout-{secrets.token_hex(4)}", {tag: image})
        end = self.program.run("push", "dev", f"{self.name}:{tag}", "--from", f"oci:{folder}")
        assert end.code == 0, end.err
        return str(image["digest"])

    @property
    def pins(self) -> str:
        """The pins of ``prod``."""
        path = self.program.folder / "prod.images.yaml"
        return path.read_text() if path.exists() else ""


@pytest.fixture
def pair(
    emulator: Emulator,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Pair]:
    """Return two environments on the embedded AWS."""
    name = f"team/api-{secrets.token_hex(4)}"
    for variable, value in emulator.variables().items():
        monkeypatch.setenv(variable, value)
    credentials = tmp_path / "credentials"
    credentials.write_text(
        "".join(
            f"[{profile}]\naws_access_key_id = {account}\naws_secret_access_key = local\n"
            for profile, (account, _) in (("dev", SOURCE), ("prod", TARGET))
        )
    )
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(credentials))
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", SOURCE[0])
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.chdir(tmp_path)
    with Quirks(emulator.port).running() as quirks:
        monkeypatch.setenv("AWS_ENDPOINT_URL", quirks.url)
        found = Pair(Program(tmp_path, name, quirks, capsys), name, emulator)
        for place in (SOURCE, TARGET):
            found.create(place, name)
        found.write()
        yield found
    for place in (SOURCE, TARGET):
        found.aws(place).ecr.delete_repository(repositoryName=name, force=True)


@pytest.fixture
def bundle() -> Bundle:
    """Return an empty bundle."""
    return Bundle()


@pytest.fixture
def image(bundle: Bundle) -> dict[str, object]:
    """Return an index of two platforms."""
    return bundle.index(
        bundle.image(layer(1), layer(2, 300_000)),
        bundle.image(layer(3), architecture="arm64"),
    )
