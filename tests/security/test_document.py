"""docs/security.md names tests that exist: whoever reads a promise there can run it."""

from __future__ import annotations

import ast
import re
from pathlib import Path

HERE = Path(__file__).parent
TEXT = (HERE.parents[1] / "docs" / "security.md").read_text()


def test_every_test_that_the_document_names_exists() -> None:
    named = set(re.findall(r"`(test_\w+)`", TEXT))
    written = {
        one.name
        for path in HERE.glob("test_*.py")
        for one in ast.parse(path.read_text()).body
        if isinstance(one, ast.FunctionDef)
    }
    assert len(named) > 20
    assert named <= written


def test_every_file_that_the_document_names_exists() -> None:
    files = set(re.findall(r"`((?:tests/)?\w+\.py)`", TEXT))
    assert "test_redaction.py" in files
    assert [one for one in files if not (HERE / one).exists() and not (HERE.parents[1] / one).exists()] == []
