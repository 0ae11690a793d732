"""Whatever is done to an account, its state file has it: after every edit, also after a kill."""

from __future__ import annotations

import contextlib
import inspect
import json
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from smugsync.emulator.account.account import Account, EditError
from smugsync.emulator.account.model import Album, Image, Node
from smugsync.emulator.emulator import Emulator
from smugsync.emulator.media.pictures import make_gif, make_picture, make_video
from smugsync.emulator.settings import Settings
from smugsync.emulator.state.database import Database
from smugsync.emulator.state.statefile import StateFile
from tests.emulator.ask import Client, Clock
from tests.emulator.portraits import portray
from tests.emulator.uploading import Uploader

BEGIN = 1_600_000_000
PICTURES = [
    make_picture(1, taken="2020-01-01T10:00:00"),
    make_gif(2),
    make_picture(3, taken=None, title="three"),
]
VIDEO = make_video(4)


class Nobody:
    """Nobody ever signs in."""

    changes = 0

    def dump(self) -> dict[str, Any]:
        return {}


class Hand:
    """Picks what an edit is done to. All that it picks from depends on the numbers it was given alone."""

    def __init__(self, account: Account, numbers: tuple[int, ...]) -> None:
        self.account = account
        self._numbers = iter(numbers * 4)

    def number(self) -> int:
        return next(self._numbers)

    def _pick(self, things: list[Any]) -> Any:
        if not things:
            raise EditError("there is nothing to edit")
        return things[self.number() % len(things)]

    def node(self) -> Node:
        """Hardly ever a root: of those, little can be changed."""
        nodes = [one for one in self.account.nodes.values() if one.parent is not None]
        return self._pick(nodes * 3 + [self.account.root])  # type: ignore[no-any-return]

    def folder(self) -> Node:
        return self._pick([one for one in self.account.nodes.values() if one.is_folder])  # type: ignore[no-any-return]

    def deleted(self) -> Node:
        return self._pick([one for one in self.account.bin.nodes.values() if one.deleted])  # type: ignore[no-any-return]

    def album(self) -> Album:
        return self._pick(list(self.account.albums.values()))  # type: ignore[no-any-return]

    def image(self) -> Image:
        return self._pick(list(self.account.all_images()))  # type: ignore[no-any-return]

    def word(self) -> str:
        return ("Sea", "sea", "Ünï", "活动", "a & b", "Sea 2")[self.number() % 6]

    def bytes(self) -> bytes:
        return PICTURES[self.number() % len(PICTURES)]


EDITS: dict[str, Callable[[Account, Hand], object]] = {
    "add_user": lambda a, h: a.add_user(f"user{h.number() % 3}"),
    "add_folder": lambda a, h: a.add_folder(h.word(), parent=h.folder(), keywords=("a", "b")),
    "add_page": lambda a, h: a.add_page(h.word(), parent=h.folder(), system=bool(h.number() % 2)),
    "add_album": lambda a, h: a.add_album(h.word(), parent=h.folder(), privacy="Unlisted"),
    "edit_node": lambda a, h: a.edit_node(h.node(), description=h.word(), keywords=(h.word(),)),
    "rename": lambda a, h: a.rename(h.node(), name=h.word(), url_name=f"Name-{h.number() % 4}"),
    "set_privacy": lambda a, h: a.set_privacy(h.node(), "Private", password=h.word()),
    "stamp": lambda a, h: a.stamp(h.node()),
    "move_node": lambda a, h: a.move_node(h.node(), h.folder()),
    "move_nodes": lambda a, h: a.move_nodes([h.node(), h.node()], h.folder()),
    "delete_node": lambda a, h: a.delete_node(h.node()),
    "recover": lambda a, h: a.recover(h.deleted()),
    "edit_album": lambda a, h: a.edit_album(h.album(), largest_size="X3Large", exif=False, shown={"a": 1}),
    "pack": lambda a, h: a.pack(h.album()),
    "bump": lambda a, h: a.bump(h.album()),
    "reorder": lambda a, h: a.reorder(h.album(), [one.key for one in reversed(h.album().photos)]),
    "add_photo": lambda a, h: a.add_photo(h.album(), f"{h.word()}.jpg", h.bytes(), caption=h.word()),
    "replace": lambda a, h: a.replace(h.image(), h.bytes()),
    "revise": lambda a, h: a.revise(h.image()),
    "copy": lambda a, h: a.copy(h.image(), h.album()),
    "edit": lambda a, h: a.edit(h.image(), title=h.word(), keywords=(h.word(), "k"), hidden=True),
    "delete": lambda a, h: a.delete(*_image_in_album(h)),
    "move": lambda a, h: a.move(h.image(), h.album()),
    "collect": lambda a, h: a.collect(h.image(), h.album()),
    "add video": lambda a, h: a.add_photo(h.album(), "v.MP4", VIDEO, ready_at=a.now() + 60),
}
#: What is public and edits nothing, or nothing that is kept.
READS = {
    *(
        "adopt_lazily",
        "album",
        "albums_of",
        "all_images",
        "find",
        "image",
        "is_unlocked",
        "mark",
        "node",
        "now",
    ),
    *("root_of", "unlock"),
}


def _image_in_album(hand: Hand) -> tuple[Image, Album | None]:
    """If it was collected, mostly there."""
    image = hand.image()
    albums = [None, *hand.account.albums_of(image)]
    return image, albums[-1 if hand.number() % 3 else 0]


@contextmanager
def kept(account: Account, directory: Path) -> Iterator[StateFile]:
    """The account's first state file."""
    with closing(StateFile(Database(directory / "state"))) as file:
        file.begin(account, lambda _: None)
        yield file


def killed(directory: Path) -> Path:
    """The file as a process that is killed now leaves it behind."""
    copy = directory / "copy"
    copy.mkdir(exist_ok=True)
    for name in ("state", "state-wal"):
        (copy / name).unlink(missing_ok=True)
        if (directory / name).exists():
            shutil.copy(directory / name, copy / name)
    (copy / "state-shm").unlink(missing_ok=True)
    return copy / "state"


def assert_kept(account: Account, path: Path) -> None:
    loaded = Account("nobody", clock=account.clock, seed=99)
    with closing(StateFile(Database(path))) as file:
        file.load(loaded)
        assert_equal(portray(loaded), portray(account))


def assert_equal(found: dict[str, Any], expected: dict[str, Any]) -> None:
    """The same as `==`; what differs is easier to see."""
    for part, wanted in expected.items():
        assert list(found[part]) == list(wanted), part
        for name in wanted if isinstance(wanted, dict) else ():
            assert found[part][name] == wanted[name], (part, name)
    assert found == expected


def small_account(clock: Clock) -> Account:
    """Folders, albums, collected images, and something that was deleted."""
    account = Account("zoe", clock=clock, seed=5)
    travel, family = account.add_folder("Travel"), account.add_folder("Family")
    iceland, china = account.add_album("Iceland", parent=travel), account.add_album("China", parent=travel)
    birthday, best = account.add_album("Birthday", parent=family), account.add_album("Best")
    for album in (iceland, china, birthday):
        for number, picture in enumerate(PICTURES):
            account.add_photo(album, f"{number}.jpg", picture)
    account.collect(iceland.photos[0], best)
    account.collect(birthday.photos[1], best)
    account.collect(iceland.photos[1], birthday)
    account.collect(china.photos[1], iceland)
    account.delete_node(china.node)
    account.delete_node(family)
    return account


steps = st.lists(
    st.tuples(st.sampled_from(sorted(EDITS)), st.tuples(*[st.integers(0, 50)] * 6)), min_size=1, max_size=20
)


@settings(max_examples=40, deadline=None)
@given(steps, st.sampled_from([0, 30]))
def test_every_edit_is_kept(steps: list[tuple[str, tuple[int, ...]]], lag: float) -> None:
    clock = Clock(BEGIN)
    account = small_account(clock)
    account.images_updated_delay = lag
    with tempfile.TemporaryDirectory() as directory, kept(account, Path(directory)) as file:
        for name, numbers in steps:
            clock.now += 7
            try:
                EDITS[name](account, Hand(account, numbers))
            except EditError:
                continue
            file.save(account, Nobody())
            assert_kept(account, killed(Path(directory)))


class Known:
    """What there is in the small account, by name."""

    def __init__(self, account: Account) -> None:
        self.account = account
        self.root = account.root
        self.travel = self.root.children[0]
        albums = {album.node.name: album for album in account.albums.values()}
        self.iceland, self.best = albums["Iceland"], albums["Best"]
        self.collected = self.best.photos[0]
        self.family = next(node for node in account.bin.nodes.values() if node.name == "Family")
        self.china = next(node for node in account.bin.nodes.values() if node.name == "China")


def _recover(account: Account, *nodes: Node) -> None:
    for node in nodes:
        account.recover(node)


CASES: dict[str, Callable[[Account, Known], object]] = {
    "move an album out of its folder": lambda a, k: a.move_node(k.iceland.node, k.root),
    "move an album to another folder": lambda a, k: a.move_node(k.best.node, k.travel),
    "delete an album": lambda a, k: a.delete_node(k.iceland.node),
    "delete an album of collected images": lambda a, k: a.delete_node(k.best.node),
    "delete a folder with everything in it": lambda a, k: a.delete_node(k.travel),
    "recover a folder with everything in it": lambda a, k: a.recover(k.family),
    "recover an album": lambda a, k: a.recover(k.china),
    "recover two": lambda a, k: _recover(a, k.china, k.family),
    "collect": lambda a, k: a.collect(k.iceland.photos[2], k.best),
    "take a collected image away": lambda a, k: a.delete(k.collected, k.best),
    "delete an image that was collected": lambda a, k: a.delete(k.collected),
    "move an image that was collected": lambda a, k: a.move(k.collected, k.best),
    "move a link": lambda a, k: a.move(k.collected, a.add_album("Third"), k.best),
    "sort by hand": lambda a, k: a.reorder(k.iceland, [k.iceland.photos[2].key]),
    "several of a kind": lambda a, k: [a.add_photo(k.best, f"{n}.jpg", b"") for n in range(9)],
    "a tree of its own": lambda a, k: a.add_album("Deep", parent=a.add_folder("In", parent=k.travel)),
}


@pytest.mark.parametrize("name", CASES)
def test_this_edit_is_kept(name: str, tmp_path: Path) -> None:
    account = small_account(clock := Clock(BEGIN))
    with kept(account, tmp_path) as file:
        before = portray(account)
        clock.now += 7
        CASES[name](account, Known(account))
        assert portray(account) != before
        file.save(account, Nobody())
        assert_kept(account, killed(tmp_path))


def test_an_edit_that_says_nothing_would_be_noticed(tmp_path: Path) -> None:
    account = small_account(Clock(BEGIN))
    with kept(account, tmp_path) as file:
        Known(account).collected.title = "nobody was told"
        file.save(account, Nobody())
        with pytest.raises(AssertionError, match="nobody was told"):
            assert_kept(account, killed(tmp_path))


Asked = tuple[str, str, dict[str, Any]]


def _home(image: Image) -> str:
    return f"/api/v2/album/{image.home}/image/{image.id}"


def _shown_in(image: Image, album: Album | None) -> str:
    return f"/api/v2/album/{album.key if album else image.home}/image/{image.id}"


REQUESTS: dict[str, Callable[[Hand], Asked]] = {
    "create": lambda h: (
        "POST",
        f"/api/v2/node/{h.folder().id}!children",
        {"Type": ("Folder", "Album", "Page")[h.number() % 3], "Name": h.word()},
    ),
    "create album": lambda h: (
        "POST",
        f"/api/v2/folder/id/{h.folder().id}!albums",
        {"Name": h.word(), "UrlName": f"A-{h.number() % 5}"},
    ),
    "node": lambda h: ("PATCH", f"/api/v2/node/{h.node().id}", {"Name": h.word(), "Privacy": "Unlisted"}),
    "album": lambda h: ("PATCH", f"/api/v2/album/{h.album().key}", {"SortMethod": "Caption", "EXIF": False}),
    "image": lambda h: ("PATCH", f"/api/v2/image/{h.image().id}", {"Caption": h.word(), "Keywords": "a; b"}),
    "move nodes": lambda h: (
        "POST",
        f"/api/v2/node/{h.folder().id}!movenodes",
        {"MoveUris": [f"/api/v2/node/{h.node().id}"]},
    ),
    "move": lambda h: ("POST", f"/api/v2/album/{h.album().key}!moveimages", {"MoveUris": _home(h.image())}),
    "collect": lambda h: (
        "POST",
        f"/api/v2/album/{h.album().key}!collectimages",
        {"CollectUris": _home(h.image())},
    ),
    "delete images": lambda h: (
        "POST",
        f"/api/v2/album/{h.album().key}!deleteimages",
        {"DeleteUris": [_home(h.image())]},
    ),
    "rotate": lambda h: ("POST", f"/api/v2/image/{h.image().id}!rotate", {"Rotation": "90"}),
    "delete node": lambda h: ("DELETE", f"/api/v2/node/{h.node().id}", {}),
    "delete image": lambda h: ("DELETE", f"/api/v2/image/{h.image().key}", {}),
    "unlink": lambda h: ("DELETE", _shown_in(*_image_in_album(h)), {}),
    "recover": lambda h: (
        "POST",
        f"/api/v2/deleted/{'album' if (node := h.deleted()).album else 'folder'}/{node.id}!recover",
        {},
    ),
}

requests = st.lists(
    st.tuples(st.sampled_from([*sorted(REQUESTS), "upload"]), st.tuples(*[st.integers(0, 50)] * 6)),
    min_size=1,
    max_size=10,
)


@settings(max_examples=20, deadline=None)
@given(requests)
def test_every_answer_is_kept(requests: list[tuple[str, tuple[int, ...]]]) -> None:
    with tempfile.TemporaryDirectory() as name:
        directory = Path(name)
        with kept(small_account(Clock(BEGIN)), directory):
            pass
        origin = {"nickname": "zoe", "seed": 5, "library": None, "people": {}}
        with closing(Database(directory / "state")) as database:
            database.write_about("origin", json.dumps(origin))
        with closing(Emulator(Settings(state=directory / "state"))) as emulator:
            for what, numbers in requests:
                hand = Hand(emulator.account, numbers)
                try:
                    _ask(emulator, what, hand)
                except EditError:  # there is nothing that it could be done to
                    continue
                assert_kept(emulator.account, killed(directory))


def _ask(emulator: Emulator, what: str, hand: Hand) -> None:
    if what == "upload":
        Uploader(emulator, hand.album()).send(hand.bytes(), filename=f"{hand.number()}.jpg")
        return
    method, target, body = REQUESTS[what](hand)
    assert Client(emulator).write(target, body, method).status < 500


def test_the_requests_are_ones_that_succeed(tmp_path: Path) -> None:
    statuses: dict[str, set[int]] = {name: set() for name in REQUESTS}
    with closing(Emulator(Settings(state=tmp_path / "state"))) as emulator:
        for numbers in ((1, 2, 3, 4, 5, 6), (4, 1, 5, 2), (0,), (7, 3, 9, 11, 2), (5, 8, 1)):
            for name, draw in REQUESTS.items():
                with contextlib.suppress(EditError):
                    method, target, body = draw(Hand(emulator.account, numbers))
                    statuses[name].add(Client(emulator).write(target, body, method).status)
    assert [name for name, found in statuses.items() if not found & {200, 201}] == []


def test_every_way_to_edit_is_among_the_edits() -> None:
    public = {name for name, _ in inspect.getmembers(Account, inspect.isfunction) if not name.startswith("_")}
    assert public == READS | set(EDITS) - {"add video"}
