"""Any CDK app, synthesised with the tools and packages that are installed beside it."""

import json
import shutil
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from ecrctl.cdk.toolchain import Tools, node_binary
from ecrctl.errors import ExitCode, UserError
from ecrctl.files import read_json
from ecrctl.git import ignored_folders, top_folder

from .projects import SynthCommand

CDK_JSON = "cdk.json"
# Folders of installed packages, which are in no commit.
_INSTALLED = ("node_modules", ".venv", "venv")
# If one of these differs, a commit requires other packages than are installed.
_LOCK_FILES = (
    "package-lock.json",
    "npm-shrinkwrap.json",
    "yarn.lock",
    "pnpm-lock.yaml",
    "bun.lock",
    "requirements.txt",
    "poetry.lock",
    "uv.lock",
    "Pipfile.lock",
)
_SYNTHESISE_IT = (
    "Check the reference out, install its packages, run `cdk synth --output DIR`, and name DIR "
    "instead of the reference."
)


@dataclass(frozen=True)
class CdkApp:
    """A CDK app in a folder with ``cdk.json``.

    :param folder: the folder, which may be any in the repository.
    """

    folder: Path

    @cached_property
    def repository(self) -> Path:
        """Return the top folder of the git repository."""
        if not (self.folder / CDK_JSON).is_file():
            raise UserError(
                f"{self.folder} must be the folder of a CDK app, and has no {CDK_JSON}. Go to the "
                "app's folder, or name the folders of two cloud assemblies."
            )
        return top_folder(self.folder)

    @property
    def logs(self) -> Path:
        """Return a folder outside of the repository, where a log would be a change."""
        return Path.home() / ".cache" / "ecrctl" / "review"

    @property
    def assemblies(self) -> Path | None:
        """Return no folder: an assembly depends on the installed packages, too."""
        return None

    def synth_command(self, source: Path) -> SynthCommand:
        """Return the command that synthesises a commit with the app's own CDK CLI."""
        folder = source / self._below_repository
        _check_app(folder / CDK_JSON)
        self._check_locks(source)
        for installed in self._installed_folders():
            place = source / installed.relative_to(self.repository)
            if place.parent.is_dir() and not place.exists():
                place.symlink_to(installed, target_is_directory=True)
        python = Path(sys.executable)
        tools = Tools(python=python, node=node_binary(), cdk=self._cdk(), is_first=False)
        return SynthCommand(folder=folder, tools=tools)

    @property
    def _below_repository(self) -> Path:
        return self.folder.resolve().relative_to(self.repository.resolve())

    def _check_locks(self, source: Path) -> None:
        """Raise on a commit that requires other packages than the installed ones."""
        for folder in self._folders():
            for name in _LOCK_FILES:
                here = folder / name
                there = source / folder.relative_to(self.repository) / name
                if _content(here) != _content(there):
                    raise UserError(
                        f"it requires other packages than are installed, because its {name} "
                        f"differs from that of the working tree. {_SYNTHESISE_IT}"
                    )

    def _folders(self) -> Iterator[Path]:
        """Yield the app's folder and those around it, up to the repository's."""
        repository = self.repository
        folder = repository / self._below_repository
        yield folder
        while folder != repository:
            folder = folder.parent
            yield folder

    def _installed_folders(self) -> Iterator[Path]:
        """Return the folders of installed packages, of the app and of other packages beside it."""
        return (one for one in ignored_folders(self.repository) if one.name in _INSTALLED)

    def _cdk(self) -> Path:
        """Return the CDK CLI of the app, or else the one on the path."""
        for folder in self._folders():
            if (folder / "node_modules" / "aws-cdk" / "bin" / "cdk").is_file():
                return folder / "node_modules" / "aws-cdk"
        on_path = shutil.which("cdk")
        # A link to aws-cdk/bin/cdk
        package = Path(on_path).resolve().parent.parent if on_path else None
        if package and (package / "bin" / "cdk").is_file():
            return package
        raise UserError(
            f"the AWS CDK CLI must be in node_modules of {self.folder}, or on the path. Run "
            "`npm install --save-dev aws-cdk`."
        )


def _check_app(file: Path) -> None:
    if not file.is_file():
        raise UserError(f"it has no {CDK_JSON} in the app's folder. {_SYNTHESISE_IT}")
    given: Any = read_json(file, "Correct the file.", exit_code=ExitCode.TOOL_ERROR)
    app = given.get("app") if isinstance(given, dict) else None
    if not isinstance(app, str) or not app:
        shown = json.dumps(app)[:80]
        raise UserError(f"{CDK_JSON} must have the command of the app in `app`, got {shown}.")


def _content(file: Path) -> bytes | None:
    return file.read_bytes() if file.is_file() else None
