"""A review on GitHub: one comment, labels and one status per pull request, which are advice.

``publish DIR`` writes the output of ``ecrctl review --out DIR`` into the pull request, or that the
review failed. No deployment reads any of it, because others could write it.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any
from urllib.parse import quote

import urllib3

CONTEXT = "ecrctl review"
MARKER = "<!-- ecrctl review of"
# The beginning of every label that a review sets.
LABEL_PREFIX = "review: "
BOT = "github-actions[bot]"
ADVICE = (
    "\n*This is advice. Before each deployment, the commit that was deployed last compares the "
    "deployed stacks with the new ones; only its verdict counts.*\n"
)
# GitHub's limit for a comment, in which the review leaves no room.
_LONGEST_COMMENT = 65_536
_PAGE = 100
_MOST_PAGES = 30


class RefusedError(Exception):
    """Raised when a step must not continue, with the reason as a sentence."""


def call(method: str, path: str, body: Any = None) -> Any:
    """Call GitHub's API for this repository, and return the response."""
    address = f"{os.environ['GITHUB_API_URL']}/repos/{os.environ['GITHUB_REPOSITORY']}{path}"
    response = urllib3.request(
        method,
        address,
        body=None if body is None else json.dumps(body),
        headers={
            "Accept": "application/vnd.github+json",
            "Authorization": f"Bearer {os.environ['GITHUB_TOKEN']}",
            "User-Agent": "ecrctl-review",
        },
    )
    if response.status >= 300:  # noqa: PLR2004 - HTTP's own
        details = response.json() if response.data else {}
        reason = details.get("message", "no error message")
        raise RefusedError(f"{method} {path} failed with {response.status}: {reason}")
    return response.json() if response.data else None


def pages(path: str) -> list[Any]:
    """Return every entry of a list in pages."""
    found: list[Any] = []
    separator = "&" if "?" in path else "?"
    for number in range(1, _MOST_PAGES + 1):
        page = call("GET", f"{path}{separator}per_page={_PAGE}&page={number}")
        found += page
        if len(page) < _PAGE:
            break
    return found


def publish(folder: Path) -> None:
    """Write the comment, the labels and the status of the pull request."""
    head = os.environ["HEAD_SHA"]
    document = read(folder)
    number = pull_request_of(head)
    if document is None:
        verdict, state, labels = "The review failed.", "error", []
        comment = f"**{verdict}** The log of its run has the reason.\n{MARKER} nothing -->\n"
        description = verdict
    else:
        state = "failure" if document["result"] == "blocked" else "success"
        labels = document["labels"]
        comment = with_advice((folder / "comment.md").read_text(encoding="utf-8"))
        description = f"Advice: {document['result']}"
    write_comment(number, comment if document is None or document["comment_needed"] else None)
    write_labels(number, labels)
    status = {
        "state": state,
        "context": CONTEXT,
        "description": description,
        "target_url": f"{os.environ['GITHUB_SERVER_URL']}/{os.environ['GITHUB_REPOSITORY']}"
        f"/actions/runs/{os.environ['GITHUB_RUN_ID']}",
    }
    call("POST", f"/statuses/{head}", status)


def write_comment(number: int, comment: str | None) -> None:
    """Write the one comment, or remove it if there is nothing to say."""
    earlier = [one for one in pages(f"/issues/{number}/comments") if is_ours(one)]
    if comment is None:
        for one in earlier:
            call("DELETE", f"/issues/comments/{one['id']}")
    elif earlier:
        call("PATCH", f"/issues/comments/{earlier[0]['id']}", {"body": comment})
    else:
        call("POST", f"/issues/{number}/comments", {"body": comment})


def write_labels(number: int, labels: list[str]) -> None:
    """Set the labels of the review, and no others."""
    present = {one["name"] for one in pages(f"/issues/{number}/labels")}
    for name in sorted(present - {*labels}):
        if name.startswith(LABEL_PREFIX):
            call("DELETE", f"/issues/{number}/labels/{quote(name, safe='')}")
    new = [name for name in labels if name not in present]
    if new:
        call("POST", f"/issues/{number}/labels", {"labels": new})


def with_advice(comment: str) -> str:
    """Return a comment that says what counts, unless nothing more fits into it."""
    text = comment + ADVICE
    return text if len(text.encode()) <= _LONGEST_COMMENT else comment


def pull_request_of(head: str) -> int:
    """Return the open pull request of a branch whose newest commit was synthesised.

    The uploaded artifacts do not name it, because the pull request's own code writes them.
    """
    branch = f"{os.environ['HEAD_OWNER']}:{os.environ['HEAD_BRANCH']}"
    for one in pages(f"/pulls?state=open&head={quote(branch, safe='')}"):
        if one["head"]["sha"] == head:
            return int(one["number"])
    raise RefusedError(
        f"no open pull request has {head} as its newest commit; a newer one is reviewed."
    )


def is_ours(comment: Any) -> bool:
    """Return whether a comment is the one that this script writes."""
    return comment["user"]["login"] == BOT and MARKER in comment["body"]


def read(folder: Path) -> Any:
    """Return the review in a folder; ``None`` if there is none."""
    file = folder / "review.json"
    return json.loads(file.read_text(encoding="utf-8")) if file.is_file() else None


def main(arguments: list[str]) -> None:
    """Run the command in the arguments."""
    match arguments:
        case ["publish", folder]:
            publish(Path(folder))
        case _:
            raise RefusedError("the arguments must be publish DIR.")


if __name__ == "__main__":
    try:
        main(sys.argv[1:])
    except RefusedError as error:
        sys.exit(f"review_on_github.py: {error}")
