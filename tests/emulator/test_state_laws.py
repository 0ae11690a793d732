"""Whatever is done to an account, its state file has it: after every edit, also after a kill."""

from __future__ import annotations

import inspect
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from smugsync.emulator.account.account import Account, EditError
from smugsync.emulator.account.model import Album, Image, Node
from smugsync.emulator.media.pictures import make_gif, make_picture, make_video
from smugsync.emulator.state.database import Database
from smugsync.emulator.state.statefile import StateFile
from tests.emulator.ask import Clock
from tests.emulator.portraits import portray

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
    st.tuples(st.sampled_from(sorted(EDITS)), st.tuples(*[st.integers(0, 50)] * 6)), min_size=1, max_size=30
)


@settings(max_examples=100, deadline=None)
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


def test_every_way_to_edit_is_among_the_edits() -> None:
    public = {name for name, _ in inspect.getmembers(Account, inspect.isfunction) if not name.startswith("_")}
    assert public == READS | set(EDITS) - {"add video"}
