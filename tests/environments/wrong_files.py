"""The table of wrong files: ``python -m tests.environments.wrong_files`` writes its messages again.

Read the difference before you commit it: each message is what a person gets who made the mistake.
"""

from __future__ import annotations

import re
import tempfile
import textwrap
from pathlib import Path

import yaml

from environments.faults import EnvironmentFault
from environments.loading import load_environment

TABLE = Path(__file__).with_suffix(".yaml")
# The lines of a file that a wrong one does not have itself.
_OTHERS = {
    "account": 'account: "111111111111"',
    "region": "region: us-west-2",
    "repositories": "repositories: [{name: team/api}]",
}
_PIN = f'i: {{repository: team/api, tag: v1, digest: "sha256:{"1" * 64}"}}\n'
_HEAD = "# Wrong lines of an environment file, each with the whole message about them.\n"


def message(folder: Path, lines: str) -> str:
    """Return the message about an environment file with some lines; empty if it has no fault."""
    own = set(re.findall(r"^(\w+):", lines, re.MULTILINE))
    others = [line for name, line in _OTHERS.items() if name not in own]
    (folder / "mine.yaml").write_text("\n".join([*others, lines]) + "\n")
    if "image: i" in lines:
        (folder / "mine.images.yaml").write_text(_PIN)
    try:
        load_environment("mine", folder)
    except EnvironmentFault as fault:
        return str(fault).replace(f"{folder.name}/mine", "mine")
    return ""


def table() -> dict[str, str]:
    """Return the message about each of the wrong lines."""
    return {row["lines"]: row["message"] for row in yaml.safe_load(TABLE.read_text())}


def main() -> None:
    """Write the messages again."""
    rows = []
    for lines in table():
        with tempfile.TemporaryDirectory() as folder:
            text = message(Path(folder), lines)
        rows.append(f"- lines: |-\n{_indented(lines)}\n  message: |-\n{_indented(text)}\n")
    TABLE.write_text(_HEAD + "".join(rows))


def _indented(text: str) -> str:
    return textwrap.indent(text, "    ")


if __name__ == "__main__":
    main()
