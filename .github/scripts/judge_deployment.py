"""The gate of a deployment: compares what is deployed with what would be, and reads nothing else.

Run from the commit that was deployed last, with its own ``ecrctl``. No status, no comment and no
artifact of a pull request takes part.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent
BLOCKED = 3


def judge(arguments: argparse.Namespace) -> int:
    """Return the exit code of the review of a deployment."""
    deployed, head = arguments.deployed, arguments.head
    if _run(["git", "merge-base", "--is-ancestor", deployed, head]):
        return _refused(
            f"the deployed commit {deployed} must be an ancestor of {head}. To roll back, revert "
            "the commits on main, and deploy main."
        )
    saved = ["deployed", arguments.environment, "--responses", arguments.responses]
    if _ecrctl([*saved, "--out", arguments.base]):
        return _refused("the deployed stacks could not be read.")
    # The team's rules are those of the deployed commit, beside this script.
    file = ROOT / "review.yaml"
    rules = ["--rules", str(file)] if file.is_file() else []
    # The folders of two assemblies: no code of the commit to deploy runs here.
    code = _ecrctl(
        [
            *("review", "--no-run", "--base", arguments.base, "--head", arguments.assembly),
            *("--commits", f"{deployed}..{head}", "--acknowledged-on", head),
            *("--out", arguments.out, "--format", "markdown", *rules),
        ]
    )
    if code == BLOCKED:
        return _refused(
            f"'{arguments.environment}' is not deployed, because a finding blocks the change. "
            "Revert it, or merge a pull request that adds the finding's ID to "
            "review-acknowledgements.yaml and changes no other file."
        )
    return _refused("the change could not be reviewed.") if code else 0


def _ecrctl(arguments: list[str]) -> int:
    return _run([sys.executable, "-m", "ecrctl", *arguments])


def _run(command: list[str]) -> int:
    return subprocess.run(command, cwd=ROOT, check=False).returncode  # noqa: S603 - git and ecrctl


def _refused(reason: str) -> int:
    sys.stderr.write(f"judge_deployment.py: {reason}\n")
    return 1


def main() -> int:
    """Run the gate with the arguments of the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    for name in ("environment", "deployed", "head", "responses", "assembly", "base", "out"):
        parser.add_argument(f"--{name}", required=True)
    return judge(parser.parse_args())


if __name__ == "__main__":
    sys.exit(main())
