"""A review on GitHub: one comment and one status a pull request, and what a deployment may deploy.

``publish DIR`` writes what ``ecrctl review --out DIR`` found into the pull request, or, where there
is nothing, that it could not be made. ``compare DIR`` looks whether the commit at hand deploys what
the review of its pull request looked at, and ``same DIR DIGEST`` whether a digest stayed.
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
BOT = "github-actions[bot]"
_PAGE = 100
_MOST_PAGES = 30


class Refused(Exception):
    """Say in a sentence why something is not done."""


def call(method: str, path: str, body: Any = None) -> Any:
    """Call GitHub's API about this repository."""
    address = f"{os.environ['GITHUB_API_URL']}/repos/{os.environ['GITHUB_REPOSITORY']}{path}"
    answer = urllib3.request(
        method,
        address,
        body=None if body is None else json.dumps(body),
        headers={
            "Accept": "application/vnd.github+json",
            "Authorization": f"Bearer {os.environ['GITHUB_TOKEN']}",
            "User-Agent": "ecrctl-review",
        },
    )
    if answer.status >= 300:  # noqa: PLR2004 - HTTP's own
        said = answer.json().get("message", "nothing") if answer.data else "nothing"
        raise Refused(f"{method} {path} was answered with {answer.status}: {said}")
    return answer.json()


def pages(path: str) -> list[Any]:
    """Give all of a list that comes in pages."""
    found: list[Any] = []
    joint = "&" if "?" in path else "?"
    for number in range(1, _MOST_PAGES + 1):
        page = call("GET", f"{path}{joint}per_page={_PAGE}&page={number}")
        found += page
        if len(page) < _PAGE:
            break
    return found


def publish(folder: Path) -> None:
    """Keep the comment and the status of the pull request up to date."""
    head = os.environ["HEAD_SHA"]
    document = read(folder)
    if document is None:
        verdict, state = "The review could not be made.", "error"
        comment = f"**{verdict}** Its run says why.\n{MARKER} nothing -->\n"
        description = verdict
    else:
        state = "failure" if document["result"] == "blocked" else "success"
        comment = (folder / "comment.md").read_text(encoding="utf-8")
        description = f"{document['result']}: {document['head']['digest']}"
    number = pull_request_of(head)
    earlier = [one for one in pages(f"/issues/{number}/comments") if is_ours(one)]
    if earlier:
        call("PATCH", f"/issues/comments/{earlier[0]['id']}", {"body": comment})
    else:
        call("POST", f"/issues/{number}/comments", {"body": comment})
    status = {
        "state": state,
        "context": CONTEXT,
        "description": description,
        "target_url": f"{os.environ['GITHUB_SERVER_URL']}/{os.environ['GITHUB_REPOSITORY']}"
        f"/actions/runs/{os.environ['GITHUB_RUN_ID']}",
    }
    call("POST", f"/statuses/{head}", status)


def pull_request_of(head: str) -> int:
    """Give the open pull request of a branch whose newest commit was synthesised.

    What the first half of the review says of itself is not asked: anybody could have written it.
    """
    branch = f"{os.environ['HEAD_OWNER']}:{os.environ['HEAD_BRANCH']}"
    for one in pages(f"/pulls?state=open&head={quote(branch, safe='')}"):
        if one["head"]["sha"] == head:
            return int(one["number"])
    raise Refused(f"no open pull request has {head} as its newest commit; a newer one is reviewed.")


def is_ours(comment: Any) -> bool:
    """Say whether a comment is the one that is kept up to date."""
    return comment["user"]["login"] == BOT and MARKER in comment["body"]


def compare(folder: Path) -> str:
    """Give the digest that was reviewed and is what this commit deploys."""
    commit = os.environ["GITHUB_SHA"]
    document = read(folder)
    if document is None:
        raise Refused(f"{folder} holds no review.")
    digest: str = document["head"]["digest"]
    merged = [
        one
        for one in call("GET", f"/commits/{commit}/pulls")
        if one.get("merged_at") and one["merge_commit_sha"] == commit
    ]
    if not merged:
        raise Refused(f"{commit} was merged by no pull request, so nobody has reviewed it.")
    head = merged[0]["head"]["sha"]
    reviewed = [
        one["description"]
        for one in pages(f"/commits/{head}/statuses")
        if one["context"] == CONTEXT and one["creator"]["login"] == BOT
    ]
    # The newest comes first.
    newest = reviewed[0] if reviewed else "not reviewed"
    result, _, known = newest.partition(": ")
    if result not in {"passed", "unchanged"}:
        raise Refused(f"the review of pull request {merged[0]['number']} says: {newest}")
    if known != digest:
        raise Refused(
            f"this is not what the review of pull request {merged[0]['number']} looked at: it was "
            f"{known}, and main deploys {digest}. Something else was merged meanwhile: open a "
            "pull request from main as it is now, and require branches to be up to date."
        )
    return digest


def same(folder: Path, digest: str) -> None:
    """Refuse where a second synth is not what the first was."""
    document = read(folder)
    found = document["head"]["digest"] if document else "nothing"
    if found != digest:
        raise Refused(f"two synths of one commit differ: {digest} and {found}.")


def read(folder: Path) -> Any:
    """Give the review that was written into a folder; ``None`` where there is none."""
    file = folder / "review.json"
    return json.loads(file.read_text(encoding="utf-8")) if file.is_file() else None


def main(arguments: list[str]) -> None:
    """Do what the first argument says."""
    match arguments:
        case ["publish", folder]:
            publish(Path(folder))
        case ["compare", folder]:
            print(f"digest={compare(Path(folder))}")
        case ["same", folder, digest]:
            same(Path(folder), digest)
        case _:
            raise Refused("say publish DIR, compare DIR or same DIR DIGEST.")


if __name__ == "__main__":
    try:
        main(sys.argv[1:])
    except Refused as error:
        sys.exit(f"review_on_github.py: {error}")
