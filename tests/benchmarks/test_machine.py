from __future__ import annotations

import os
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from benchmarks.stage.machine import file_system, this_machine, this_tree
from tests.benchmarks.made import MACHINE

MOUNTS = """\
22 1 254:0 / / rw,relatime - ext4 /dev/root rw
30 22 0:25 / /tmp rw - tmpfs tmpfs rw
31 30 0:26 / /tmp/fast\\040disk rw shared:1 - xfs /dev/sdb rw
"""


@pytest.mark.parametrize(
    ("path", "kind"),
    [("/home/ann", "ext4"), ("/tmp/x", "tmpfs"), ("/tmp/fast disk/x", "xfs"), ("/tmpfile", "ext4")],
)
def test_the_file_system_is_that_of_the_nearest_mount(path: str, kind: str) -> None:
    assert file_system(Path(path), MOUNTS) == kind


def test_a_machine_is_the_same_as_itself() -> None:
    assert this_machine() == this_machine()
    assert MACHINE.differs(MACHINE) == ""


def test_the_difference_is_named_as_the_other_has_it() -> None:
    assert MACHINE.differs(replace(MACHINE, memory="4 GB", files="tmpfs")) == "memory: 4 GB, files: tmpfs"


def test_two_machines_of_one_kind_differ() -> None:
    assert MACHINE.differs(replace(MACHINE, id="def")) == "another one of the same kind"


def test_the_id_of_the_machine_itself_is_not_shown() -> None:
    place = Path("/etc/machine-id")
    own = place.read_text().strip() if place.is_file() else ""
    assert (own or os.uname().nodename) not in str(this_machine())


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    names = {f"GIT_{who}_{what}": "a" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
    env = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), **names}

    def git(*arguments: str) -> None:
        subprocess.run(["git", *arguments], cwd=tmp_path, env=env, check=True, capture_output=True)

    (tmp_path / "docs").mkdir()
    (tmp_path / "code.py").write_text("1")
    (tmp_path / "docs/performance.json").write_text("1")
    git("init", "-q")
    git("add", "code.py", "docs")
    git("commit", "-qm", "first")
    return tmp_path


def test_a_tree_as_committed_has_a_commit(repository: Path) -> None:
    tree = this_tree(repository)
    assert (len(tree.commit), tree.changed, str(tree)) == (10, False, tree.commit)


def test_a_page_that_was_measured_changes_nothing_that_is_measured(repository: Path) -> None:
    (repository / "docs/performance.json").write_text("2")
    assert not this_tree(repository).changed


@pytest.mark.parametrize("name", ["code.py", "new.py", "docs/other.md"])
def test_any_other_change_is_said(repository: Path, name: str) -> None:
    (repository / name).write_text("2")
    assert str(this_tree(repository)).endswith(", with changes")


def test_a_tree_without_git_has_no_commit(tmp_path: Path) -> None:
    assert str(this_tree(tmp_path)) == "no commit"
