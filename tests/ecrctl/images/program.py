"""The program with a repository behind ECR's quirks, and its runs in this process."""

from __future__ import annotations

import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from ecrctl import cli
from ecrctl.aws.clients import Aws
from ecrctl.local.emulator import Emulator

from .servers.debian import PASSWORD, TokenServer
from .servers.quirks import Quirks

ACCOUNT = "000000000000"
HOST = f"{ACCOUNT}.dkr.ecr.us-east-1.amazonaws.com"
FILE = """\
account: "000000000000"
region: us-east-1
repositories:
  - name: {name}
  - {{name: {name}-dev, tag_immutability: {{mode: MUTABLE}}}}
"""


@dataclass(frozen=True, slots=True)
class End:
    """The end of a run."""

    code: int
    out: str
    err: str

    @property
    def last(self) -> str:
        """The last line of the output."""
        return self.out.splitlines()[-1]

    @property
    def sentence(self) -> str:
        """The message of an error, which must be the only line after the blobs' lines."""
        lines = self.err.splitlines()
        assert "Traceback" not in self.err
        assert lines[-1].startswith("ecrctl: "), self.err
        return lines[-1].removeprefix("ecrctl: ")


@dataclass
class Program:
    """The program in a folder with one environment, ``dev``.

    :param name: its repository, with immutable tags; another one's name ends in ``-dev``.
    :param secrets: what may be in no output and no file.
    """

    folder: Path
    name: str
    quirks: Quirks
    capsys: pytest.CaptureFixture[str]
    secrets: list[str] = field(default_factory=list)

    def run(self, *arguments: str) -> End:
        """Run a command, and search its output for secrets."""
        signals = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
        handlers = {number: signal.getsignal(number) for number in signals}
        self.capsys.readouterr()
        with pytest.MonkeyPatch.context() as patched:
            patched.setattr(sys, "argv", ["ecrctl", "--environments", str(self.folder), *arguments])
            with pytest.raises(SystemExit) as end:
                cli.main()
        for number, handler in handlers.items():
            signal.signal(number, handler)
        shown = self.capsys.readouterr()
        assert not [one for one in self.secrets if one in shown.out + shown.err]
        return End(int(end.value.code or 0), shown.out, shown.err)

    def push(self, source: Path | str, tag: str = "v1", *options: str) -> End:
        """Push an image to the repository with immutable tags."""
        text = f"oci:{source}" if isinstance(source, Path) else source
        return self.run("push", "dev", f"{self.name}:{tag}", "--from", text, *options)

    def pull(self, target: Path | str, reference: str = ":v1", *options: str) -> End:
        """Pull an image of the repository with immutable tags."""
        text = f"oci:{target}" if isinstance(target, Path) else target
        return self.run("pull", "dev", f"{self.name}{reference}", text, *options)


@contextmanager
def program_at(
    registry: int,
    emulator: Emulator,
    place: tuple[Path, str],
    capsys: pytest.CaptureFixture[str],
    tokens: TokenServer | None = None,
) -> Iterator[Program]:
    """Run ECR's quirks before a registry; yield a program whose AWS and registry they are.

    :param registry: the registry's port.
    :param place: the folder of the environment, and the name of the repository.
    """
    folder, name = place
    aws: Aws = emulator.clients()
    token = aws.ecr.get_authorization_token()["authorizationData"][0]["authorizationToken"]
    if tokens:
        tokens.accepted.add(token)
    (folder / "dev.yaml").write_text(FILE.format(name=name))
    with (
        pytest.MonkeyPatch.context() as patched,
        Quirks(registry, aws=emulator.port).running() as quirks,
    ):
        for variable, value in emulator.variables().items():
            patched.setenv(variable, value)
        patched.setenv("AWS_ENDPOINT_URL", quirks.url)
        patched.setenv("XDG_CACHE_HOME", str(folder / "cache"))
        yield Program(folder, name, quirks, capsys, [token, PASSWORD, "very-secret"])
