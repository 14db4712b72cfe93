"""What ``ecrctl`` says instead of a traceback, and its exit codes."""

from __future__ import annotations

FAILED = 1
TOOL_ERROR = 2
DIFFERS = 3


class UserError(Exception):
    """Say in one or two sentences what a person can mend.

    :param exit_code: 2, or 1 where a file of the user's does not hold.
    """

    def __init__(self, message: str, *, exit_code: int = TOOL_ERROR) -> None:
        super().__init__(message)
        self.exit_code = exit_code
