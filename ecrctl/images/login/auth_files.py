"""Auth files of Docker, Podman, Buildah and Skopeo: one entry is changed, everything else stays.

Sources: Docker, "docker login", config.json; containers/image, containers-auth.json(5); Amazon ECR
Docker Credential Helper, README.
"""

import json
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from ecrctl.errors import ExitCode, UserError
from ecrctl.file_writing.atomic import replace_text
from ecrctl.file_writing.locks import locked
from ecrctl.files import file_errors, json_value

from .tokens import RegistryToken

HELPER = "ecr-login"
HELPER_PROGRAM = f"docker-credential-{HELPER}"
_TOKENS, _HELPERS, _STORE = "auths", "credHelpers", "credsStore"
_PRIVATE_FILE, _PRIVATE_FOLDER = 0o600, 0o700
Document = dict[str, Any]


def docker_config() -> Path:
    """Return the path of Docker's configuration, which may not exist."""
    folder = os.environ.get("DOCKER_CONFIG")
    return (Path(folder) if folder else Path.home() / ".docker") / "config.json"


def write_token(path: Path, token: RegistryToken) -> None:
    """Write a token to an auth file.

    :raises UserError: where the file has a helper that takes precedence over the token.
    """

    def changed(document: Document) -> Document:
        helper = _section(path, document, _HELPERS).get(token.address) or document.get(_STORE)
        if helper:
            raise UserError(
                f"{path} gets the credentials of {token.address} from the helper '{helper}', which "
                "takes precedence over a token. Name another file with --auth-file."
            )
        tokens = _section(path, document, _TOKENS)
        return document | {_TOKENS: {**tokens, token.address: {"auth": token.basic}}}

    _change(path, changed)


def write_helper(path: Path, host: str) -> None:
    """Let an auth file get the credentials of a registry from Amazon's helper."""

    def changed(document: Document) -> Document:
        helpers = _section(path, document, _HELPERS)
        return document | {_HELPERS: {**helpers, host: HELPER}}

    _change(path, changed)


def _change(path: Path, change: Callable[[Document], Document]) -> None:
    with file_errors(f"{path} cannot be written"):
        path.parent.mkdir(mode=_PRIVATE_FOLDER, parents=True, exist_ok=True)
    with locked(path):
        text = json.dumps(change(_read(path)), indent="\t", ensure_ascii=False) + "\n"
        with file_errors(f"{path} cannot be written"):
            replace_text(path, text, mode=_PRIVATE_FILE)


def _read(path: Path) -> Document:
    with file_errors(f"{path} cannot be read"):
        content = path.read_bytes() if path.exists() else b""
    if not content.strip():
        return {}
    try:
        document = json_value(content.decode())
    except ValueError:
        # The error would quote the file, which contains secrets.
        document = None
    if not isinstance(document, dict):
        raise _not_valid(path, "a mapping in JSON")
    return document


def _section(path: Path, document: Document, name: str) -> Mapping[str, Any]:
    section = document.get(name)
    if section is None:
        return {}
    if not isinstance(section, dict):
        raise _not_valid(path, f"a mapping as `{name}`")
    return section


def _not_valid(path: Path, rule: str) -> UserError:
    return UserError(
        f"{path} must have {rule}, so nothing was changed. Correct the file, or name another one.",
        ExitCode.FAULT,
    )
