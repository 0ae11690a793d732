"""The outcome of the contract as a table: `pytest tests/remotes`."""

from __future__ import annotations

import re
from collections import defaultdict

import pytest

from tests.remotes.worlds import KINDS

_CASE = re.compile(r"::test_(\w+)\[(.+)\]$")
_SIGNS = {"passed": "yes", "failed": "NO", "skipped": "-"}
_NAMES = [kind.name for kind in KINDS]


class _Table:
    """What came of each fact, by kind; of several cases of one fact the worst counts."""

    def __init__(self) -> None:
        self._rows: dict[str, dict[str, str]] = defaultdict(dict)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        found = _CASE.search(report.nodeid)
        if found is None or "test_contract" not in report.nodeid or (report.when != "call" and report.passed):
            return
        fact, case = found[1].replace("_", " "), found[2]
        kind = max((name for name in _NAMES if case.startswith(name)), key=len, default=None)
        if kind is not None:
            order = ("skipped", "passed", "failed")
            before = self._rows[fact].get(kind, "skipped")
            self._rows[fact][kind] = max(before, report.outcome, key=order.index)

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        if not self._rows:
            return
        heads = [name.removeprefix("smugmug-") for name in _NAMES]
        widths = [max(len(head), 3) for head in heads]
        first = max(map(len, self._rows))
        titles = (head.ljust(width) for head, width in zip(heads, widths, strict=True))
        lines = ["", "  ".join([" " * first, *titles])]
        for fact, row in self._rows.items():
            signs = (_SIGNS.get(row.get(name, ""), "") for name in _NAMES)
            cells = (sign.ljust(width) for sign, width in zip(signs, widths, strict=True))
            lines.append("  ".join([fact.ljust(first), *cells]))
        for line in lines:
            terminalreporter.write_line(line.rstrip())


def pytest_configure(config: pytest.Config) -> None:
    config.pluginmanager.register(_Table(), "contract-table")
