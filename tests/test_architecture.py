"""The house rules that no reader should have to check: who may import whom, and who may print."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from smugsync.cli import COMMANDS

PACKAGE = Path(__file__).parents[1] / "smugsync"

#: What each part may import of the others, besides itself. Siblings are never in each other's set.
BASE = {"errors", "stop", "version", "pace", "records"}
INNER = BASE | {"core"}
MAY_IMPORT: dict[str, set[str]] = {
    "errors": set(),
    "stop": {"errors"},
    "records": set(),
    "pace": {"errors", "stop"},
    "secret": set(),
    "core": {"errors", "records"},
    "progress": {"bars", "records"},
    "bars": {"progress"},
    "log": {"secret"},
    "remote": INNER,
    "local": INNER,
    "catalogue": INNER,
    "sync": INNER | {"remote", "local", "catalogue", "progress"},
    "notify": BASE | {"secret", "progress"},
    "daemon": INNER | {"remote", "local", "catalogue", "sync", "progress", "notify"},
    "page": INNER | {"catalogue", "daemon", "notify", "progress", "secret"},
    "config": {"errors", "secret", "records"},
    "emulator": {"errors", "stop"},
    "cli": INNER
    | {
        "remote",
        "local",
        "catalogue",
        "sync",
        "daemon",
        "notify",
        "page",
        "progress",
        "log",
        "secret",
        "config",
        "emulator",
        "version",
    },
    "__main__": {"cli"},
    "version": set(),
}

#: I/O and whatever else makes a function's answer depend on more than its arguments.
IMPURE = set(
    """os time asyncio sqlite3 socket ssl io shutil tempfile subprocess threading multiprocessing concurrent
    selectors signal random secrets logging http urllib.request""".split()
)
PURE_PATHS = {"PurePath", "PurePosixPath", "PureWindowsPath"}


def part(module: str) -> str:
    """`smugsync.remote.session` belongs to the part `remote`; the package itself holds the version."""
    pieces = module.split(".")
    return pieces[1] if len(pieces) > 1 else "version"


def imports(tree: ast.AST) -> Iterator[tuple[str, str]]:
    """Every import wherever it stands: the module, and the name taken from it or ""."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((alias.name, "") for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports are absolute"
            yield from ((node.module or "", alias.name) for alias in node.names)


def inward_violations(owner: str, tree: ast.AST) -> list[str]:
    """Imports between our own parts that the order `cli → … → errors` does not have."""
    found = []
    for module, name in imports(tree):
        if module.split(".")[0] != "smugsync":
            continue
        target = part(module)
        if module == "smugsync" and f"{name}" in MAY_IMPORT:  # from smugsync import log
            target = name
        if target != owner and target not in MAY_IMPORT[owner]:
            found.append(f"{owner} imports {target}")
    return found


def impurities(tree: ast.AST) -> list[str]:
    """What core may not touch: anything outside the standard library, and its doors to the world."""
    found = []
    for module, name in imports(tree):
        top = module.split(".")[0]
        if top == "smugsync":
            continue
        impure = top in IMPURE or module in IMPURE or (top == "pathlib" and name not in PURE_PATHS)
        if top not in sys.stdlib_module_names or impure:
            found.append(f"imports {module} {name}".strip())
    return found + [
        f"calls {name}" for name in sorted(calls(tree) & {"open", "print", "input", "exec", "eval"})
    ]


def calls(tree: ast.AST) -> set[str]:
    """The dotted names of everything that is called."""
    return {ast.unparse(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call)}


def sources() -> list[Path]:
    return sorted(PACKAGE.rglob("*.py"))


def owner_of(path: Path) -> str:
    relative = path.relative_to(PACKAGE)
    return (
        "version"
        if relative.name == "__init__.py" and len(relative.parts) == 1
        else relative.parts[0].removesuffix(".py")
    )


def name_of(path: Path) -> str:
    return str(path.relative_to(PACKAGE))


@pytest.mark.parametrize("path", sources(), ids=name_of)
def test_imports_run_one_way(path: Path) -> None:
    assert inward_violations(owner_of(path), ast.parse(path.read_text())) == []


@pytest.mark.parametrize("path", [one for one in sources() if owner_of(one) == "core"], ids=name_of)
def test_core_is_pure(path: Path) -> None:
    assert impurities(ast.parse(path.read_text())) == []


@pytest.mark.parametrize(
    "path", [one for one in sources() if owner_of(one) not in {"cli", "__main__"}], ids=name_of
)
def test_only_the_command_line_prints_and_exits(path: Path) -> None:
    assert calls(ast.parse(path.read_text())) & {"print", "sys.exit", "exit", "quit", "os._exit"} == set()


def test_every_part_has_its_place() -> None:
    assert {owner_of(path) for path in sources()} <= set(MAY_IMPORT)


def test_the_order_has_no_way_back() -> None:
    """Nobody is above themselves: the allowed imports form no circle, except a display and its counts."""

    def below(name: str, seen: frozenset[str] = frozenset()) -> set[str]:
        found: set[str] = set()
        for target in MAY_IMPORT[name] - seen:
            found |= {target} | below(target, seen | {name})
        return found

    for name in set(MAY_IMPORT) - {"progress", "bars"}:
        assert name not in below(name)


@pytest.mark.parametrize(
    ("owner", "line"),
    [
        ("core", "from smugsync.remote import dialect"),
        ("core", "import smugsync.local.tree"),
        ("remote", "from smugsync.local.tree import Mirror"),
        ("local", "def f():\n    from smugsync.catalogue import Catalogue"),
        ("catalogue", "from smugsync.sync.engine import Engine"),
        ("sync", "from smugsync.config import Config"),
        ("sync", "from smugsync import config"),
        ("daemon", "from smugsync.cli import main"),
        ("sync", "from smugsync.emulator.settings import Settings"),
        ("emulator", "from smugsync.remote.dialect import Call"),
    ],
)
def test_the_rule_would_notice(owner: str, line: str) -> None:
    assert inward_violations(owner, ast.parse(line))


@pytest.mark.parametrize(
    "line",
    [
        "import os.path",
        "from time import time",
        "import httpx",
        "from pathlib import Path",
        "import pathlib",
        "open('x')",
        "def f():\n    import sqlite3",
    ],
)
def test_the_rule_of_purity_would_notice(line: str) -> None:
    assert impurities(ast.parse(line))


#: Run as a program: each module named is imported by a process that has nothing else of ours.
ALONE = """
import os, sys, traceback
import click, filelock, httpx, pydantic, structlog, tenacity

for name in sys.argv[1:]:
    child = os.fork()
    if child == 0:
        try:
            __import__(name)
        except BaseException:
            traceback.print_exc()
            print(name)
        sys.stdout.flush()
        os._exit(0)
    os.waitpid(child, 0)
"""


def test_every_command_can_be_the_first_that_is_imported() -> None:
    modules = sorted({place.partition(":")[0] for place, _ in COMMANDS.values()})
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", ALONE, *modules], capture_output=True, text=True, check=True
    )
    assert (done.stdout, done.stderr) == ("", "")
