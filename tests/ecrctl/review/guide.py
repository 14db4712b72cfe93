"""The guide's table of rules: the findings of a review, and the result of `cdk diff`.

``python -m tests.ecrctl.review.guide`` writes the table into the guide. It runs the CDK CLI for
every pair without a stored result, which takes a minute for all pairs, and stores the results in
``cdk_diff.json`` with a hash of the pair.
"""

from __future__ import annotations

import json
import subprocess
import tempfile
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from hashlib import sha256
from pathlib import Path

from ecrctl.cdk.toolchain import CDK, ROOT, node_binary, present_tools
from ecrctl.review.findings import DEFAULT_GATE
from ecrctl.review.rules.table import categories
from tests.ecrctl.review.pairs import Pair, pairs

GUIDE = ROOT / "docs" / "guides" / "reviewing-a-change.md"
RESULTS = Path(__file__).with_name("cdk_diff.json")
BEGIN, END = "<!-- table of rules: begin -->", "<!-- table of rules: end -->"
_KINDS = ("destructive", "broadening")
# The kinds of change for which the CDK CLI fails, by pair.
Results = dict[str, list[str]]


def table(chosen: Sequence[Pair], results: Results) -> str:
    """Return the table: each change with the findings of both commands."""
    known = categories()
    lines = [
        "| Change | `ecrctl review` | Blocks by default | `cdk diff --fail-on` |",
        "|---|---|---|---|",
    ]
    for pair in chosen:
        found = [f"{known[rule]} (`{rule}`)" for rule in pair.expect]
        blocks = any(known[rule] in DEFAULT_GATE for rule in pair.expect)
        cells = (
            pair.title,
            ", ".join(found) or "nothing",
            "yes" if blocks else "",
            _cdk_diff_cell(pair, results),
        )
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def _cdk_diff_cell(pair: Pair, results: Results) -> str:
    kinds = ", ".join(results[key_of(pair)]) or "passes"
    return f"{kinds}, although {pair.cdk_diff_is_wrong}" if pair.cdk_diff_is_wrong else kinds


def key_of(pair: Pair) -> str:
    """Return the key of a stored result: it changes with the pair and with the CDK CLI."""
    version = json.loads((CDK / "package.json").read_text())["version"]
    text = json.dumps([version, pair.base, pair.head], sort_keys=True)
    return f"{pair.name} {sha256(text.encode()).hexdigest()[:12]}"


def stored_results() -> Results:
    """Return the stored results of the CDK CLI."""
    results: Results = json.loads(RESULTS.read_text()) if RESULTS.is_file() else {}
    return results


def results_of(chosen: Sequence[Pair]) -> Results:
    """Return the results of pairs, and run the CDK CLI for those without a stored one."""
    known = stored_results()
    unknown = [pair for pair in chosen if key_of(pair) not in known]
    with ThreadPoolExecutor(2) as pool:
        known |= zip(map(key_of, unknown), pool.map(cdk_diff, unknown), strict=True)
    return {key_of(pair): known[key_of(pair)] for pair in chosen}


def cdk_diff(pair: Pair) -> list[str]:
    """Return the kinds of change for which the CDK CLI fails, stack by stack."""
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
        env=present_tools().environment({"NO_COLOR": "1", "AWS_EC2_METADATA_DISABLED": "true"}),
        capture_output=True,
        text=True,
        check=False,
    )
    output = done.stdout + done.stderr
    assert "Number of stacks with differences" in output, output
    return done.returncode == 1


def section(chosen: Sequence[Pair], results: Results) -> str:
    """Return the part of the guide that is generated from the corpus."""
    worse = [pair for pair in chosen if pair.worse]
    rest = [pair for pair in chosen if not pair.worse]
    order = [*categories()]
    worse.sort(key=lambda pair: order.index(pair.expect[0]))
    rest.sort(key=lambda pair: order.index(pair.expect[0]) if pair.expect else len(order))
    return "\n".join(
        [
            BEGIN,
            "### Changes that destroy, fail, or grant access",
            "",
            table(worse, results),
            "",
            "### Other changes",
            "",
            table(rest, results),
            END,
        ]
    )


def with_table(text: str, chosen: Sequence[Pair], results: Results) -> str:
    """Return the guide with a new table."""
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    return before + section(chosen, results) + after


def main() -> None:
    """Write the guide's table, and the results of the CDK CLI."""
    chosen = pairs()
    results = results_of(chosen)
    RESULTS.write_text(json.dumps(results, indent=2) + "\n")
    GUIDE.write_text(with_table(GUIDE.read_text(), chosen, results))


if __name__ == "__main__":
    main()
