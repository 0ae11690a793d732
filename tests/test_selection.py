"""Which local files are never sent."""

from __future__ import annotations

import pytest

from smugsync.config.selection import ignorer

BY_DEFAULT = ignorer()


@pytest.mark.parametrize(
    "path",
    """.hidden.jpg Travel/.hidden.jpg .git/a.jpg Travel/.stash/deep/a.jpg Travel/.stash/
    Travel/@eaDir/a.jpg/SYNOPHOTO_THUMB_XL.jpg Travel/@eaDir/ @EADIR/a.jpg #recycle/a.jpg #snapshot/x/a.jpg
    @Recycle/a.jpg .@__thumb/a.jpg Travel/SYNOFILE_THUMB_M.jpg Travel/Thumbs.db THUMBS.DB Travel/desktop.ini
    .DS_Store Travel/._IMG_1.jpg ehthumbs.db Travel/a.xmp A.XMP IMG_1.AAE MVI_1.THM GX010001.LRV a.dop
    a.jpg.json a.jpg.part a.jpg.filepart a.partial a.tmp a.jpg.crdownload a.jpg~ ~$a.jpg .~lock.a.jpg#
    $RECYCLE.BIN/a.jpg""".split(),
)
def test_litter_sidecars_and_halves_are_left_alone(path: str) -> None:
    assert BY_DEFAULT(path)


@pytest.mark.parametrize(
    "path",
    """a.jpg Travel/Iceland/a.JPG a.heic a.tif Travel/ Travel/eaDir/a.jpg recycle/a.jpg Tmp/a.jpg thumbs.jpg
    a.part/b.jpg Session.tmp/ Notes.txt/ a.json/b.jpg a~b.jpg parts.jpg a..jpg dot./a.jpg xmp""".split(),
)
def test_photos_are_not(path: str) -> None:
    assert not BY_DEFAULT(path)


def test_name_with_blanks_is_known() -> None:
    assert BY_DEFAULT("System Volume Information/a.jpg")


def test_line_break_in_a_name_hides_nothing() -> None:
    assert BY_DEFAULT("a\n/.hidden/b.jpg")
    assert not BY_DEFAULT("a.tmp\n.jpg")


def test_pattern_of_a_person_is_added() -> None:
    ignored = ignorer(["*.tif", "/Drafts/"])
    assert ignored("Travel/a.tif")
    assert ignored("Drafts/a.jpg")
    assert ignored("Drafts/")
    assert not ignored("Travel/Drafts/a.jpg")
    assert ignored("Travel/.hidden.jpg")


def test_person_may_bring_back_what_is_left_alone_by_default() -> None:
    ignored = ignorer(["!*.json", "!.keep/"])
    assert not ignored("Travel/a.json")
    assert not ignored(".keep/a.jpg")
    assert ignored(".other/a.jpg")
    assert ignored("a.xmp")


def test_last_pattern_of_a_person_decides() -> None:
    ignored = ignorer(["*.png", "!/Logos/*.png"])
    assert ignored("a.png")
    assert not ignored("Logos/a.png")


@pytest.mark.parametrize(
    "path", [".smugsync/tmp/a.jpg", ".smugsync/", "Disk/.smugsync/tmp/a.part", ".smugsync"]
)
def test_nothing_brings_back_what_is_ours(path: str) -> None:
    assert ignorer(["!.smugsync/", "!*"])(path)


def test_pattern_that_means_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="!"):
        ignorer(["!"])
