from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from smugsync.errors import MirrorUnusable, Transient
from smugsync.local.trouble import explain, free_bytes

WHOLE_MIRROR = ["ENOSPC", "EDQUOT", "EROFS", "EIO", "EMFILE", "ENFILE", "ENODEV", "ESTALE", "ENOTCONN"]
ONE_ITEM = ["EACCES", "EPERM", "ELOOP", "ENOTDIR", "EEXIST", "ENOENT", "EFBIG", "ENAMETOOLONG", "EILSEQ"]


@pytest.mark.parametrize("name", WHOLE_MIRROR)
def test_what_every_file_would_meet(tmp_path: Path, name: str) -> None:
    fd = os.open(tmp_path, os.O_RDONLY)
    error = OSError(getattr(errno, name), "ignored")
    told = explain(error, "writing Travel/a.jpg", mirror=tmp_path, mirror_fd=fd)
    os.close(fd)
    assert isinstance(told, MirrorUnusable)
    for part in (str(tmp_path), "writing Travel/a.jpg", "free", ";"):
        assert part in str(told)
    assert "\n" not in str(told)


@pytest.mark.parametrize("name", ONE_ITEM)
def test_what_only_this_file_meets(tmp_path: Path, name: str) -> None:
    error = OSError(getattr(errno, name), "the system's words")
    told = explain(error, "writing Travel/a.jpg", mirror=tmp_path, mirror_fd=-1)
    assert isinstance(told, Transient)
    assert str(told).startswith("writing Travel/a.jpg: ")


def test_free_space_that_cannot_be_measured_hides_nothing(tmp_path: Path) -> None:
    told = explain(OSError(errno.EIO, ""), "x", mirror=tmp_path, mirror_fd=-1)
    assert "free space unknown" in str(told)


def test_free_bytes(tmp_path: Path) -> None:
    fd = os.open(tmp_path, os.O_RDONLY)
    assert free_bytes(fd) > 0
    os.close(fd)
