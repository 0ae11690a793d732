from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from types import GeneratorType

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from smugsync.errors import ItemError, Transient
from smugsync.local.handles import Root
from smugsync.local.scan import scan
from smugsync.local.syscalls import Features
from smugsync.local.tree import Mirror


@pytest.fixture(params=[True, False], ids=["openat2", "walking"])
def root(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Root]:
    root = Root(tmp_path, features=Features(openat2=request.param))
    yield root
    root.close()


def touch(root: Root, *paths: str) -> None:
    for path in paths:
        (root.path / path).parent.mkdir(parents=True, exist_ok=True)
        (root.path / path).write_bytes(path.encode())


names = st.text(st.characters(codec="utf-8", exclude_characters="/\0"), min_size=1, max_size=20).filter(
    lambda name: name not in (".", "..") and not name.startswith(".smugsync")
)
paths = st.lists(names, min_size=1, max_size=4).map("/".join)


@given(st.dictionaries(paths, st.binary(max_size=20), max_size=12))
@settings(max_examples=50)
def test_a_scan_shows_what_was_put_there(wanted: dict[str, bytes]) -> None:
    with tempfile.TemporaryDirectory() as directory, contextlib.closing(Root(Path(directory))) as root:
        made: dict[str, int] = {}
        for path, content in wanted.items():
            target = root.path / path
            try:
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_bytes(content)
            except OSError:  # a file and a directory of one name
                continue
            made[path] = len(content)
        assert {file.path: file.fingerprint.size for file in scan(root)} == made


def test_fingerprints_are_those_of_stat(root: Root) -> None:
    touch(root, "a.jpg")
    os.utime(root.path / "a.jpg", ns=(5, 123_456_789))
    [file] = scan(root)
    assert (file.fingerprint.size, file.fingerprint.mtime_ns, file.md5) == (5, 123_456_789, None)


def test_a_directory_alone(root: Root) -> None:
    touch(root, "top.jpg", "a/1.jpg", "a/b/2.jpg", "c/3.jpg")
    assert {file.path for file in scan(root, "a")} == {"a/1.jpg", "a/b/2.jpg"}
    assert {file.path for file in scan(root, "a", recursive=False)} == {"a/1.jpg"}
    assert {file.path for file in scan(root, recursive=False)} == {"top.jpg"}


def test_a_directory_that_is_not_there_holds_nothing(root: Root) -> None:
    assert list(scan(root, "a/b")) == []


def test_what_is_ours_is_not_shown(root: Root) -> None:
    touch(
        root, ".smugsync/versions/a.jpg", "disk/.smugsync/tmp/k.part", ".smugsync-0123/a.jpg", ".hidden.jpg"
    )
    assert {file.path for file in scan(root)} == {".hidden.jpg"}


def test_what_is_no_photo_is_mentioned_once(root: Root) -> None:
    touch(root, "a/1.jpg")
    (root.path / "loop").symlink_to(".")
    (root.path / "alias.jpg").symlink_to("a/1.jpg")
    os.mkfifo(root.path / "a/pipe")
    (root.path / os.fsdecode(b"caf\xe9.jpg")).write_bytes(b"")
    told: list[tuple[str, str]] = []
    assert [file.path for file in scan(root, skipped=lambda path, why: told.append((path, why)))] == [
        "a/1.jpg"
    ]
    assert sorted(told) == [
        ("a/pipe", "not a regular file, ignored"),
        ("alias.jpg", "a symbolic link, ignored"),
        ("caf\ufffd.jpg", "its name is not UTF-8"),
        ("loop", "a symbolic link, ignored"),
    ]
    assert [file.path for file in scan(root)] == ["a/1.jpg"]


def test_an_unreadable_directory_is_never_passed_off_as_empty(root: Root) -> None:
    touch(root, "a/1.jpg")
    (root.path / "alias").symlink_to("a")
    with pytest.raises(Transient, match="alias is a symbolic link"):
        list(scan(root, "alias"))
    told: list[tuple[str, ItemError]] = []
    assert list(scan(root, "alias", unreadable=lambda path, error: told.append((path, error)))) == []
    assert [path for path, _ in told] == ["alias"]


@contextlib.contextmanager
def an_ordinary_user() -> Iterator[None]:
    """Root may read everything; for a moment, be nobody."""
    me = os.geteuid()
    if me == 0:
        os.seteuid(65_534)
    try:
        yield
    finally:
        os.seteuid(me)


def test_the_rest_is_read_when_one_directory_is_forbidden(root: Root) -> None:
    touch(root, "a/1.jpg", "b/2.jpg")
    root.path.chmod(0o755)
    (root.path / "a").chmod(0)
    told: list[str] = []
    with an_ordinary_user():
        found = [file.path for file in scan(root, unreadable=lambda path, _: told.append(path))]
        with pytest.raises(Transient, match="permission denied"):
            list(scan(root))
        with pytest.raises(Transient, match="permission denied"):
            Mirror(root).fingerprint("a/1.jpg")
    (root.path / "a").chmod(0o700)
    assert (found, told) == (["b/2.jpg"], ["a"])


def test_a_scan_left_early_leaves_no_handle_open(root: Root) -> None:
    touch(root, *(f"{n}/a.jpg" for n in range(3)))
    before = len(list(Path("/proc/self/fd").iterdir()))
    files = scan(root)
    next(files)
    assert isinstance(files, GeneratorType)
    files.close()
    assert len(list(Path("/proc/self/fd").iterdir())) == before
