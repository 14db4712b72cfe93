"""``ecrctl login``: real tools, a tool that records, auth files, and no trace of the token."""

from __future__ import annotations

import io
import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Any

import pytest

from ecrctl import cli
from ecrctl.local.emulator import Emulator
from tests.ecrctl.progress import without_progress
from tests.installed_tools import require_tool

from .registries import BASIC, PASSWORD, TokenRegistry, token_registry

HOST = "000000000000.dkr.ecr.us-east-1.amazonaws.com"
UNTIL = r"valid until \d{4}-\d\d-\d\d \d\d:\d\d UTC\.\n"


@pytest.fixture(scope="module")
def registry(emulator: Emulator) -> Iterator[TokenRegistry]:
    """Run a registry that requires the token of the embedded AWS."""
    with token_registry(emulator.port) as started:
        yield started


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a folder with environments, a home and an empty folder of tools."""
    for name, account in (("dev", "000000000000"), ("other", "111111111111")):
        (tmp_path / f"{name}.yaml").write_text(f'account: "{account}"\nregion: us-east-1\n')
    for name in ("home", "bin"):
        (tmp_path / name).mkdir()
    return tmp_path


def install(folder: Path, tool: str, script: str = "") -> None:
    """Install a tool that records its arguments and its standard input."""
    file = folder / "bin" / tool
    file.write_text(
        f'#!/bin/sh\nprintf "%s\\n" "$@" > {folder}/arguments\n'
        f"/usr/bin/env > {folder}/variables\n/bin/cat > {folder}/input\n{script}\n"
    )
    file.chmod(0o755)


def login(
    folder: Path,
    emulator: Emulator,
    *arguments: str,
    registry: TokenRegistry | None = None,
    variables: Mapping[str, str] | None = None,
    environment: str = "dev",
) -> subprocess.CompletedProcess[str]:
    """Run ``ecrctl login`` with the folder's tools alone."""
    given = emulator.variables() | {"HOME": str(folder / "home"), "PATH": str(folder / "bin")}
    given |= {"AWS_ENDPOINT_URL": f"http://{registry.address}"} if registry else {}
    command = ["ecrctl", "--environments", str(folder), "login", environment, *arguments]
    out, err = io.StringIO(), io.StringIO()
    signals = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    handlers = {number: signal.getsignal(number) for number in signals}
    with pytest.MonkeyPatch.context() as patched, redirect_stdout(out), redirect_stderr(err):
        for name, value in (given | dict(variables or {})).items():
            patched.setenv(name, value)
        patched.setattr(sys, "argv", command)
        with pytest.raises(SystemExit) as end:
            cli.main()
    for number, handler in handlers.items():
        signal.signal(number, handler)
    code = int(end.value.code or 0)
    return subprocess.CompletedProcess(command, code, out.getvalue(), err.getvalue())


def files_with_the_token(folder: Path) -> set[str]:
    """Return the files below a folder that contain the token in any form."""
    found = (path for path in folder.rglob("*") if path.is_file())
    forms = (PASSWORD.encode(), BASIC.encode())
    return {
        str(path.relative_to(folder))
        for path in found
        if any(form in path.read_bytes() for form in forms)
    }


def shows_the_token(done: subprocess.CompletedProcess[str]) -> bool:
    """Return whether the output contains the token."""
    return any(form in done.stdout + done.stderr for form in (PASSWORD, BASIC))


@pytest.mark.parametrize("tool", ["docker", "podman", "buildah"])
def test_a_tool_gets_the_token_by_its_standard_input_alone(
    folder: Path, emulator: Emulator, tool: str
) -> None:
    install(folder, tool)
    done = login(folder, emulator)
    assert done.returncode == 0, done.stderr
    assert (folder / "input").read_text() == PASSWORD
    address = f"localhost:{emulator.port}"
    assert (folder / "arguments").read_text().split() == [
        *("login", "--username", "AWS", "--password-stdin"),
        *(() if tool == "docker" else ("--tls-verify=false",)),
        address,
    ]
    assert re.fullmatch(rf"dev: {tool} is logged in to {address}, {UNTIL}", done.stdout)
    assert files_with_the_token(folder) == {"input"}
    assert not shows_the_token(done)


def test_of_several_tools_one_must_be_named(folder: Path, emulator: Emulator) -> None:
    install(folder, "docker")
    install(folder, "buildah")
    refused = login(folder, emulator)
    assert (refused.returncode, without_progress(refused.stderr)) == (
        2,
        "ecrctl: docker and buildah are installed. Name one of them with --tool.\n",
    )
    assert not (folder / "arguments").exists()
    assert login(folder, emulator, "--tool", "buildah").returncode == 0
    assert "--tls-verify=false" in (folder / "arguments").read_text()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            (),
            "None of docker, podman, buildah is installed. Install one, or write the token to a "
            "file with --auth-file.",
        ),
        (
            ("--tool", "podman"),
            "podman is not installed. Install it, or name another --tool.",
        ),
        (
            ("--tool", "docker", "--auth-file", "a"),
            "--tool and --auth-file cannot be combined. Leave one of them out.",
        ),
        (
            ("--tool", "docker", "--credential-helper"),
            "--tool and --credential-helper cannot be combined. Leave one of them out.",
        ),
    ],
)
def test_what_cannot_be_carried_out_is_one_sentence(
    folder: Path, emulator: Emulator, arguments: tuple[str, ...], message: str
) -> None:
    done = login(folder, emulator, *arguments)
    assert (done.returncode, without_progress(done.stderr)) == (2, f"ecrctl: {message}\n")


def test_a_tool_that_shows_the_token_is_redacted(folder: Path, emulator: Emulator) -> None:
    shows = f'echo "warning" >&2; echo "denied $(/bin/cat {folder}/input) {BASIC}" >&2; exit 1'
    install(folder, "docker", shows)
    done = login(folder, emulator)
    address = f"localhost:{emulator.port}"
    assert (done.returncode, without_progress(done.stderr)) == (
        2,
        f"ecrctl: docker could not log in to {address}: denied *** ***. Run `docker logout "
        f"{address}` and try again, or use --auth-file.\n",
    )


def test_a_tool_that_fails_without_a_reason_is_one_sentence(
    folder: Path, emulator: Emulator
) -> None:
    install(folder, "docker", "exit 1")
    assert "it gave no reason. Run `docker logout" in login(folder, emulator).stderr


def test_a_tool_that_cannot_be_run_is_one_sentence(folder: Path, emulator: Emulator) -> None:
    (folder / "bin" / "docker").write_text("#!/no/such/program\n")
    (folder / "bin" / "docker").chmod(0o755)
    done = login(folder, emulator)
    assert (done.returncode, without_progress(done.stderr)) == (
        2,
        f"ecrctl: {folder}/bin/docker cannot be run: No such file or directory.\n",
    )


@pytest.mark.parametrize("arguments", [(), ("--auth-file", "auth"), ("--credential-helper",)])
def test_a_wrong_account_is_refused_before_anything_is_written(
    folder: Path, emulator: Emulator, arguments: tuple[str, ...]
) -> None:
    install(folder, "docker")
    before = sorted(folder.rglob("*"))
    given = tuple(str(folder / one) if one == "auth" else one for one in arguments)
    done = login(folder, emulator, *given, environment="other")
    assert (done.returncode, without_progress(done.stderr)) == (
        2,
        "ecrctl: the environment 'other' is in the account 111111111111, but the credentials "
        "belong to 000000000000. Choose credentials of 111111111111, such as with AWS_PROFILE.\n",
    )
    assert sorted(folder.rglob("*")) == before


@pytest.mark.parametrize("tool", ["docker", "podman", "buildah"])
def test_a_real_tool_logs_in_to_a_registry_that_requires_the_token(
    folder: Path, emulator: Emulator, registry: TokenRegistry, tool: str
) -> None:
    (folder / "bin" / tool).symlink_to(require_tool(tool))
    registry.requests.clear()
    done = login(
        *(folder, emulator, "--tool", tool),
        registry=registry,
        variables={
            "DOCKER_HOST": f"unix://{folder}/no.sock",
            "REGISTRY_AUTH_FILE": str(folder / "home" / "auth.json"),
            "PATH": f"{folder / 'bin'}:/usr/bin:/bin",
        },
    )
    assert done.returncode == 0, done.stderr
    assert registry.requests == ["/v2/"]
    assert not shows_the_token(done)
    stored = {"docker": "home/.docker/config.json"}.get(tool, "home/auth.json")
    assert files_with_the_token(folder) == {stored}


def test_a_real_tool_that_is_refused_is_one_sentence(folder: Path, emulator: Emulator) -> None:
    (folder / "bin" / "buildah").symlink_to(require_tool("buildah"))
    done = login(
        *(folder, emulator),
        variables={"AWS_ENDPOINT_URL": f"http://localhost:{emulator.port}", "HOME": "/dev/null"},
    )
    assert done.returncode == 2
    assert done.stderr.startswith("ecrctl: buildah could not log in to localhost:")
    assert done.stderr.count("\n") == 1
    assert not shows_the_token(done)


def test_skopeo_reads_the_auth_file(
    folder: Path, emulator: Emulator, registry: TokenRegistry
) -> None:
    skopeo = require_tool("skopeo")
    file = folder / "auth.json"
    done = login(folder, emulator, "--auth-file", str(file), registry=registry)
    assert re.fullmatch(
        rf"dev: {file} contains a token of {registry.address}, {UNTIL}", done.stdout
    )
    assert not shows_the_token(done)
    assert files_with_the_token(folder) == {"auth.json"}
    image = f"docker://{registry.address}/team/api"
    command = [skopeo, "list-tags", "--authfile", str(file), "--tls-verify=false", image]
    listed = subprocess.run(command, capture_output=True, text=True, check=False)
    assert json.loads(listed.stdout)["Tags"] == ["v1"], listed.stderr


def mode(path: Path) -> int:
    """Return a file's permissions."""
    return path.stat().st_mode & 0o777


OTHERS: dict[str, Any] = {
    "auths": {"ghcr.io": {"auth": "YTpi"}, "localhost:1": {}},
    "psFormat": "table {{.Names}} é",
    "credHelpers": {"gcr.io": "gcloud"},
    "HttpHeaders": {"a": [1, 2.5, None, True]},
}


def test_every_other_entry_of_an_auth_file_stays(folder: Path, emulator: Emulator) -> None:
    file = folder / "auth.json"
    file.write_text(json.dumps(OTHERS))
    file.chmod(0o644)
    assert login(folder, emulator, "--auth-file", str(file)).returncode == 0
    written = json.loads(file.read_text())
    assert written["auths"].pop(f"localhost:{emulator.port}") == {"auth": BASIC}
    assert written == OTHERS
    assert list(written) == list(OTHERS)
    assert mode(file) == 0o600
    assert {path.name for path in folder.iterdir()} == {
        *("auth.json", "bin", "home", "dev.yaml", "other.yaml"),
    }


def test_a_new_auth_file_is_private_also_with_an_open_umask(
    folder: Path, emulator: Emulator
) -> None:
    file = folder / "new" / "auth.json"
    before = os.umask(0)
    try:
        assert login(folder, emulator, "--auth-file", str(file)).returncode == 0
    finally:
        os.umask(before)
    assert (mode(file), mode(file.parent)) == (0o600, 0o700)


def test_a_token_is_renewed(folder: Path, emulator: Emulator) -> None:
    file = folder / "auth.json"
    address = f"localhost:{emulator.port}"
    old = {"auths": {address: {"auth": "b2xk", "identitytoken": "old"}}}
    file.write_text(json.dumps(old))
    assert login(folder, emulator, "--auth-file", str(file)).returncode == 0
    assert json.loads(file.read_text()) == {"auths": {address: {"auth": BASIC}}}


@pytest.mark.parametrize("given", [{"credsStore": "desktop"}, {"credHelpers": "of the address"}])
def test_a_token_that_a_helper_would_hide_is_not_written(
    folder: Path, emulator: Emulator, given: dict[str, Any]
) -> None:
    file = folder / "auth.json"
    address = f"localhost:{emulator.port}"
    if "credHelpers" in given:
        given = {"credHelpers": {address: "desktop"}}
    file.write_text(json.dumps(given))
    done = login(folder, emulator, "--auth-file", str(file))
    assert (done.returncode, without_progress(done.stderr)) == (
        2,
        f"ecrctl: {file} gets the credentials of {address} from the helper 'desktop', which takes "
        "precedence over a token. Name another file with --auth-file.\n",
    )
    assert json.loads(file.read_text()) == given


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("{secret", "a mapping in JSON"),
        ("[]", "a mapping in JSON"),
        ('{"auths": ["secret"]}', "a mapping as `auths`"),
    ],
)
def test_a_faulty_auth_file_is_not_changed_and_not_quoted(
    folder: Path, emulator: Emulator, text: str, rule: str
) -> None:
    file = folder / "auth.json"
    file.write_text(text)
    done = login(folder, emulator, "--auth-file", str(file))
    assert (done.returncode, without_progress(done.stderr)) == (
        1,
        f"ecrctl: {file} must have {rule}, so nothing was changed. Correct the file, or name "
        "another one.\n",
    )
    assert file.read_text() == text


def test_an_auth_file_in_a_place_that_cannot_be_written_is_2(
    folder: Path, emulator: Emulator
) -> None:
    (folder / "file").write_text("")
    done = login(folder, emulator, "--auth-file", str(folder / "file" / "auth.json"))
    assert done.returncode == 2
    assert done.stderr.startswith(f"ecrctl: {folder}/file/auth.json cannot be written: ")


@pytest.mark.parametrize(
    ("arguments", "variables", "path"),
    [
        ((), {}, "home/.docker/config.json"),
        ((), {"DOCKER_CONFIG": "docker"}, "docker/config.json"),
        (("--auth-file", "auth.json"), {}, "auth.json"),
    ],
)
def test_the_credential_helper_is_configured_without_a_token(
    folder: Path,
    emulator: Emulator,
    arguments: tuple[str, ...],
    variables: dict[str, str],
    path: str,
) -> None:
    install(folder, "docker-credential-ecr-login")
    file = folder / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(OTHERS))
    done = login(
        *(folder, emulator, "--credential-helper"),
        *(str(folder / one) if one.endswith(".json") else one for one in arguments),
        variables={name: str(folder / one) for name, one in variables.items()},
    )
    assert done.stdout == (
        f"dev: {file} gets the credentials of {HOST} from docker-credential-ecr-login.\n"
    )
    assert without_progress(done.stderr) == ""
    written = json.loads(file.read_text())
    assert written["credHelpers"].pop(HOST) == "ecr-login"
    assert written == OTHERS
    assert mode(file) == 0o600
    assert files_with_the_token(folder) == set()


def test_a_missing_helper_is_named(folder: Path, emulator: Emulator) -> None:
    done = login(folder, emulator, "--credential-helper")
    assert (done.returncode, without_progress(done.stderr)) == (
        0,
        "ecrctl: docker-credential-ecr-login is not installed. Install it before the next push or "
        "pull.\n",
    )


def test_skopeo_asks_amazons_helper_for_the_registry(folder: Path, emulator: Emulator) -> None:
    skopeo = require_tool("skopeo")
    file = folder / "auth.json"
    done = login(folder, emulator, "--credential-helper", "--auth-file", str(file))
    assert done.returncode == 0, done.stderr
    # The real helper would call AWS.
    install(folder, "docker-credential-ecr-login", "exit 1")
    command = [skopeo, "list-tags", "--authfile", str(file), f"docker://{HOST}/team/api"]
    variables = {
        "PATH": f"{folder / 'bin'}:/usr/bin:/bin",
        "HOME": str(folder / "home"),
        "HTTPS_PROXY": "http://127.0.0.1:9",
    }
    subprocess.run(command, env=variables, capture_output=True, check=False)
    assert (folder / "arguments").read_text().strip() == "get"
    assert (folder / "input").read_text() == HOST


@pytest.mark.parametrize(
    ("required", "end"), [("", pytest.skip.Exception), ("1", pytest.fail.Exception)]
)
def test_a_test_without_its_tool_is_skipped_or_fails(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, required: str, end: type[BaseException]
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("REQUIRE_TOOLS", required)
    with pytest.raises(end, match="skopeo is not installed"):
        require_tool("skopeo")
