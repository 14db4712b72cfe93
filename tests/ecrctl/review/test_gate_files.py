"""The files of a repository that decide how later changes are reviewed and deployed."""

from __future__ import annotations

import pytest

from ecrctl.review.rules.gate import is_part_of_the_gate


@pytest.mark.parametrize(
    "path",
    [
        *(".github/workflows/deploy.yml", ".github/CODEOWNERS", ".github/scripts/a/b.py"),
        *("ecrctl/cli.py", "ecrctl/review/rules/gate.py", "checked_files/models.py"),
        *("constructs_lib/rules/policy/lists.py", "review.yaml", "Makefile"),
        *("requirements.txt", "package-lock.json", "package.json", ".npmrc"),
        # Lock files of other tools, and of parts of a repository.
        *("services/web/package-lock.json", "uv.lock", "poetry.lock", "Pipfile.lock"),
        *("yarn.lock", "pnpm-lock.yaml", "npm-shrinkwrap.json", "tools/requirements.txt"),
    ],
)
def test_a_part_of_the_gate(path: str) -> None:
    assert is_part_of_the_gate(path)


@pytest.mark.parametrize(
    "path",
    [
        *("app.py", "environments/prod.yaml", "stacks/repositories.py", "README.md"),
        *("constructs_lib/repository.py", "constructs_lib/rules.md", "docs/ecrctl/index.md"),
        *("ecrctl.md", "docs/review.yaml", "review-acknowledgements.yaml", "my.github/a"),
    ],
)
def test_any_other_file(path: str) -> None:
    assert not is_part_of_the_gate(path)
