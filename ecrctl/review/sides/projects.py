"""Projects: a CDK app in a git repository, and the command that synthesises one of its commits."""

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from ecrctl.cdk import toolchain
from ecrctl.cdk.commit_toolchain import tools_for
from ecrctl.cdk.toolchain import Tools
from ecrctl.errors import UserError


@dataclass(frozen=True, slots=True, kw_only=True)
class SynthCommand:
    """The command that synthesises an app.

    :param folder: the folder of the app, in which the command runs.
    :param arguments: the arguments of ``cdk synth`` that the app requires.
    """

    folder: Path
    tools: Tools
    arguments: tuple[str, ...] = ()


class Project(Protocol):
    """A CDK app in a git repository."""

    @property
    def repository(self) -> Path:
        """Return the top folder of the git repository."""

    @property
    def logs(self) -> Path:
        """Return the folder for the logs of failed synths."""

    @property
    def assemblies(self) -> Path | None:
        """Return the folder for assemblies; ``None`` if they depend on more than a commit."""

    def synth_command(self, source: Path) -> SynthCommand:
        """Return the command that synthesises the files of one commit.

        :param source: a folder with all files of the commit.
        """


@dataclass(frozen=True, slots=True)
class OwnProject:
    """The project of this program: its tools are pinned, and installed if a commit requires others.

    :param environments: the environments' folder in the working tree.
    """

    environments: Path

    @property
    def repository(self) -> Path:
        """Return the folder of this project."""
        return toolchain.ROOT

    @property
    def logs(self) -> Path:
        """Return a folder that git ignores."""
        return toolchain.ROOT / ".ecrctl" / "review"

    @property
    def assemblies(self) -> Path | None:
        """Return a folder that git ignores: a commit has everything that its synth requires."""
        return toolchain.ROOT / ".ecrctl" / "assemblies"

    def synth_command(self, source: Path) -> SynthCommand:
        """Return the command that synthesises a commit with the tools that it requires."""
        context = f"environments={source / self._relative_environments()}"
        toolchain.check_cdk()
        tools = tools_for(source)
        return SynthCommand(
            folder=source,
            tools=tools,
            arguments=("--app", tools.app_command(), "--context", context),
        )

    def _relative_environments(self) -> Path:
        try:
            return self.environments.resolve().relative_to(toolchain.ROOT)
        except ValueError:
            raise UserError(
                f"--environments: {self.environments} must be inside the repository, because no "
                "commit has another folder. Name a folder of the repository, or compare two cloud "
                "assemblies."
            ) from None
