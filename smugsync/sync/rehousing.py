"""Moving house: a mirror that was made through one interface of an account goes on through another.

What is recorded of albums and photos is led over to what they are called there. Nothing is fetched and no
file is touched; what finds no counterpart stays as it is, and the next full cycle sees to it like to anything
that it finds changed online.

SmugMug's keys are the same in all of its interfaces (likely: inferred from clients, not recorded);
the older interfaces know each thing by a number besides. Where a key tells nothing, the bytes do, or the name
with the size.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import field
from typing import TypeVar

from smugsync.catalogue import AlbumRow, FileRow, shown
from smugsync.core.lifecycle import Event, State
from smugsync.core.model import Access, Account, Album, Evidence, RemoteFile
from smugsync.errors import SuspiciousPlan, Transient
from smugsync.local import marker
from smugsync.records import dataclass, replace
from smugsync.remote.gallery import Gallery
from smugsync.remote.listing import Listing
from smugsync.sync.context import Context
from smugsync.sync.recovery import check_marker

T = TypeVar("T")

#: At least so large a part of what is held has to be found again, or it is not the same account.
_ENOUGH = 0.5
#: And so large a part where it has another name, or a site another address.
_NEARLY_ALL = 0.9


@dataclass(slots=True)
class Rehoused:
    """How many albums and files were recognised, by what, and how many were not."""

    albums: int = 0
    albums_left: int = 0
    by_key: int = 0
    by_bytes: int = 0
    by_name: int = 0
    changed: int = 0  #: recognised, and other bytes are online: fetched by the next sync
    left: int = 0

    @property
    def files(self) -> int:
        return self.by_key + self.by_bytes + self.by_name


@dataclass(slots=True)
class _House:
    """One album with its new counterpart: rows by what they become."""

    row: AlbumRow
    album: Album
    pairs: list[tuple[FileRow, RemoteFile, str]] = field(default_factory=list)
    left: list[FileRow] = field(default_factory=list)


def rehouse(context: Context, gallery: Gallery, account: Account) -> Rehoused:
    """Lead everything over to `account` as `gallery` shows it. All of it is recorded at once, or nothing.

    Raises SuspiciousPlan where it is not the same account, Transient if a listing is incomplete, and what
    asking raises.
    """
    found = check_marker(context.catalogue, context.mirror)
    if context.catalogue.recall("mirror") is None:
        raise SuspiciousPlan(
            f"nothing is recorded of the mirror {context.mirror.root.path}, so that nothing can be led over: "
            "`smugsync fsck --rebuild` makes a catalogue by what lies there"
        )
    result = Rehoused()
    houses = list(_houses(context, gallery, account, result))
    if found.account == account.root and not any(_is_to_move(house) for house in houses):
        raise SuspiciousPlan(
            f"{context.mirror.root.path} is the mirror of {account.nickname} by this interface already: "
            "there is nothing to move"
        )
    same_name = found.nickname.casefold() == account.nickname.casefold()
    _check_enough(context, houses, account, _ENOUGH if same_name else _NEARLY_ALL)
    if context.options.dry_run:
        return result
    # The marker last: until it is written, the mirror is the former interface's, and this can be repeated.
    with context.catalogue.transaction(durable=True):
        for house in houses:
            _record(context, house)
        context.catalogue.remember("account", account.root)
        context.catalogue.remember("nickname", account.nickname)
    marker.write(context.mirror.root, replace(found, account=account.root, nickname=account.nickname))
    return result


def bare(key: str) -> str:
    """What is the same of a key in all of SmugMug's interfaces; "" if nothing is (a number alone)."""
    last = key.rpartition("_")[2]
    return "" if last.isdecimal() and len(last) > 4 else last


def number(key: str) -> str:
    """The number that SmugMug's older interfaces put before a key, or have instead of one; "" without."""
    first = key.partition("_")[0]
    return first if first.isdecimal() else ""


def _is_to_move(house: _House) -> bool:
    """Is anything of it called otherwise now?"""
    moved = any(row.key != remote.key for row, remote, _ in house.pairs)
    return moved or house.row.key != house.album.key


# -- recognising ---------------------------------------------------------------------------------------


def _houses(context: Context, gallery: Gallery, account: Account, result: Rehoused) -> Iterator[_House]:
    albums = [album for album in _read(gallery.albums(account), "albums") if album.access is Access.READABLE]
    rows = [row for row in context.catalogue.albums() if row.state != "gone"]
    pairs = _pair_albums(rows, albums)
    result.albums_left = len(rows) - len(pairs)
    for number, (row, album) in enumerate(pairs):
        context.stop.check()
        context.progress.albums(number, len(pairs))
        house = _House(row, album)
        _pair_files(house, context.catalogue.files(row.id), _read(gallery.files(album), album.url_path))
        result.albums += 1
        for before, remote, how in house.pairs:
            result.by_key += how == "key"
            result.by_bytes += how == "bytes"
            result.by_name += how == "name"
            result.changed += before.held_md5 is not None and not _same_bytes(before, remote)
        result.left += len(house.left)
        yield house


def _read(listing: Listing[T], what: str) -> list[T]:
    found = [one for page in listing for one in page]
    if not listing.complete:
        raise Transient(f"the list of {what} came incomplete ({listing.why}): nothing was changed")
    return found


def _pair_albums(rows: Iterable[AlbumRow], albums: Iterable[Album]) -> list[tuple[AlbumRow, Album]]:
    """By key, else by an address that is the only one of its kind on both sides."""
    waiting = {album.key: album for album in albums}
    by_key = {name: album for album in waiting.values() for name in _names(album.key)}
    pairs: list[tuple[AlbumRow, Album]] = []
    rest: list[AlbumRow] = []
    for row in rows:
        album = next((by_key[name] for name in _names(row.key) if name in by_key), None)
        if album is not None and album.key in waiting:
            pairs.append((row, waiting.pop(album.key)))
        else:
            rest.append(row)
    for address in (_address, _title):
        here = _single((address(row.url_path, row.name), row) for row in rest)
        there = _single((address(album.url_path, album.name), album) for album in waiting.values())
        for same in sorted(here.keys() & there.keys()):
            pairs.append((here[same], waiting.pop(there[same].key)))
            rest.remove(here[same])
    return pairs


def _names(key: str) -> tuple[str, ...]:
    """What an album may be recognised by of its key, the surest first."""
    return tuple(filter(None, (bare(key), number(key))))


def _address(url_path: str, name: str) -> str:
    del name
    return url_path.casefold()


def _title(url_path: str, name: str) -> str:
    del url_path
    return name.casefold()


def _single(named: Iterable[tuple[str, T]]) -> dict[str, T]:
    """Those whose name nobody else has."""
    pairs = [(name, one) for name, one in named if name]
    counts = Counter(name for name, _ in pairs)
    return {name: one for name, one in pairs if counts[name] == 1}


def _pair_files(house: _House, rows: dict[str, FileRow], remotes: list[RemoteFile]) -> None:
    waiting = {remote.key: remote for remote in remotes}
    rest = list(rows.values())

    def pair(how: str, here: dict[str, FileRow], there: dict[str, RemoteFile]) -> None:
        for same in sorted(here.keys() & there.keys()):
            house.pairs.append((here[same], waiting.pop(there[same].key), how))
            rest.remove(here[same])

    pair("key", _single((bare(row.key), row) for row in rest), _single(_by(bare, waiting)))
    pair("key", _single((number(row.key), row) for row in rest), _single(_by(number, waiting)))
    # photos of the same bytes stand for one another, best under their own names
    for with_name in (True, False):
        pair(
            "bytes",
            _numbered((_bytes(row.held_md5, row.remote_name, with_name), row) for row in rest),
            _numbered(
                (_bytes(remote.promised.md5, remote.name, with_name), remote) for remote in waiting.values()
            ),
        )
    pair(
        "name",
        _single((f"{row.remote_name}\0{row.held_size}", row) for row in rest if row.held_size),
        _single(
            (f"{remote.name}\0{remote.promised.size}", remote)
            for remote in waiting.values()
            if remote.promised.size
        ),
    )
    house.left += rest


def _by(name: Callable[[str], str], remotes: dict[str, RemoteFile]) -> Iterator[tuple[str, RemoteFile]]:
    return ((name(key), remote) for key, remote in remotes.items())


def _bytes(md5: str | None, name: str, with_name: bool) -> str:
    return (f"{md5}\0{name}" if with_name else md5) if md5 else ""


def _numbered(named: Iterable[tuple[str, T]]) -> dict[str, T]:
    """All that have a name; those that share one are numbered."""
    counts: Counter[str] = Counter()
    found: dict[str, T] = {}
    for name, one in named:
        if name:
            counts[name] += 1
            found[f"{name}\0{counts[name]}"] = one
    return found


def _same_bytes(row: FileRow, remote: RemoteFile) -> bool:
    """Are the held bytes those online, as far as the service tells? Where it tells nothing, the key does."""
    if remote.promised.md5 is not None:
        return remote.promised.md5 == row.held_md5
    return remote.promised.size in (None, row.held_size)


def _check_enough(context: Context, houses: list[_House], account: Account, part: float) -> None:
    held = context.catalogue.held()
    same = sum(
        _same_bytes(row, remote)
        for house in houses
        for row, remote, _ in house.pairs
        if row.held_md5 is not None and row.state is not State.RETIRED
    )
    if same < held * part:
        raise SuspiciousPlan(
            f"only {same:,} of {held:,} files that are here were found in the account of {account.nickname} "
            "by this interface: if it is the same account, it shows less of it; nothing was changed"
        )


# -- recording -----------------------------------------------------------------------------------------


def _record(context: Context, house: _House) -> None:
    album, catalogue = house.album, context.catalogue
    catalogue.put([_led_over(row, remote, context.run) for row, remote, _ in house.pairs])
    catalogue.put_album(
        replace(
            house.row,
            key=album.key,
            node_id=album.node_id,
            name=album.name,
            url_path=album.url_path,
            image_count=album.image_count,
            cursor="",  # the next cycle looks into it
        )
    )


def _led_over(row: FileRow, remote: RemoteFile, run: int) -> FileRow:
    columns = shown(remote, run)
    if row.held_md5 is None:
        return replace(row, key=remote.key, **columns)
    if not _same_bytes(row, remote):
        fresh = replace(row, key=remote.key)
        return fresh.on(Event.CHANGE, **columns) if row.state is State.COMMITTED else fresh
    if remote.promised.md5 is None:  # what the bytes were accepted under stays
        del columns["promised_md5"], columns["promised_size"]
    else:
        columns["evidence"] = Evidence.PROMISED.value
    held_version = remote.version if row.held_version == row.version else row.held_version
    return replace(row, key=remote.key, held_version=held_version, **columns)
