"""The script that writes a review into its pull request, with a recording API."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from ecrctl.review.output import json as review_json
from tests.support import ROOT

SCRIPT = ROOT / ".github" / "scripts" / "review_on_github.py"
HEAD, MERGE = "a" * 40, "b" * 40
BOT = {"login": "github-actions[bot]"}
ADVICE = (
    "\n*This is advice. Before each deployment, the commit that was deployed last compares the "
    "deployed stacks with the new ones; only its verdict counts.*\n"
)
COMMENT = "**No blocking findings.**\n<!-- ecrctl review of sha256:1 -->\n"


@dataclass
class GitHub:
    """The responses of an API, and its requests."""

    address: str = ""
    responses: dict[str, Any] = field(default_factory=dict)
    requests: list[tuple[str, str, Any]] = field(default_factory=list)


@pytest.fixture
def github() -> Iterator[GitHub]:
    """Run an API with the responses of a test, which records every request."""
    state = GitHub()

    class Handler(BaseHTTPRequestHandler):
        def respond(self) -> None:
            parts = urlsplit(self.path)
            path = parts.path.removeprefix("/repos/acme/images")
            length = int(self.headers.get("Content-Length", 0))
            body = json.loads(self.rfile.read(length)) if length else None
            state.requests.append((self.command, path, body))
            assert self.headers["Authorization"] == "Bearer a-token"
            found = state.responses.get(path, {} if self.command != "GET" else None)
            if isinstance(found, list):
                query = parse_qs(parts.query)
                first = (int(query.get("page", ["1"])[0]) - 1) * 100
                found = found[first : first + 100]
            if self.command == "DELETE":
                # GitHub answers without a body.
                self.send_response(204)
                self.end_headers()
                return
            data = json.dumps(found if found is not None else {"message": "Not Found"}).encode()
            self.send_response(200 if found is not None else 404)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        do_GET = do_POST = do_PATCH = do_DELETE = respond  # noqa: N815 - names of the standard library

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        state.address = f"http://127.0.0.1:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield state
        server.shutdown()


@pytest.fixture
def run(github: GitHub) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Return a function that runs the script as a workflow does."""

    def script(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, str(SCRIPT), *map(str, arguments)],
            env={
                **os.environ,
                "GITHUB_API_URL": github.address,
                "GITHUB_REPOSITORY": "acme/images",
                "GITHUB_RUN_ID": "7",
                "GITHUB_SERVER_URL": "https://github.example",
                "GITHUB_SHA": MERGE,
                "GITHUB_TOKEN": "a-token",
                "HEAD_BRANCH": "fix/one & two",
                "HEAD_OWNER": "someone",
                "HEAD_SHA": HEAD,
            },
            capture_output=True,
            text=True,
            check=False,
        )

    return script


@pytest.fixture
def review(tmp_path: Path) -> Path:
    """Return the folder of a review that passed."""
    write_review(tmp_path, "passed")
    return tmp_path


def write_review(folder: Path, result: str, labels: Sequence[str] = ()) -> None:
    """Write the files of `ecrctl review --out` that the script reads."""
    needed = result != "unchanged"
    document = {"result": result, "labels": [*labels], "comment_needed": needed}
    (folder / "review.json").write_text(json.dumps(document))
    (folder / "comment.md").write_text(COMMENT)


def pull_request(*, comments: Sequence[Any] = (), labels: Sequence[str] = ()) -> dict[str, Any]:
    """Return the responses for the open pull request 4."""
    return {
        "/pulls": [pull(4, HEAD)],
        "/issues/4/comments": [*comments],
        "/issues/4/labels": [{"name": one} for one in labels],
    }


def pull(number: int, sha: str) -> dict[str, Any]:
    """Return the fields of a pull request that the script reads."""
    return {"number": number, "head": {"sha": sha}}


def test_the_first_review_writes_a_comment_and_a_status(
    github: GitHub, run: Callable[..., Any], review: Path
) -> None:
    github.responses = {**pull_request(), "/pulls": [pull(3, "c" * 40), pull(4, HEAD)]}
    done = run("publish", review)
    assert done.returncode == 0, done.stderr
    assert [one for one in github.requests if one[0] != "GET"] == [
        ("POST", "/issues/4/comments", {"body": COMMENT + ADVICE}),
        (
            "POST",
            f"/statuses/{HEAD}",
            {
                "state": "success",
                "context": "ecrctl review",
                "description": "Advice: passed",
                "target_url": "https://github.example/acme/images/actions/runs/7",
            },
        ),
    ]


def test_the_next_review_replaces_the_comment_on_any_page(
    github: GitHub, run: Callable[..., Any], review: Path
) -> None:
    others = [
        {"id": number, "user": {"login": "someone"}, "body": COMMENT} for number in range(150)
    ]
    ours = {"id": 999, "user": BOT, "body": COMMENT}
    github.responses = pull_request(comments=[*others, ours])
    assert run("publish", review).returncode == 0
    assert ("PATCH", "/issues/comments/999", {"body": COMMENT + ADVICE}) in github.requests
    assert [path for method, path, _ in github.requests if method == "POST"] == [
        f"/statuses/{HEAD}"
    ]


def test_the_comment_is_removed_when_nothing_is_left(
    github: GitHub, run: Callable[..., Any], tmp_path: Path
) -> None:
    write_review(tmp_path, "unchanged")
    ours = [{"id": number, "user": BOT, "body": COMMENT} for number in (7, 8)]
    theirs = {"id": 9, "user": {"login": "someone"}, "body": COMMENT}
    github.responses = pull_request(comments=[*ours, theirs], labels=["review: images"])
    done = run("publish", tmp_path)
    assert done.returncode == 0, done.stderr
    assert [one[:2] for one in github.requests if one[0] not in {"GET", "POST"}] == [
        ("DELETE", "/issues/comments/7"),
        ("DELETE", "/issues/comments/8"),
        ("DELETE", "/issues/4/labels/review%3A%20images"),
    ]


def test_the_labels_are_those_of_the_newest_review(
    github: GitHub, run: Callable[..., Any], tmp_path: Path
) -> None:
    write_review(tmp_path, "passed", ["review: access-gained", "review: images"])
    github.responses = pull_request(labels=["bug", "review: data-loss", "review: images"])
    done = run("publish", tmp_path)
    assert done.returncode == 0, done.stderr
    assert [one for one in github.requests if "/labels" in one[1] and one[0] != "GET"] == [
        ("DELETE", "/issues/4/labels/review%3A%20data-loss", None),
        ("POST", "/issues/4/labels", {"labels": ["review: access-gained"]}),
    ]


def test_the_labels_of_a_review_have_the_beginning_by_which_old_ones_are_removed() -> None:
    script = SCRIPT.read_text()
    assert f'LABEL_PREFIX = "{review_json.LABEL_PREFIX}"' in script


@pytest.mark.parametrize(
    ("result", "state"), [("blocked", "failure"), ("passed", "success"), ("unchanged", "success")]
)
def test_a_blocked_change_fails_the_status(
    github: GitHub, run: Callable[..., Any], tmp_path: Path, result: str, state: str
) -> None:
    write_review(tmp_path, result)
    github.responses = pull_request()
    run("publish", tmp_path)
    assert github.requests[-1][2]["state"] == state


def test_a_failed_review_is_reported_as_an_error(
    github: GitHub, run: Callable[..., Any], tmp_path: Path
) -> None:
    github.responses = pull_request()
    assert run("publish", tmp_path / "none").returncode == 0
    (_, _, comment), (_, _, status) = (one for one in github.requests if one[0] != "GET")
    assert comment["body"].startswith("**The review failed.**")
    assert (status["state"], status["description"]) == ("error", "The review failed.")


def test_an_outdated_commit_gets_no_comment(
    github: GitHub, run: Callable[..., Any], review: Path
) -> None:
    github.responses = {"/pulls": [pull(4, "c" * 40)]}
    done = run("publish", review)
    assert (done.returncode, done.stderr) == (
        1,
        f"review_on_github.py: no open pull request has {HEAD} as its newest commit; a newer one "
        "is reviewed.\n",
    )
    assert all(method == "GET" for method, _, _ in github.requests)
