"""Errors that a user can act on: what happened, where, what to do, and the exit code."""

from __future__ import annotations

EXIT_PASSED = 0
EXIT_FAILED = 1
EXIT_USAGE = 2
EXIT_NO_TOOLS = 3
EXIT_INCOMPLETE = 4
EXIT_BUG = 5


class ToolauditError(Exception):
    """A mistake in the input or the configuration, said in one line. The command line prints it and exits with `exit_code`."""

    def __init__(self, message: str, *, exit_code: int = EXIT_USAGE) -> None:
        super().__init__(message)
        self.message = message
        self.exit_code = exit_code


class ChangedError(ToolauditError):
    """A file is not what it was when the scan began to read: what was found of the old text fits no line of the new one."""

    def __init__(self, path: str) -> None:
        super().__init__(f"{path}: changed while it was read; run toolaudit again")
        self.path = path


class ConfigurationError(ToolauditError):
    """`[tool.toolaudit]` or a file that it names says something that toolaudit does not understand."""
