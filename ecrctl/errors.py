"""The exit codes of ``ecrctl``, and the error that ends a command with a sentence.

One rule decides which code a command returns:

- ``FAULT``: a change to the user's files is the cure. An environment file, its pins or the content
  of a file that an option names breaks a rule; or these files do not declare the environment,
  the repository or the image that the command names; or what the command would write into them
  breaks a rule.
- ``TOOL_ERROR``: the command could not be carried out. The command line is wrong; a path that an
  option names does not exist, cannot be read or cannot be written; or AWS, a registry, the CDK
  CLI or ``ecrctl`` itself failed.
- ``DIFFERENCE``: the command was carried out and the answer is no. AWS differs from the
  declaration, a pinned image is missing, or a review found something that blocks the change.

A review returns ``TOOL_ERROR`` for faults in files as well, so that its caller has only two
cases to handle beside success.
"""

from enum import IntEnum


class ExitCode(IntEnum):
    """The exit codes of every command."""

    SUCCESS = 0
    FAULT = 1
    TOOL_ERROR = 2
    DIFFERENCE = 3
    # The shells' own code for a process that SIGINT ended.
    STOPPED = 130


_MEANINGS = {
    ExitCode.SUCCESS: "success",
    ExitCode.FAULT: "a fault in your files",
    ExitCode.TOOL_ERROR: "the command could not be carried out",
    ExitCode.DIFFERENCE: "a difference, or a finding that blocks the change",
    ExitCode.STOPPED: "stopped by a signal",
}


class UserError(Exception):
    """Raised when a command ends with a message of one or two sentences instead of a traceback."""

    def __init__(self, message: str, exit_code: ExitCode = ExitCode.TOOL_ERROR) -> None:
        super().__init__(message)
        self.exit_code = exit_code


class DeniedError(UserError):
    """Raised when a call is refused for good: no permission, or no such call in this AWS."""


def exit_code_table(*codes: ExitCode, example: str = "") -> str:
    """Return the end of a command's help: an example, and the exit codes with their meanings.

    :param codes: those that the command can return beside success and a stop; all by default.
    :param example: the command with its arguments, as a person types it.
    """
    shown = (ExitCode.SUCCESS, *codes, ExitCode.STOPPED) if codes else tuple(ExitCode)
    lines = (f"{code.value:>5}  {_MEANINGS[code]}" for code in shown)
    # The character keeps the help's formatter from joining the lines.
    examples = ("\b", "Example:", f"  {example}", "") if example else ()
    return "\n".join((*examples, "\b", "Exit codes:", *lines))
