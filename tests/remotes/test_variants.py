"""Where the facts about a service are not certain, both must do: a day's changes, with each switch."""

from __future__ import annotations

import base64
from pathlib import Path

import pytest

from smugsync.core.model import Evidence
from smugsync.emulator.settings import Settings, Switches
from tests.remotes.test_contract import good
from tests.remotes.test_moving_house import migrated
from tests.remotes.worlds import KINDS, Kind, RemoteWorld
from tests.sync.test_audit import opened
from tests.sync.test_sending import SENDING
from tests.sync.world import DELTA, content, md5

BY_NAME = {kind.name: kind for kind in KINDS}
LEGACY = tuple(kind for kind in KINDS if kind.is_legacy)
SESSIONS = tuple(kind for kind in LEGACY if not kind.oauth)
NEWER = tuple(kind for kind in LEGACY if kind.oauth)
OLDEST, NEWEST, PIXELPOST = BY_NAME["smugmug-1.2.0"], BY_NAME["smugmug-1.3.0"], BY_NAME["pixelpost"]

SWITCHES: dict[str, tuple[Kind, ...]] = {
    "session-calls=3": SESSIONS,
    "session-lifetime=1800": (OLDEST,),
    "legacy-digests=half": (OLDEST, NEWEST),
    "legacy-digests=none": (OLDEST, NEWEST),
    "legacy-absent=empty": (OLDEST, NEWEST),
    "legacy-absent=null": (OLDEST, NEWEST),
    "legacy-ids=large": (OLDEST, NEWEST),
    "legacy-keys=absent": (OLDEST,),
    "legacy-urls=plain": (NEWEST,),
    "legacy-urls=keyed": (OLDEST,),
    "legacy-names=html": (NEWEST,),
    "legacy-count=listed": NEWER,
    "legacy-tree=no": (NEWEST,),
    "legacy-failures=method": (OLDEST,),
    "legacy-failures=bare": (NEWEST,),
    "legacy-json=text/html": (OLDEST, NEWEST),
    "media-auth=signed": NEWER,
    "image-lag=5": (NEWEST, OLDEST),
    "upstream-bugs=on": (PIXELPOST,),
    "upstream-bugs=off": (PIXELPOST,),
    "pixelpost-lifetime=1": (PIXELPOST,),
    "pixelpost-validators=off": (PIXELPOST,),
    "pixelpost-grants=read": (PIXELPOST,),
}


CASES = [(kind, switch) for switch, kinds in SWITCHES.items() for kind in kinds]


def switched(root: Path, kind: Kind, *switches: str) -> RemoteWorld:
    found = Switches()
    for switch in switches:
        found = found.set(switch)
    return RemoteWorld(root, kind, Settings(albums=0, switches=found))


@pytest.mark.parametrize(("kind", "switch"), CASES, ids=lambda one: getattr(one, "name", one))
def test_a_day_s_changes(tmp_path: Path, kind: Kind, switch: str) -> None:
    world = switched(tmp_path, kind, switch)
    travel = str(world.edit("add-folder", name="Travel")["node"])
    albums = [world.album("Iceland", parent=travel, privacy="Private"), world.album("Top")]
    photos = [world.photo(albums[seed % 2], f"{seed} & {seed}.jpg", seed) for seed in range(1, 9)]
    good(world.sync())
    assert sorted(world.files().values()) == world.online()
    good(world.sync(DELTA), files_downloaded=0)
    world.photo(albums[0], "new.jpg", 50)
    world.edit("delete-photo", image=photos[0])
    if kind.replaces:
        world.replace(photos[1], 51)
    report = good(world.sync(DELTA))
    assert report.files_downloaded == 1 + kind.replaces
    assert sorted(world.files().values()) == sorted([*world.online(), md5(1)])
    report = good(world.sync(), files_downloaded=0)
    assert not report.files_retired
    if kind.uploads:
        good(world.sync(sending=SENDING))
        world.write("Travel/Norway/mine.jpg", 80)
        world.write("Top/mine too.jpg", 81)
        for _ in range(3):  # with no MD5 to know it by, it is settled by a later look
            world.sync(sending=SENDING)
        assert [world.online().count(md5(seed)) for seed in (80, 81)] == [1, 1]
        good(world.sync(sending=SENDING), files_downloaded=0, files_sent=0)


@pytest.mark.parametrize("kind", [OLDEST, NEWEST], ids=lambda kind: kind.name)
def test_without_an_md5_the_size_is_the_evidence(tmp_path: Path, kind: Kind) -> None:
    world = switched(tmp_path, kind, "legacy-digests=none")
    world.photo(world.album("Top"), "a.jpg", 1)
    good(world.sync())
    with opened(world) as catalogue:
        (row,) = catalogue.files(1).values()
    assert (row.evidence, row.promised_md5, row.promised_size) == (Evidence.PROMISED, None, row.held_size)


@pytest.mark.parametrize("kind", LEGACY, ids=lambda kind: kind.name)
@pytest.mark.parametrize("code", [5, 98])
def test_a_burst_of_faults_is_got_over(tmp_path: Path, kind: Kind, code: int) -> None:
    world = switched(tmp_path, kind)
    world.photo(world.album("Top"), "a.jpg", 1)
    world.fault(f"stat-fail@/services/*:code={code},times=3")
    good(world.sync(), files_downloaded=1)


@pytest.mark.parametrize("kind", LEGACY, ids=lambda kind: kind.name)
@pytest.mark.parametrize("code", [4, 9, 15, 16])
def test_no_fault_is_a_deletion(tmp_path: Path, kind: Kind, code: int) -> None:
    world = switched(tmp_path, kind)
    album = world.album("Top")
    for seed in (1, 2, 3):
        world.photo(album, f"{seed}.jpg", seed)
    good(world.sync())
    before = world.files()
    world.fault(f"stat-fail@/services/*/smugmug.images.get:code={code}")
    for _ in range(2):
        report = world.sync(archive=False)
        assert report.exit_code != 0
        assert (report.files_retired, dict(report.counts)) == (0, {})
    world.calm()
    good(world.sync(archive=False), files_downloaded=0)
    assert world.files() == before


@pytest.mark.parametrize("kind", LEGACY, ids=lambda kind: kind.name)
def test_while_it_is_read_only_what_is_there_is_mirrored_and_uploads_wait(tmp_path: Path, kind: Kind) -> None:
    world = switched(tmp_path, kind)
    album = world.album("Top")
    world.photo(album, "a.jpg", 1)
    good(world.sync(sending=SENDING))
    world.write("Top/mine.jpg", 80)
    world.photo(album, "b.jpg", 2)
    world.emulator.turn(world.emulator.switches.set("legacy-mode=read-only"))
    report = world.sync(sending=SENDING)
    assert (report.files_downloaded, report.files_sent) == (1, 0)
    world.emulator.turn(world.emulator.switches.set("legacy-mode=normal"))
    good(world.sync(sending=SENDING), files_sent=1)


@pytest.mark.parametrize("kind", SESSIONS, ids=lambda kind: kind.name)
def test_new_files_may_go_inside_forms(tmp_path: Path, kind: Kind) -> None:
    world = switched(tmp_path, kind)
    world.forms = True
    world.photo(world.album("Top"), "a.jpg", 1)
    good(world.sync(sending=SENDING))
    world.write("Top/mine & yours.jpg", 80)
    good(world.sync(sending=SENDING), files_sent=1)
    assert world.online().count(md5(80)) == 1
    good(world.sync(sending=SENDING), files_downloaded=0, files_sent=0)


@pytest.mark.parametrize("kind", NEWER, ids=lambda kind: kind.name)
def test_a_delta_is_told_only_what_changed(tmp_path: Path, kind: Kind) -> None:
    """By the LastUpdated argument: of what is older than the album's last change by hours, nothing."""
    world = switched(tmp_path, kind)
    album = world.album("Top")
    for seed in range(40):
        world.photo(album, f"{seed}.jpg", seed)
    world.clock.now += 86_400
    world.photo(album, "last.jpg", 89)
    good(world.sync())
    world.photo(album, "new.jpg", 90)
    report = good(world.sync(DELTA), files_downloaded=1)
    assert report.files == 2


def test_a_site_that_lets_everybody_read_needs_no_keys(tmp_path: Path) -> None:
    world = switched(tmp_path, PIXELPOST, "anonymous-read=on")
    world.anonymous = True
    world.photo(world.album("Top"), "a.jpg", 1)
    good(world.sync(), files_downloaded=1)


def test_a_site_that_lets_nobody_read_says_what_to_do(tmp_path: Path) -> None:
    world = switched(tmp_path, PIXELPOST)
    world.anonymous = True
    world.photo(world.album("Top"), "a.jpg", 1)
    assert world.sync().exit_code == 77


def test_a_picture_that_the_site_holds_in_part_is_taken_if_a_person_says_so(tmp_path: Path) -> None:
    world = switched(tmp_path, PIXELPOST)
    album = world.album("Top")
    world.photo(album, "a.jpg", 1)
    half = base64.b64encode(content(2)[:-300]).decode()
    world.edit("add-photo", album=album, file_name="b.jpg", data=half)
    for _ in range(2):
        report = world.sync()
        assert (report.exit_code, report.files_failed, len(world.files())) == (3, 1, 1)
    world.only_whole = False
    good(world.sync(), files_downloaded=1)
    assert len(world.files()) == 2
    world.only_whole = True
    assert good(world.sync(), files_downloaded=0).counts == {}
    with opened(world) as catalogue:
        assert sorted(row.inspected for row in catalogue.files(1).values()) == ["", "decoded"]


@pytest.mark.parametrize("bugs", ["on", "off"])
def test_pixelpost_is_asked_for_what_is_new_where_it_can_tell(tmp_path: Path, bugs: str) -> None:
    """The interval filter works as documented, or not at all, as upstream: then all is listed."""
    world = switched(tmp_path, PIXELPOST, f"upstream-bugs={bugs}")
    album = world.album("Top")
    for seed in range(120):
        if seed == 20:  # the newest hundred are what a cursor watches
            world.clock.now += 30 * 86_400
        world.photo(album, f"{seed}.jpg", seed)
    good(world.sync())
    world.photo(album, "new.jpg", 200)
    report = good(world.sync(DELTA), files_downloaded=1)
    assert report.files == (121 if bugs == "on" else 101)


@pytest.mark.parametrize("kind", [OLDEST, NEWEST], ids=lambda kind: kind.name)
def test_an_md5_that_comes_and_goes_changes_nothing(tmp_path: Path, kind: Kind) -> None:
    world = switched(tmp_path, kind)
    album = world.album("Top")
    for seed in range(6):
        world.photo(album, f"{seed}.jpg", seed)
    good(world.sync())
    for switch in ("half", "none", "half", "all"):
        world.emulator.turn(world.emulator.switches.set(f"legacy-digests={switch}"))
        report = good(world.sync(), files_downloaded=0)
        assert not report.counts
    world.write("Top/1.jpg", 70)
    good(world.sync())
    world.emulator.turn(world.emulator.switches.set("legacy-digests=none"))
    good(world.sync(), files_downloaded=0)
    assert len(world.files()) == 6


@pytest.mark.parametrize("kind", [OLDEST, NEWEST], ids=lambda kind: kind.name)
def test_the_same_bytes_under_another_serial_leave_no_version(tmp_path: Path, kind: Kind) -> None:
    world = switched(tmp_path, kind)
    photo = world.photo(world.album("Top"), "a.jpg", 1)
    good(world.sync())
    world.clock.now += 1
    image = world.emulator.account.image(photo)
    assert image is not None
    world.emulator.account.revise(image)
    report = good(world.sync())
    assert (dict(report.counts), world.set_aside()) == ({}, [])
    good(world.sync(), files_downloaded=0)


@pytest.mark.parametrize("kind", NEWER, ids=lambda kind: kind.name)
def test_one_that_went_and_an_old_one_that_came_are_seen_at_once(tmp_path: Path, kind: Kind) -> None:
    """The count is the same, and the photo that came has an old stamp: a delta is not told of either."""
    world = switched(tmp_path, kind)
    album, other = world.album("Top"), world.album("Other")
    old = world.photo(other, "old.jpg", 7)
    photos = [world.photo(album, f"{seed}.jpg", seed) for seed in range(3)]
    world.clock.now += 86_400
    world.photo(album, "last.jpg", 50)
    good(world.sync())
    world.edit("delete-photo", image=photos[0])
    world.edit("move-photo", image=old, to=album)
    world.sync(DELTA)
    assert "Top/old.jpg" in world.files()


@pytest.mark.parametrize("kind", [OLDEST, NEWEST, PIXELPOST], ids=lambda kind: kind.name)
def test_what_a_count_alone_says_of_many_is_not_believed_by_itself(tmp_path: Path, kind: Kind) -> None:
    world = switched(tmp_path, kind)
    album = world.album("Top")
    photos = [world.photo(album, f"{seed}.jpg", seed) for seed in range(30)]
    good(world.sync())
    for photo in photos[:25]:
        world.edit("delete-photo", image=photo)
    for _ in range(2):
        report = world.sync()
        assert (report.exit_code, report.files_retired) == (5, 0)
        assert "`smugsync sync --accept-loss` marks them as gone" in report.troubles[0].reason
    assert world.sync(accept_loss=True).files_retired == 25
    good(world.sync(), files_retired=0)


def test_every_album_that_is_not_believed_is_named(tmp_path: Path) -> None:
    world = RemoteWorld(tmp_path, NEWEST)
    photos = [
        world.photo(album, f"{seed}.jpg", seed)
        for album, seeds in ((world.album("Rome"), range(1, 6)), (world.album("Oslo"), range(6, 11)))
        for seed in seeds
    ]
    assert world.sync().exit_code == 0
    for photo in photos:
        world.edit("delete-photo", image=photo)
    report = world.sync()
    assert report.exit_code == 5
    assert {trouble.path for trouble in report.troubles} == {"Rome", "Oslo"}
    assert len(world.files()) == len(photos)


@pytest.mark.parametrize("kind", LEGACY, ids=lambda kind: kind.name)
def test_an_album_that_is_refused_stops_no_other(tmp_path: Path, kind: Kind) -> None:
    world = switched(tmp_path, kind)
    for seed, name in enumerate(("One", "Two", "Three")):
        world.photo(world.album(name), "a.jpg", seed)
    world.fault("stat-fail@/services/*/smugmug.images.get:code=3,times=2")
    report = world.sync(lanes=1)
    assert (report.exit_code, report.stopped) in ((3, None), (0, None))
    assert report.files_downloaded >= 1


def test_keys_that_appear_are_recognised_by_the_numbers(tmp_path: Path) -> None:
    """As in February 2008: `3517` becomes `3517_9VoYf`."""
    world = switched(tmp_path, OLDEST, "legacy-keys=absent")
    album = world.album("Top")
    for seed in range(3):
        world.photo(album, f"{seed}.jpg", seed)
    good(world.sync())
    before = world.files()
    world.emulator.turn(world.emulator.switches.set("legacy-keys=given"))
    assert migrated(world).by_key == 3
    good(world.sync(), files_downloaded=0)
    assert world.files() == before
