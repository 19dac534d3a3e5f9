"""Which codes are reported, and how severely: `select`, `ignore` and `severity` of the configuration."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from toolaudit.config import Config, SeverityChoice
from toolaudit.errors import ConfigurationError
from toolaudit.model import Severity
from toolaudit.rules.registry import UnknownRuleError, find

Wanted = Callable[[str, Severity], Severity | None]


def severities(config: Config) -> Wanted:
    """A function of a code and the severity it was found with: the severity to report it with, None for not at all.

    Raises ConfigurationError for a code or name that does not exist.
    """
    selected, ignored = _codes(config.select), _codes(config.ignore)
    chosen: dict[str, SeverityChoice] = {code: severity for name, severity in config.severity.items() for code in _codes([name])}

    def wanted(code: str, found: Severity) -> Severity | None:
        if code in ignored or (selected and code not in selected):
            return None
        severity = chosen.get(code)
        return found if severity is None else None if severity == "off" else severity

    return wanted


def _codes(names: Iterable[str]) -> frozenset[str]:
    try:
        return frozenset(find(name).code for name in names)
    except UnknownRuleError as error:
        raise ConfigurationError(str(error)) from None
