"""The guide's table of consequences: what a review and `cdk diff` say of each change.

``python -m tests.ecrctl.review.guide`` writes it into the guide. It asks the CDK CLI about every
pair that nobody has asked it about, which takes a minute for all of them, and keeps the answers in
``cdk_says.json`` with a hash of the pair.
"""

from __future__ import annotations

import json
import subprocess
import tempfile
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from hashlib import sha256
from pathlib import Path

from ecrctl.cdk.toolchain import CDK, ROOT, node_binary, tool_environment
from ecrctl.review.findings import DEFAULT_GATE
from ecrctl.review.rules.table import rows
from tests.ecrctl.review.pairs import Pair, pairs

GUIDE = ROOT / "docs" / "guides" / "reviewing-a-change.md"
ANSWERS = Path(__file__).with_name("cdk_says.json")
BEGIN, END = "<!-- the table of consequences: begin -->", "<!-- the table of consequences: end -->"
_KINDS = ("destructive", "broadening")
# The kinds of change for which the CDK CLI fails, by pair.
Answers = dict[str, list[str]]


def table(given: Sequence[Pair], answers: Answers) -> str:
    """Write the table, each change with what both say of it."""
    categories = {rule: category for rule, category, _ in rows()}
    lines = [
        "| change | `ecrctl review` | stops by default | `cdk diff --fail-on` |",
        "|---|---|---|---|",
    ]
    for pair in given:
        found = [f"{categories[rule]} (`{rule}`)" for rule in pair.expect]
        stops = any(categories[rule] in DEFAULT_GATE for rule in pair.expect)
        cells = (
            pair.title,
            ", ".join(found) or "nothing",
            "yes" if stops else "",
            _told(answers[key_of(pair)]),
        )
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def key_of(pair: Pair) -> str:
    """Give what a pair and the CDK CLI are, as one key: another pair is asked about anew."""
    version = json.loads((CDK / "package.json").read_text())["version"]
    text = json.dumps([version, pair.base, pair.head], sort_keys=True)
    return f"{pair.name} {sha256(text.encode()).hexdigest()[:12]}"


def kept_answers() -> Answers:
    """Give what the CDK CLI has said."""
    answers: Answers = json.loads(ANSWERS.read_text()) if ANSWERS.is_file() else {}
    return answers


def ask(given: Sequence[Pair]) -> Answers:
    """Ask the CDK CLI about the pairs that nobody has asked it about."""
    known = kept_answers()
    unknown = [pair for pair in given if key_of(pair) not in known]
    with ThreadPoolExecutor(2) as pool:
        known |= zip(map(key_of, unknown), pool.map(cdk_says, unknown), strict=True)
    return {key_of(pair): known[key_of(pair)] for pair in given}


def _told(kinds: Sequence[str]) -> str:
    return ", ".join(kinds) or "says nothing"


def cdk_says(pair: Pair) -> list[str]:
    """Give the kinds of change for which the CDK CLI fails, stack by stack as it looks at them."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        base, head = pair.write(folder)
        kinds: list[str] = []
        for stack in pair.head:
            if pair.base.get(stack) == pair.head[stack]:
                continue
            old = next(iter(base.rglob(f"{stack.replace('/', '')}.template.json")), None)
            if old is None:
                old = folder / "none.json"
                old.write_text(json.dumps({"Resources": {}}))
            kinds += [kind for kind in _KINDS if _fails(stack, old, head, kind)]
        return list(dict.fromkeys(kinds))


def _fails(stack: str, old: Path, head: Path, kind: str) -> bool:
    command = [str(node_binary()), str(CDK / "bin" / "cdk"), "diff", stack]
    done = subprocess.run(
        [*command, "--app", str(head), "--template", str(old), "--fail-on", kind],
        cwd=old.parent,
        env=tool_environment({"NO_COLOR": "1", "AWS_EC2_METADATA_DISABLED": "true"}),
        capture_output=True,
        text=True,
        check=False,
    )
    said = done.stdout + done.stderr
    assert "Number of stacks with differences" in said, said
    return done.returncode == 1


def section(given: Sequence[Pair], answers: Answers) -> str:
    """Write the part of the guide that is made from the corpus."""
    worse = [pair for pair in given if pair.worse]
    rest = [pair for pair in given if not pair.worse]
    order = [rule for rule, _, _ in rows()]
    worse.sort(key=lambda pair: order.index(pair.expect[0]))
    rest.sort(key=lambda pair: order.index(pair.expect[0]) if pair.expect else len(order))
    return "\n".join(
        [
            BEGIN,
            "### What destroys, fails, or lets more in",
            "",
            table(worse, answers),
            "",
            "### What does none of that",
            "",
            table(rest, answers),
            END,
        ]
    )


def written(text: str, given: Sequence[Pair], answers: Answers) -> str:
    """Give the guide with its table made anew."""
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    return before + section(given, answers) + after


def main() -> None:
    """Write the guide's table, and keep what the CDK CLI says."""
    given = pairs()
    answers = ask(given)
    ANSWERS.write_text(json.dumps(answers, indent=2) + "\n")
    GUIDE.write_text(written(GUIDE.read_text(), given, answers))


if __name__ == "__main__":
    main()
