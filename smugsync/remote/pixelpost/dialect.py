"""Pixelpost: which questions to ask, and what the answers say. Nothing here changes a site.

The list has no total, no snapshot between its pages and no filter for one photo (source). So it is read in
the order of publish dates and titles, pages may overlap, entries that come twice are one, and behind the
last page stands the question how many there are (`photo.count`): a listing that shows another number
proves no absence.
"""

from __future__ import annotations

from urllib.parse import unquote, urlsplit

from smugsync.core.model import Account, Album, RemoteFile
from smugsync.errors import Garbled, Gone, SmugsyncError
from smugsync.remote.dialect import Auth, Call, Page, Proof, Reply, Source, Span
from smugsync.remote.pixelpost import failures, photos
from smugsync.remote.pixelpost.envelope import response_of
from smugsync.remote.pixelpost.photos import ALBUM, ALBUM_FIELDS, FILE_FIELDS, NEWEST, SORT, WHERE
from smugsync.remote.pixelpost.site import Form, Request, Value, site_at
from smugsync.remote.wire import Fields


class Pixelpost:
    """The dialect of the site at `site_url`, its root with or without a slash at the end.

    `form` is how questions are put: `json` over POST, or `get`, all in the address, for servers that let
    nothing else through. `api` is the word that the site's API goes by. Not `only_whole`: its
    pictures are taken as they are, also those that its own disk holds in part. Raises ConfigError.

    The whole site is one album, `photos`, whose name is the last part of the site's path, or its host. A
    photo's key and its name are its `filename`; the name that its owner gave the file is not kept by
    the service, and titles are anything but unique. Its version is the same: its bytes never change.
    """

    name = "pixelpost"
    proof = Proof.COUNT

    def __init__(
        self, site_url: str, *, form: Form = "json", api: str = "api", only_whole: bool = True
    ) -> None:
        self._site = site_at(site_url, form, api)
        self.only_whole = only_whole  #: as a rule, since what is uploaded is encoded anew (recorded)

    # The site

    def account(self) -> Call:
        return self._count({})

    def read_account(self, reply: Reply) -> Account:
        """Everything is shown to whoever may read at all, hidden photos too (recorded)."""
        return Account(self._site.host, self._site.url, name=self._title, whole=True, size=_total(reply))

    # Its one album

    def albums(self, account: Account, span: Span) -> Call:
        del account, span
        return self._list(ALBUM_FIELDS, page=1, size=NEWEST)

    def read_albums(self, reply: Reply, span: Span, account: Account) -> Page[Album]:
        del span
        return Page((self._album(account.size, reply),), 1)

    def album(self, key: str) -> Call:
        """All photos in one answer, and so their number and their newest of one moment.

        The service knows no largest page; we read answers of up to some 120,000 photos.
        """
        if key != ALBUM:
            raise Gone(f"{self._site.host} has one album, and it is called {ALBUM}")
        return self._list(ALBUM_FIELDS)

    def read_album(self, reply: Reply) -> Album:
        return self._album(len(_entries(reply)), reply)

    def _album(self, size: int | None, reply: Reply) -> Album:
        cursor = photos.cursor_of(size, _entries(reply), reply.headers.get("date", ""))
        return Album(ALBUM, "", self._title, f"/{self._title}", cursor, image_count=size)

    @property
    def _title(self) -> str:
        return unquote(urlsplit(self._site.url).path.rpartition("/")[2]) or self._site.host

    # Its photos

    def files(self, album: Album, span: Span) -> Call:
        del album
        return self._stretch(span, {})

    def read_files(self, reply: Reply, span: Span, album: Album) -> Page[RemoteFile]:
        del album
        if not span.count:
            return Page((), _total(reply))
        items: list[RemoteFile] = []
        faults: list[str] = []
        entries = _entries(reply)
        for number, entry in enumerate(entries, _first(span)):
            try:
                items.append(photos.read_file(Fields.of(entry, f"photo {number}"), self._site))
            except Garbled as error:
                faults.append(str(error))
        is_full = len(entries) == span.count
        following = Span(_first(span) + span.count, span.count if is_full else 0)
        return Page(tuple(items), None, following, tuple(faults))

    def changes(self, album: Album, since: str, span: Span) -> Call | None:
        """By the interval of publish dates. The published versions refuse it: see `failures` (Rejected)."""
        start = photos.start_of_changes(since, album.image_count)
        if not start:
            return None
        return self._stretch(span, {"publish-date-interval": {"start": start, "end": photos.FAR_AHEAD}})

    def read_changes(self, reply: Reply, span: Span, album: Album) -> Page[RemoteFile]:
        return self.read_files(reply, span, album)

    # One photo

    def look(self, file: RemoteFile) -> tuple[Call, ...]:
        """By the number that it had, then among all (see `album`): there is no filter for a filename.

        Another photo may have that number by now; `read_look` notices.
        """
        everywhere = self._list(WHERE)
        if not file.serial:
            return (everywhere,)
        request: Request = {"id": file.serial, "fields": list(WHERE)}
        return (self._site.ask("photo.get", request), everywhere)

    def read_look(self, reply: Reply, file: RemoteFile) -> Source:
        response = response_of(reply, f"the photo {file.name!r}")
        if "photo" in response:
            return Source(self._found(reply, file))
        if response.text("filename") != file.key:
            return Source(file, self._list(WHERE))
        return Source(photos.placed(response, file, self._site))

    def read_source(self, reply: Reply, file: RemoteFile) -> RemoteFile:
        return self._found(reply, file)

    def _found(self, reply: Reply, file: RemoteFile) -> RemoteFile:
        entry = photos.find(_entries(reply), file.key)
        if entry is None:
            raise Gone(f"{self._site.host} does not list {file.name!r} any more")
        return photos.placed(entry, file, self._site)

    def media(self, url: str) -> Call:
        """A plain file, open to anyone who knows its name, also of hidden photos (source)."""
        return Call("GET", url, auth=Auth.NONE)

    def failure(self, reply: Reply, call: Call) -> SmugsyncError | None:
        return failures.failure(reply, call)

    # Questions

    def _stretch(self, span: Span, narrowed: Request) -> Call:
        if not span.count:  # their number, after the last page
            return self._count(narrowed)
        return self._list(FILE_FIELDS, narrowed, page=_page(span), size=span.count)

    def _list(
        self, fields: tuple[str, ...], narrowed: Request | None = None, *, page: int = 0, size: int = 0
    ) -> Call:
        """One page of so many photos, or without a page all of them, the newest first."""
        request: dict[str, Value] = {"fields": list(fields)}
        if page:
            request["pager"] = {"page": page, "max-per-page": size}
        request["sort"] = SORT
        if narrowed:
            request["filter"] = narrowed
        return self._site.ask("photo.list", request)

    def _count(self, narrowed: Request) -> Call:
        return self._site.ask("photo.count", {"filter": narrowed} if narrowed else {})


def _page(span: Span) -> int:
    """The page that begins at or before the span; of one that is not aligned, some entries come again."""
    return (span.start - 1) // span.count + 1


def _first(span: Span) -> int:
    """The number of the first entry on that page."""
    return (_page(span) - 1) * span.count + 1


def _entries(reply: Reply) -> list[object]:
    response = response_of(reply, "photo.list")
    if "photo" not in response:
        raise Garbled("the answer to photo.list holds no photos, not even none")
    return list(response.entries("photo"))


def _total(reply: Reply) -> int:
    total = response_of(reply, "photo.count").whole("total")
    if total is None:
        raise Garbled("the answer to photo.count holds no total")
    return total
