"""The settings of every help text."""

from typing import Any

# Longer lines are hard to read; a narrower terminal, or COLUMNS, makes them shorter.
_MOST_COLUMNS = 100
HELP: dict[str, Any] = {
    "help_option_names": ["-h", "--help"],
    "max_content_width": _MOST_COLUMNS,
}
