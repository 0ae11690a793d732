from __future__ import annotations

import contextlib
import hashlib
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from smugsync.errors import Transient
from smugsync.local.handles import Root
from smugsync.local.part import RESUMABLE, PartFile, Sealed, sweep

from .mirrors import can_mount, received, run

BIG = bytes(range(256)) * (RESUMABLE // 256 + 1)


@pytest.fixture
def root(tmp_path: Path) -> Iterator[Root]:
    root = Root(tmp_path)
    yield root
    root.close()


def staged(root: Root) -> list[str]:
    return sorted(path.name for path in (root.path / ".smugsync/tmp").iterdir())


@given(st.lists(st.binary(max_size=4000)), st.integers(0, 10))
@settings(max_examples=30)
def test_size_and_md5_are_those_of_what_was_written(chunks: list[bytes], restart_after: int) -> None:
    with tempfile.TemporaryDirectory() as directory, contextlib.closing(Root(Path(directory))) as root:
        part = PartFile.create(root, "k")
        kept: list[bytes] = []
        for number, chunk in enumerate(chunks):
            if number == restart_after:
                part.restart()
                kept.clear()
            part.write(memoryview(chunk))
            kept.append(chunk)
            assert part.size == sum(map(len, kept))
        content = b"".join(kept)
        assert part.seal(None) == Sealed(hashlib.md5(content).hexdigest(), len(content))
        assert (root.path / ".smugsync/tmp/k.part").read_bytes() == content
        part.discard()


def test_a_part_is_private_until_it_is_sealed(root: Root) -> None:
    part = PartFile.create(root, "k")
    path = root.path / ".smugsync/tmp/k.part"
    assert path.stat().st_mode & 0o777 == 0o600
    part.seal(1_564_918_092_000_000_000)
    assert path.stat().st_mode & 0o777 == 0o666 & ~current_umask()
    assert path.stat().st_mtime_ns == 1_564_918_092_000_000_000
    part.discard()


def current_umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def test_times_before_1970_are_kept(root: Root) -> None:
    received(root, "k", b"", mtime_ns=-86_400_000_000_000)
    assert (root.path / ".smugsync/tmp/k.part").stat().st_mtime_ns == -86_400_000_000_000


def test_two_parts_never_share_a_name(root: Root) -> None:
    first = received(root, "k", b"first")
    with pytest.raises(Transient, match="taken that name"):
        PartFile.create(root, "k")
    first.discard()
    assert staged(root) == []


@pytest.mark.parametrize("name", ["", "..", "a/b", "/", "a\0"])
def test_a_part_name_is_one_component(root: Root, name: str) -> None:
    with pytest.raises(ValueError, match="not a"):
        PartFile.create(root, name)


def test_a_planted_link_is_not_written_through(root: Root, tmp_path: Path) -> None:
    root.staging()
    (tmp_path / "precious").write_bytes(b"precious")
    (tmp_path / ".smugsync/tmp/k.part").symlink_to(tmp_path / "precious")
    with pytest.raises(Transient):
        PartFile.create(root, "k")
    with pytest.raises(Transient):
        PartFile.reopen(root, "k", version="1")
    assert (tmp_path / "precious").read_bytes() == b"precious"


def test_a_part_has_a_place_when_somebody_removes_the_one_it_had(root: Root) -> None:
    PartFile.create(root, "one").discard()
    (root.path / ".smugsync/tmp").rmdir()
    part = PartFile.create(root, "another")
    assert staged(root) == ["another.part"]
    part.discard()


def test_discarding_is_final_and_may_be_repeated(root: Root) -> None:
    part = received(root, "k", b"x")
    part.discard()
    again = received(root, "k", b"y")
    part.discard()
    assert staged(root) == ["k.part"]
    again.discard()


def suspended(root: Root, content: bytes = BIG, validator: str | None = '"etag"') -> bool:
    part = PartFile.create(root, "k")
    part.validator = validator
    part.write(content)
    return part.suspend("v1")


def test_a_large_download_goes_on_where_it_stopped(root: Root) -> None:
    assert suspended(root)
    part = PartFile.reopen(root, "k", version="v1")
    assert part is not None
    assert (part.size, part.validator) == (len(BIG), '"etag"')
    part.write(b"rest")
    assert part.seal(None) == Sealed(hashlib.md5(BIG + b"rest").hexdigest(), len(BIG) + 4)
    assert (root.path / ".smugsync/tmp/k.part").read_bytes() == BIG + b"rest"


def test_a_suspended_part_may_be_suspended_again(root: Root) -> None:
    assert suspended(root)
    part = PartFile.reopen(root, "k", version="v1")
    assert part is not None
    part.write(b"more")
    assert part.suspend("v1")
    assert PartFile.reopen(root, "k", version="v1") is not None


def test_another_version_starts_over(root: Root) -> None:
    assert suspended(root)
    assert PartFile.reopen(root, "k", version="v2") is None
    assert staged(root) == []
    PartFile.create(root, "k").discard()


@pytest.mark.parametrize(
    "note",
    ["", "{", "[]", '{"version": "v1"}', '{"version": "v1", "validator": 3}', "[" * 60_000],
    ids=["empty", "broken", "list", "no-validator", "number", "nested"],
)
def test_an_unreadable_note_starts_over(root: Root, note: str) -> None:
    assert suspended(root)
    (root.path / ".smugsync/tmp/k.resume").write_text(note)
    assert PartFile.reopen(root, "k", version="v1") is None
    assert staged(root) == []


@pytest.mark.parametrize(("content", "validator"), [(b"small", '"etag"'), (BIG, None)])
def test_what_cannot_be_resumed_is_not_kept(root: Root, content: bytes, validator: str | None) -> None:
    assert not suspended(root, content, validator)
    assert staged(root) == []


def test_nothing_to_resume(root: Root) -> None:
    assert PartFile.reopen(root, "k", version="v1") is None


def test_sweeping_spares_only_what_can_be_resumed_and_is_wanted(root: Root) -> None:
    assert suspended(root)
    received(root, "crashed", b"x")
    (root.path / ".smugsync/tmp/alone.resume").write_text("{}")
    assert sweep(root, {"k", "crashed", "alone"}) == 1
    assert staged(root) == ["k.part", "k.resume"]
    assert sweep(root, ()) == 1
    assert staged(root) == []


def test_sweeping_leaves_alone_what_it_did_not_make(root: Root) -> None:
    root.staging()
    (root.path / ".smugsync/tmp/odd.part").mkdir()
    assert sweep(root, ()) == 0


def test_only_sealed_parts_are_finished(root: Root) -> None:
    part = PartFile.create(root, "k")
    with pytest.raises(ValueError, match="not sealed"):
        part.finish(durable=False)
    part.discard()


LIMITED = """
import resource, signal, sys
from pathlib import Path
from smugsync.errors import Transient
from smugsync.local.handles import Root
from smugsync.local.part import PartFile

signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
root = Root(Path(sys.argv[1]))
part = PartFile.create(root, "k")
part.write(bytes(90_000))
try:
    part.write(bytes(90_000))
except Transient as error:
    assert "larger than" in str(error), error
else:
    raise AssertionError("no error")
assert part.size == 100_000, part.size  # the short write counted, the lost one did not
try:
    part.seal(None)
except ValueError:
    part.discard()
"""


def test_a_limit_on_file_sizes_concerns_one_file(tmp_path: Path) -> None:
    result = run(LIMITED, str(tmp_path))
    assert result.returncode == 0, result.stderr
    assert not list((tmp_path / ".smugsync/tmp").iterdir())


FULL = """
import subprocess, sys
from pathlib import Path
from smugsync.errors import MirrorUnusable
from smugsync.local.part import PartFile
from smugsync.local.placement import Placed, Placement, place
from smugsync.local.tree import Mirror

path = Path(sys.argv[1])
subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "none", str(path)], check=True)
mirror = Mirror.open(path)
small, big = PartFile.create(mirror.root, "small"), PartFile.create(mirror.root, "big")
small.write(bytes(1000))
small.seal(None)
try:
    big.write(bytes(2_000_000))
except MirrorUnusable as error:
    print(error)
else:
    raise AssertionError("no error")
big.discard()
[placed] = place(mirror.root, [Placement(small, "album/a.jpg")])
assert isinstance(placed, Placed), placed
assert mirror.free_bytes() > 900_000
"""


def test_a_full_disk_is_named_with_what_to_do(tmp_path: Path) -> None:
    if not can_mount():
        pytest.skip("no private mounts here")
    result = run(FULL, str(tmp_path), prefix=["unshare", "-rm"])
    assert result.returncode == 0, result.stderr
    for word in (str(tmp_path), "no space is left", "part file of big", "bytes free", "make room"):
        assert word in result.stdout


def test_a_part_that_an_earlier_process_left_is_found_again(root: Root, tmp_path: Path) -> None:
    part = PartFile.create(root, "k")
    part.write(BIG)
    part.validator = '"v"'
    assert part.suspend("1")
    later = Root(tmp_path)
    try:
        again = PartFile.reopen(later, "k", version="1", directory="elsewhere")
        assert again is not None
        assert again.size == len(BIG)
        again.discard()
    finally:
        later.close()


def test_what_lies_in_the_way_of_a_part_is_cleared_at_the_next_try(root: Root) -> None:
    root.staging()
    (root.path / ".smugsync/tmp/k.part").write_bytes(b"somebody else's")
    assert PartFile.reopen(root, "k", version="1") is None  # not looked for: nobody left it
    with pytest.raises(Transient):
        PartFile.create(root, "k")
    assert PartFile.reopen(root, "k", version="1") is None
    PartFile.create(root, "k").discard()
    assert staged(root) == []
