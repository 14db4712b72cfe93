"""Credentials and configurations that cannot be used, and the secrets that no output repeats."""

from __future__ import annotations

import json
import re
import sys
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from types import SimpleNamespace

import pytest

from ecrctl.errors import ExitCode
from tests.ecrctl.aws.servers import server

from .conftest import run

SECRET = "Zx9SeCrEtVaLuE"
FILE = 'account: "000000000000"\nregion: us-east-1\nrepositories: [{name: team/api}]\n'
COMMANDS = (
    ("verify", "dev"),
    ("lifecycle", "dev", "team/api"),
    ("import", "new", "--output", "import"),
)
PROCESS = f"{sys.executable} process.py"


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a folder with an environment, in which commands run without a terminal."""
    (tmp_path / "environments").mkdir()
    (tmp_path / "environments" / "dev.yaml").write_text(FILE)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("botocore.endpoint.time", SimpleNamespace(sleep=lambda _seconds: None))
    for name, value in {
        "HOME": str(tmp_path),
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_REGION": "us-east-1",
        # A port that no server listens on.
        "AWS_ENDPOINT_URL": "http://127.0.0.1:9",
    }.items():
        monkeypatch.setenv(name, value)
    return tmp_path


def shown(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    """Run a command that cannot be carried out, and return its one sentence."""
    code = run("--environments", "environments", *arguments)
    output = capsys.readouterr()
    assert (code, output.out) == (ExitCode.TOOL_ERROR, "")
    assert output.err.startswith("ecrctl: ")
    assert output.err.count("\n") == 1
    return output.err


def profile(place: Path, text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Configure the default profile."""
    (place / "config").write_text(f"[default]\n{text}\n[profile keys]\n{KEYS}")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(place / "config"))


KEYS = "aws_access_key_id = AKIAEXAMPLE\naws_secret_access_key = secret-of-a-profile\n"
ROLE = "role_arn = arn:aws:iam::000000000000:role/r\n"


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (
            f"{ROLE}source_profile = keys\nmfa_serial = arn:aws:iam::000000000000:mfa/me",
            "the profile requires an MFA code, and there is no terminal to enter it.",
        ),
        (
            f"{ROLE}web_identity_token_file = none",
            "a file or program that the AWS configuration names cannot be used: No such file",
        ),
        ("credential_process = no-such-program", "cannot be used: No such file or directory."),
        (f"credential_process = {PROCESS} fails", "the source of the AWS credentials returned"),
        (f"credential_process = {PROCESS} text", "or the credentials cannot be used (JSONDecode"),
        (f"credential_process = {PROCESS} empty", "the source of the AWS credentials returned"),
        (f"{ROLE}source_profile = none", "the AWS configuration is not valid."),
        ("not a setting", "the AWS configuration is not valid."),
        ("sso_session = none", "the AWS configuration is not valid."),
        ("", "no AWS credentials were found."),
    ],
)
def test_a_profile_that_cannot_be_used_is_one_sentence(
    place: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    *,
    command: tuple[str, ...],
    text: str,
    sentence: str,
) -> None:
    (place / "process.py").write_text(
        "import sys\n"
        f"if sys.argv[1] == 'fails': sys.exit('{SECRET}')\n"
        f"print('{{}}' if sys.argv[1] == 'empty' else '{SECRET}')\n"
    )
    profile(place, text, monkeypatch)
    error = shown(capsys, *command)
    assert sentence in error
    # Some are read with the first client, before any operation.
    assert re.search(r" failed at \w+:\w+|^ecrctl: Connecting to AWS failed: ", error)
    assert SECRET not in error


def test_a_missing_web_identity_token_file_is_named_by_its_variable(
    place: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("AWS_ROLE_ARN", "arn:aws:iam::000000000000:role/r")
    monkeypatch.setenv("AWS_WEB_IDENTITY_TOKEN_FILE", str(place / SECRET))
    assert shown(capsys, "verify", "dev") == (
        "ecrctl: Reading back 'dev' failed at sts:GetCallerIdentity: the file that "
        "AWS_WEB_IDENTITY_TOKEN_FILE names cannot be read: No such file or directory.\n"
    )


VARIABLES = (
    "AWS_ACCESS_KEY_ID",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
    "AWS_PROFILE",
    "AWS_CONTAINER_AUTHORIZATION_TOKEN",
    "AWS_WEB_IDENTITY_TOKEN_FILE",
    "AWS_ROLE_ARN",
    "AWS_ROLE_SESSION_NAME",
    "AWS_ENDPOINT_URL",
    "AWS_CA_BUNDLE",
    "AWS_CONFIG_FILE",
    "AWS_SHARED_CREDENTIALS_FILE",
    "AWS_BEARER_TOKEN_BEDROCK",
    "HTTP_PROXY",
    "HTTPS_PROXY",
)
FORMS = (
    SECRET,
    f"{SECRET}\nsecond line",
    f"{SECRET}\r\nX-Injected: yes",
    f"{SECRET}\u00e9",
    f"http://user:{SECRET}@127.0.0.1:9",
    f"http://user:{SECRET}@127.0.0.1:9/?token={SECRET}",
)


@pytest.mark.parametrize("command", [COMMANDS[0], COMMANDS[-1]])
@pytest.mark.parametrize("form", FORMS)
def test_no_output_and_no_file_repeats_a_secret_of_a_variable(
    place: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    *,
    command: tuple[str, ...],
    form: str,
) -> None:
    for name in VARIABLES:
        with monkeypatch.context() as patched:
            patched.setenv("AWS_ACCESS_KEY_ID", "AKIAEXAMPLE")
            patched.setenv("AWS_SECRET_ACCESS_KEY", "a secret")
            patched.setenv(name, form)
            error = shown(capsys, *command)
            assert SECRET not in error, name
    assert not [file for file in place.rglob("*") if file.is_file() and SECRET in file.read_text()]


@pytest.mark.usefixtures("place")
@pytest.mark.parametrize("status", [200, 400, 403, 500])
def test_no_output_repeats_the_headers_that_a_server_returns(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], status: int
) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", f"AKIA{SECRET}")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "a secret")
    monkeypatch.setenv("AWS_SESSION_TOKEN", SECRET)

    def respond(handler: BaseHTTPRequestHandler) -> None:
        headers = str(handler.headers)
        body = json.dumps({"__type": headers, "message": headers}).encode()
        handler.send_response(status)
        handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        handler.wfile.write(body)

    with server(respond) as (aws, _):
        monkeypatch.setenv("AWS_ENDPOINT_URL", str(aws.endpoint_url))
        for command in COMMANDS:
            assert SECRET not in shown(capsys, *command)


@pytest.mark.usefixtures("place")
def test_a_session_token_with_a_line_break_is_named_at_once(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAEXAMPLE")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "a secret")
    monkeypatch.setenv("AWS_SESSION_TOKEN", f"{SECRET}\nsecond line")
    assert shown(capsys, "verify", "dev") == (
        "ecrctl: Reading back 'dev' failed at sts:GetCallerIdentity: the AWS credentials contain "
        "a character that an HTTP header cannot contain, such as a line break. Set "
        "AWS_ACCESS_KEY_ID and AWS_SESSION_TOKEN again.\n"
    )


@pytest.mark.usefixtures("place")
def test_a_stalled_emulator_is_named_within_five_seconds(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAEXAMPLE")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "a secret")
    with server(lambda _handler: None) as (aws, _):
        monkeypatch.setenv("AWS_ENDPOINT_URL", str(aws.endpoint_url))
        assert f"{aws.endpoint_url} did not respond in time." in shown(capsys, "verify", "dev")
