"""Tools of the machine that a test needs: it is skipped without them, or fails in CI."""

from __future__ import annotations

import os
import shutil

import pytest


def require_tool(name: str) -> str:
    """Return the path of a tool.

    Without it, the test is skipped with the reason; with ``REQUIRE_TOOLS=1`` it fails.
    """
    path = shutil.which(name)
    if path is None:
        message = f"{name} is not installed"
        if os.environ.get("REQUIRE_TOOLS") == "1":
            pytest.fail(f"{message}, and REQUIRE_TOOLS=1 is set")
        pytest.skip(message)
    return path
