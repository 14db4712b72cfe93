"""The tutorial on reviews in another repository: its app, its commands and its files."""

from __future__ import annotations

import datetime as dt
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.end_to_end.commands import run, section
from tests.packaging.test_guides import blocks
from tests.support import ROOT

TEXT = (ROOT / "docs" / "tutorials" / "review-pull-requests.md").read_text()
GIT = "git -c user.name=A -c user.email=a@example.com -c commit.gpgsign=false"
# What `pipx install` puts on the path, of this checkout.
PROGRAM = f"""\
#!{sys.executable}
import sys
sys.path.insert(0, "{ROOT}")
from ecrctl.review.standalone import main
main()
"""


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """Return the repository of another team, with its packages installed."""
    folder = tmp_path / "repository"
    folder.mkdir()
    (app,) = blocks("python", TEXT)
    (folder / "app.py").write_text(app)
    (folder / "cdk.json").write_text('{"app": "python3 app.py"}')
    (folder / ".gitignore").write_text("/.venv\n/node_modules\n")
    for name in (".venv", "node_modules"):
        (folder / name).symlink_to(ROOT / name)
    program = tmp_path / "bin" / "ecrctl"
    program.parent.mkdir()
    program.write_text(PROGRAM)
    program.chmod(0o755)
    run(folder, f"git init --quiet --initial-branch main\n{commit('app')}", {})
    return folder


def commit(message: str) -> str:
    """Return the commands that commit every file."""
    return f"git add --all\n{GIT} commit --quiet --message {message}"


def reviewed(repository: Path, script: str, code: int) -> str:
    """Return what commands print whose last one is a review that exits with a code."""
    path = f"{repository.parent}/bin:{repository}/.venv/bin:/usr/bin:/bin"
    variables = {"PATH": path, "HOME": str(repository.parent)}
    output = run(repository, f"{script.rstrip()} || [ $? = {code} ]", variables)
    return " ".join(re.sub(r"[│╭╮├┤╰╯─┬┼┴]", " ", output).split())


def test_a_branch_is_reviewed_gated_and_accepted(repository: Path) -> None:
    (script,) = blocks("sh", section(TEXT, "Review a branch"))
    printed = reviewed(repository, script, 3)
    *findings, verdict = blocks("text", TEXT)[0].splitlines()
    for finding in findings:
        category, _, sentence = finding.partition(": ")
        assert category in printed
        assert sentence in printed
    assert verdict in printed

    # The name stays. The tags remain a finding, which blocks by the rules that main has now.
    (rules,) = blocks("yaml", section(TEXT, "Choose what blocks"))
    merge(repository, "review.yaml", rules)
    app = repository / "app.py"
    app.write_text(app.read_text().replace('"website"', '"web"'))
    blocked = reviewed(repository, "ecrctl review --base main", 3)
    assert "1 finding blocks this change: 1 protection-lost." in blocked

    (finding_id,) = re.findall(r"tags-mutable-[0-9a-f]{32}", blocked)
    (accepted,) = blocks("yaml", section(TEXT, "Accept a finding"))
    tomorrow = dt.datetime.now(tz=dt.UTC).date() + dt.timedelta(days=1)
    accepted = re.sub(r"until: \S+", f"until: {tomorrow}", accepted)
    assert accepted.count("tags-mutable-ID") == 1
    accepted = accepted.replace("tags-mutable-ID", finding_id)
    merge(repository, "review-acknowledgements.yaml", accepted)
    passed = reviewed(repository, "ecrctl review --base main", 0)
    assert "The preview environment overwrites its tags." in passed


def merge(repository: Path, name: str, text: str) -> None:
    """Commit a file on main, and continue the branch from there, with its changes."""
    run(repository, "git stash --quiet\ngit switch --quiet main", {})
    (repository / name).write_text(text)
    run(repository, f"{commit(name)}\ngit switch --quiet quick-fix", {})
    run(repository, "git merge --quiet main\ngit stash pop --quiet", {})


def test_the_workflow_conforms_to_githubs_schema(tmp_path: Path) -> None:
    (workflow,) = blocks("yaml", section(TEXT, "Review every pull request on GitHub"))
    file = tmp_path / "review.yml"
    file.write_text(workflow)
    schema = ("--builtin-schema", "vendor.github-workflows")
    checker = Path(sys.executable).parent / "check-jsonschema"
    done = subprocess.run([checker, *schema, file], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def test_the_workflow_uses_what_this_repository_uses_and_publishes() -> None:
    (workflow,) = blocks("yaml", section(TEXT, "Review every pull request on GitHub"))
    used = re.findall(r"uses: (.+)", workflow)
    assert used[0] in (ROOT / ".github" / "workflows" / "review.yml").read_text()
    action = used[1].partition("@")[0].removeprefix("acme/cdk-container-images/")
    assert (ROOT / action / "action.yml").is_file()
    assert used[1] in (ROOT / "docs" / "guides" / "reviewing-a-change.md").read_text()
