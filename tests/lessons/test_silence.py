"""What other tools left out without a word, for hours or for years, and this one says."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from smugsync.core.model import Album, Promise, RemoteFile
from smugsync.emulator.account.content import Bytes
from smugsync.emulator.media.pictures import make_picture, make_png
from smugsync.errors import Gone, SmugsyncError
from smugsync.remote.dialect import Call, Page, Reply, Span
from smugsync.remote.gallery import Gallery
from smugsync.remote.session import Session
from smugsync.remote.smugmug_v2.dialect import SmugMugV2
from smugsync.remote.smugmug_v2.objects import read_file
from smugsync.remote.wire import Fields
from smugsync.sync.context import Scope
from smugsync.sync.report import What
from tests.e2e.command import Command
from tests.e2e.conftest import Emulator
from tests.e2e.emulated import Emulated
from tests.sync.world import DELTA, EVERYTHING, ORIGIN, World, md5


class Altered(World):
    """A world whose service is `dialect`, a SmugMug with some answer spoiled."""

    dialect: SmugMugV2 = SmugMugV2(ORIGIN)

    def open_gallery(self, session: Session) -> Gallery:
        return Gallery(self.dialect, session)


@pytest.fixture
def altered(tmp_path: Path) -> Altered:
    return Altered(tmp_path)


# -- bodies that are no photo or video -------------------------------------------------------------


@pytest.mark.parametrize("fault", ["empty@/photos/*", "html@/photos/*", "truncate@/photos/*:at=0"])
@pytest.mark.parametrize("promises", [True, False])
def test_nothing_and_web_pages_are_no_photos(altered: Altered, fault: str, *, promises: bool) -> None:
    """Whether or not the service said what would come, exit code 3 and no file; then it is fetched."""
    if not promises:
        altered.dialect = _NoPromises(ORIGIN)
    altered.photo(altered.album("One"), "a.jpg", 1)
    altered.fault(fault)
    report = altered.sync()
    assert (report.exit_code, report.files_failed, altered.files()) == (3, 1, {})
    assert [trouble.path for trouble in report.troubles] == ["One/a.jpg"]
    altered.calm()
    assert altered.sync().exit_code == 0
    assert altered.files() == {"One/a.jpg": md5(1)}


class _NoPromises(SmugMugV2):
    """Nothing is promised of any file; a video's address is there all the same."""

    def read_files(self, reply: Reply, span: Span, album: Album) -> Page[RemoteFile]:
        page = super().read_files(reply, span, album)
        return replace(page, items=tuple(replace(file, promised=Promise()) for file in page.items))


@pytest.mark.parametrize(
    "frame", [make_picture(5, taken=None), make_png(5, taken=None), b"GIF89a" + bytes(500)]
)
def test_video_is_not_its_first_frame(altered: Altered, frame: bytes) -> None:
    """Where no MD5 was promised either, a picture is no video."""
    altered.dialect = _NoPromises(ORIGIN)
    key = altered.edit("add-photo", album=altered.album("One"), file_name="film.mp4", seed=3)["image"]
    image = altered.emulator.account.image(key)
    assert image is not None
    film, image.rendition = image.rendition, Bytes(frame)
    report = altered.sync()
    assert (report.exit_code, altered.files()) == (3, {})
    assert [trouble.reason for trouble in report.troubles] == [
        "a picture came in place of the video 'film.mp4'"
    ]
    image.rendition = film
    assert altered.sync().exit_code == 0
    assert list(altered.files().values()) == altered.online()


def test_smaller_picture_is_not_the_photo(emulator: Emulator, command: Command) -> None:
    """Where originals are kept from this viewer, nothing is saved in their place, and that is said."""
    online = emulator("--viewer", "other")
    for album in online.nodes():
        if "album" in album:
            online.edit("set-largest-size", album=album["album"], largest_size="X3Large")
    command.init(online, "--user", "demo")
    result = command.run("sync")
    films = [path for path in command.files() if path.lower().endswith((".mp4", ".mov"))]
    assert films == list(command.files())
    assert "by the service: original not offered to this viewer" in result.out
    assert online.counters()["media_requests"] == len(films)


# -- counts ----------------------------------------------------------------------------------------


class _Short(SmugMugV2):
    """Lists nothing of any album, and says that this is all."""

    def read_files(self, reply: Reply, span: Span, album: Album) -> Page[RemoteFile]:
        return Page((), 0)


def test_album_that_lists_fewer_than_it_counts_is_not_complete(altered: Altered) -> None:
    """Also at the first sight of it, and at every look until it is whole."""
    altered.photo(altered.album("One"), "a.jpg", 1)
    altered.dialect = _Short(ORIGIN)
    for scope in (EVERYTHING, DELTA, DELTA):
        report = altered.sync(scope)
        assert report.exit_code == 3
        ((path, reason),) = [(trouble.path, trouble.reason) for trouble in report.troubles]
        assert (path, reason) == ("One", "the album counts 1 photos and lists 0: some are missing")
    altered.dialect = SmugMugV2(ORIGIN)
    assert altered.sync(DELTA).exit_code == 0
    assert altered.files() == {"One/a.jpg": md5(1)}


def test_visitor_is_only_told_of_photos_that_the_count_includes(altered: Altered) -> None:
    """The owner may have hidden them: no later look would show them either."""
    altered.photo(altered.album("One"), "a.jpg", 1)
    altered.dialect = _Short(ORIGIN)
    report = altered.sync(EVERYTHING, owns=False)
    assert report.exit_code == 0
    assert [trouble.reason for trouble in report.troubles] == [
        "the album counts 1 photos and lists 0: some are not shown to visitors"
    ]
    assert altered.sync(DELTA, owns=False).albums_listed == 0


def test_account_that_lists_nothing_is_no_success(emulator: Emulator, command: Command) -> None:
    online = emulator("--albums", "4", "--images", "2", "--bytes", "100")
    command.init(online)
    command.sync()
    before = command.files()
    for node in list(online.nodes()):
        if "album" in node:
            online.edit("delete-node", album=node["album"])
    result = command.run("sync")
    assert result.code == 5
    assert result.out.startswith(f"{command.mirror} is NOT complete")
    assert "account: the account lists no albums, but 4 are mirrored" in result.out
    assert command.files() == before


# -- one bad thing among good ones -----------------------------------------------------------------


@pytest.mark.parametrize(
    "fault",
    [
        *("500@{}!images", "503@{}!images", "empty@{}!images", "html@{}!images", "total@{}!images"),
        *("html@{}!images:status=404", "truncate@{}!images:at=40", "reset@{}!images", "nonce_used@{}!images"),
    ],
)
def test_one_bad_album_stops_no_other(world: World, fault: str) -> None:
    albums = {name: world.album(name) for name in ("Ant", "Bee", "Cat")}
    for seed, key in enumerate(albums.values(), 1):
        world.photo(key, "a.jpg", seed)
    world.fault(fault.format(f"/api/v2/album/{albums['Bee']}"))
    report = world.sync()
    assert (report.exit_code, report.complete) == (3, False)
    assert {"Ant/a.jpg", "Cat/a.jpg"} <= world.files().keys()
    assert {trouble.path for trouble in report.troubles} == {"Bee"}
    assert all(trouble.reason for trouble in report.troubles)
    world.calm()
    assert world.sync(DELTA).exit_code == 0
    assert sorted(world.files().values()) == world.online()


@pytest.mark.parametrize("fault", ["503@", "corrupt@", "truncate@", "html@", "reset@"])
def test_trouble_names_the_file_and_the_reason(world: World, fault: str) -> None:
    album = world.album("One")
    keys = [world.photo(album, name, seed) for seed, name in enumerate(("a.jpg", "b.jpg", "c.jpg"))]
    world.fault(fault.replace("@", f"@/photos/One/*{keys[1]}*"))
    report = world.sync()
    assert report.exit_code == 3
    assert world.files() == {"One/a.jpg": md5(0), "One/c.jpg": md5(2)}
    ((path, reason),) = [(trouble.path, trouble.reason) for trouble in report.troubles]
    assert path == "One/b.jpg"
    assert len(reason.split()) > 3


def test_run_with_failed_photos_says_so_and_ends_with_3(calm: Emulated, command: Command) -> None:
    """A warning in the middle of a log is not enough: neither the headline nor the exit code may be glad."""
    command.init(calm)
    bad = {"DSC_4203.JPG": "503", "DSC_4205.JPG": "corrupt"}
    for name, kind in bad.items():
        calm.fault(f"{kind}@/photos/*{calm.photo('Ring Road', name)}*")
    result = command.run("sync")
    assert result.code == 3
    assert result.out.startswith(f"{command.mirror} is NOT complete")
    assert "failed    2 photos" in result.out
    assert "Ring-Road/DSC_4203.JPG: the media host answered 503\n" in result.out
    assert "Ring-Road/DSC_4205.JPG: the MD5 should be " in result.out
    assert not bad.keys() & {Path(path).name for path in command.files()}
    assert len(command.files()) == len(calm.md5s()) - 2


# -- the list of albums ----------------------------------------------------------------------------


class _LostPage(SmugMugV2):
    """The album list answers 404 for pages of more than `bears` entries from the second one on."""

    def __init__(self, *, bears: int) -> None:
        super().__init__(ORIGIN)
        self._bears = bears

    def failure(self, reply: Reply, call: Call) -> SmugsyncError | None:
        words = dict(word.partition("=")[::2] for word in call.url.partition("?")[2].split("&"))
        if "!albums" in call.url and words["start"] != "1" and int(words["count"]) > self._bears:
            return Gone("SmugMug no longer has /api/v2/user/demo!albums")
        return super().failure(reply, call)


def test_page_of_the_album_list_that_is_lost_is_asked_for_in_smaller_pages(altered: Altered) -> None:
    for number in range(130):
        altered.album(f"A{number:03}")
    altered.dialect = _LostPage(bears=30)
    report = altered.sync()
    assert (report.exit_code, report.albums) == (0, 130)


def test_album_list_that_breaks_off_leaves_the_rest_to_go_on(altered: Altered) -> None:
    """What it did show is backed up, by name as well; what it did not is neither gone nor forgotten."""
    keys = [altered.album(f"A{number:03}") for number in range(130)]
    altered.photo(keys[3], "old.jpg", 1)
    altered.photo(keys[120], "far.jpg", 2)
    altered.sync()
    altered.photo(keys[3], "new.jpg", 3)
    altered.dialect = _LostPage(bears=0)
    report = altered.sync()
    assert (report.exit_code, report.complete, report.counts[What.ALBUM_GONE]) == (3, False, 0)
    assert [(trouble.path, trouble.reason) for trouble in report.troubles] == [
        ("the list of albums", "SmugMug no longer has /api/v2/user/demo!albums")
    ]
    assert world_has(altered, "A003/new.jpg", "A120/far.jpg")
    altered.photo(keys[3], "newer.jpg", 4)
    assert altered.sync(Scope("albums", ("A003",))).exit_code == 3
    assert world_has(altered, "A003/newer.jpg", "A120/far.jpg")


def world_has(world: World, *paths: str) -> bool:
    return set(paths) <= world.files().keys()


# -- what may be overlooked ------------------------------------------------------------------------


@pytest.mark.parametrize("seconds", [0, 1, 30, 359])
def test_edit_soon_after_a_sync_is_seen_by_the_next(world: World, seconds: int) -> None:
    """No window of time is blind: stamps are compared for being other ones, not for being later."""
    album = world.album("One")
    key = world.photo(album, "a.jpg", 1)
    world.sync()
    world.clock.now += seconds - 1  # an edit takes a second
    world.replace(key, 2)
    assert world.sync(DELTA).counts[What.REPLACED] == 1
    assert world.files() == {"One/a.jpg": md5(2)}


def test_edit_whose_time_stamp_comes_late_is_seen_when_it_has_come(world: World) -> None:
    """The service moves an album's stamps up to a minute after their cause."""
    album = world.album("One")
    key = world.photo(album, "a.jpg", 1)
    world.sync()
    world.fault("late:seconds=5400")
    world.replace(key, 2)
    world.sync(DELTA)
    world.sync(DELTA)
    assert world.files() == {"One/a.jpg": md5(2)}
    assert not world.sync(DELTA).counts


def test_edit_that_moves_no_time_stamp_is_seen_by_a_full_look(world: World) -> None:
    album = world.album("One")
    key = world.photo(album, "a.jpg", 1)
    world.sync()
    shown = world.emulator.account.album(album)
    assert shown is not None
    before = (shown.images_updated, shown.node.modified)
    world.replace(key, 2)
    shown.images_updated, shown.node.modified = before
    assert not world.sync(DELTA).counts
    assert world.sync(EVERYTHING).counts[What.REPLACED] == 1
    assert world.files() == {"One/a.jpg": md5(2)}


def test_raw_files_that_cannot_be_had_are_said_at_every_run(emulator: Emulator, command: Command) -> None:
    online = emulator("--fault", "source-files@*!images")
    command.init(online)
    first = command.run("sync")
    assert first.code == 0
    photos = [one for one in online.md5s() if one]
    line = next(line for line in first.out.splitlines() if "source files" in line)
    number = int(line.partition(") of ")[2].split()[0])
    assert 0 < number <= len(photos)
    assert (
        line == f"  not held  source files (cr2) of {number} photos: SmugMug does not hand them to programs"
    )
    assert line in command.run("sync").out, "also by a run that looks at nothing"
    online.calm()
    assert "source files" not in command.run("sync", "--full").out


def test_kinds_of_source_files_are_read_from_any_form() -> None:
    def shown(types: object, kind: str = "JPG") -> str:
        item = {"ImageKey": "k", "Format": kind, "ComponentFileTypes": types}
        return read_file(Fields(item, "a photo"), "a", Fields({}, "")).source_files

    assert shown([]) == shown(None) == shown({"Image": ["jpg"]}) == shown({"Image": ["JPEG"]}) == ""
    assert shown({"Image": ["jpg"], "Raw": ["CR2", "xmp"]}) == "cr2 xmp"
    assert shown({"Image": ["heic", "jpg"]}) == "heic"
    assert shown("cr2") == shown({"Raw": "cr2"}) == shown({"Raw": ["\x1b[31m", "../x"]}) == ""
