"""SmugMug's older JSON APIs: which questions to ask, and what the answers say.

Nothing is paged: the list of albums and each album's photos come in one answer each, with all their fields
("heavy", which every version has). What is known comes from the documentation of the time, recorded answers
and the code of a dozen clients; the comments name what is not obvious.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Literal

from smugsync.core.model import Account, Album, RemoteFile
from smugsync.errors import Garbled, Gone, Rejected, SmugsyncError
from smugsync.remote.dialect import Auth, Call, Page, Proof, Reply, Source, Span
from smugsync.remote.smugmug_legacy import albums, images, times
from smugsync.remote.smugmug_legacy.calls import Endpoint, note_of
from smugsync.remote.smugmug_legacy.envelope import (
    answer,
    child,
    entries,
    is_empty_set,
    read_entries,
)
from smugsync.remote.smugmug_legacy.failures import failure
from smugsync.remote.smugmug_legacy.folders import ALBUMS, FolderQuestions
from smugsync.remote.smugmug_legacy.keys import Ref, parse_ref, read_ref
from smugsync.remote.smugmug_legacy.refusals import change_failure
from smugsync.remote.smugmug_legacy.uploads import UploadQuestions
from smugsync.remote.smugmug_legacy.versions import VERSIONS
from smugsync.remote.smugmug_v2.uploads import UPLOAD_URL
from smugsync.remote.wire import Fields

_HEAVY = {"Heavy": "1"}
#: What changed up to so many seconds before is asked for again: clocks, the hour that comes twice.
OVERLAP = 2 * 3600
#: Pictures that an album shows although they live in another one.
_COLLECTED = frozenset({"collected", "smart"})


class SmugMugLegacy(FolderQuestions, UploadQuestions):
    """The dialect of one `version` at `api_url`, a bare origin; files are sent to `upload_url`.

    With `user`, that user's albums as far as this viewer may see them; without, those of the account that
    the credentials belong to. `session`: the credentials are those of a login (see `sign_in`); None = as is
    usual for the version: a login for 1.2.x, OAuth or the bare key for 1.3.0. Passwords of albums are found
    under an album's key, its word or its number alone (`3517_9VoYf`, `9VoYf`, `3517`).

    `forms`: new photos go inside a form where the version has one (see `uploads`).

    Keys are `ID_KEY`; see `keys`. `RemoteFile.version` is the Serial alone (the count of replacements and
    rotations): MD5 and size of the upload come and go, and nothing is fetched anew for that. `promised` shows
    another MD5 under the same Serial. No address proves that a photo is gone: "invalid" may have many causes.
    """

    proof = Proof.COUNT
    only_whole = False

    def __init__(
        self,
        version: Literal["1.2.0", "1.2.1", "1.2.2", "1.3.0"],
        api_url: str,
        *,
        upload_url: str = UPLOAD_URL,
        user: str = "",
        session: bool | None = None,
        site_password: str = "",
        album_passwords: Mapping[str, str] | None = None,
        forms: bool = False,
        word: Callable[[], str] | None = None,
    ) -> None:
        known = VERSIONS[version]
        sessions = known.sessions if session is None else session
        if not (known.sessions if sessions else known.oauth):
            raise ValueError(f"{version} knows no {'sessions' if sessions else 'OAuth'}")
        endpoint = Endpoint(known, api_url, upload_url, sessions, user)
        FolderQuestions.__init__(self, endpoint, word, site_password=site_password)
        self._user = user
        self._forms = forms
        self._album_passwords = dict(album_passwords or {})

    @property
    def name(self) -> str:
        return f"smugmug-{self._endpoint.version.name}"

    # The account

    def account(self) -> Call:
        """A named user is one whose albums can be asked for. Otherwise the sign-in itself says whose it is:
        that of a session, or what an access token was given for."""
        if self._user:
            return self._endpoint.get(ALBUMS, self._viewer())
        if self._endpoint.sessions:
            return self._endpoint.login()
        return self._endpoint.get("smugmug.auth.checkAccessToken", {})

    def read_account(self, reply: Reply) -> Account:
        document = answer(reply, "the account")
        if self._user:
            return Account(self._user, f"user/{self._user.lower()}")
        auth, by_login = child(document, "Auth"), "Login" in document
        user = child(child(document, "Login") if by_login else auth, "User")
        access = child(auth, "Token").prose("Access")
        nickname = user.key("NickName")
        number = user.whole("id")
        return Account(
            nickname=nickname,
            root=f"user/{nickname.lower() if number is None else number}",
            name=user.prose("DisplayName") or user.prose("Name"),
            whole=True if by_login else access == "Full" if access else None,
        )

    def limits(self, account: Account) -> Call:
        """Who we are tells it, too."""
        del account
        return self.account()

    # Albums

    def albums(self, account: Account, span: Span) -> Call:
        """All of them, in one answer."""
        del account, span
        return self._endpoint.get(ALBUMS, {**self._viewer(), **_HEAVY})

    def read_albums(self, reply: Reply, span: Span, account: Account) -> Page[Album]:
        """How many there are the service never says: an empty list proves nothing by itself."""
        del span, account
        return read_entries(entries(answer(reply, "the album list"), "Albums"), self._read_album)

    def album(self, key: str) -> Call:
        """Where albums.getInfo may tell less of an album than the list does, the list is asked: it names no
        category in 1.2.0, nor then of another user's albums (recorded). What 1.3.0 tells of those is not
        known; an album whose category it does not name is not read."""
        own = not self._user or not self._endpoint.sessions
        if self._endpoint.version.info_is_whole and own:
            return self._endpoint.get("smugmug.albums.getInfo", self._in_album(parse_ref(key)))
        return self._endpoint.get(ALBUMS, {**self._viewer(), **_HEAVY}, {"album": key})

    def read_album(self, reply: Reply) -> Album:
        """Raises Rejected where a list does not show it, which is not yet a proof of anything."""
        document = answer(reply, "the album")
        if "Album" in document:
            return self._read_album(document.child("Album"))
        ref = parse_ref(note_of(reply).get("album", ""))
        for entry in entries(document, "Albums"):
            item = Fields.of(entry, "the album")
            if read_ref(item).means(ref):
                return self._read_album(item)
        raise Rejected("SmugMug's list of albums does not show this one")

    def _read_album(self, item: Fields) -> Album:
        return albums.read_album(
            item, is_owner=not self._user, has_password=lambda ref: bool(self._password(ref))
        )

    # Photos and videos

    def files(self, album: Album, span: Span) -> Call:
        del span
        return self._endpoint.get("smugmug.images.get", {**self._in_album(parse_ref(album.key)), **_HEAVY})

    def read_files(self, reply: Reply, span: Span, album: Album) -> Page[RemoteFile]:
        """What counts is the answer's own ImageCount, in 1.2.0 and 1.2.1 the album's."""
        del span
        document = answer(reply, f"the photos of {album.name!r}")
        within = child(document, "Album")
        counted = within.whole("ImageCount")
        total = album.image_count if counted is None else counted
        page = self._read_images(document, within, album, total)
        if not page.items and not page.faults and total is None:
            return Page((), None, None, ("no photos came, and nobody says that there are none",))
        return page

    def changes(self, album: Album, since: str, span: Span) -> Call | None:
        """What its times show to be new since shortly before. Not where photos were deleted meanwhile."""
        del span
        stamp, _, before = since.partition("|")
        moment = times.seconds(stamp)
        fewer = before.isdigit() and album.image_count is not None and int(before) > album.image_count
        if not self._endpoint.version.changes or moment is None or fewer:
            return None
        arguments = {**self._in_album(parse_ref(album.key)), **_HEAVY}
        return self._endpoint.get(
            "smugmug.images.get", {**arguments, "LastUpdated": str(max(moment - OVERLAP, 0))}
        )

    def read_changes(self, reply: Reply, span: Span, album: Album) -> Page[RemoteFile]:
        """Whether ImageCount then counts all of the album or what came is not known, so nothing does."""
        del span
        document = answer(reply, f"the changes of {album.name!r}")
        return self._read_images(document, child(document, "Album"), album, None)

    def _read_images(
        self, document: Fields, within: Fields, album: Album, total: int | None
    ) -> Page[RemoteFile]:
        """`Images` stand at the top (1.2.0, 1.2.1) or inside `Album`; an empty album may have none."""
        if "id" in within and not read_ref(within).means(parse_ref(album.key)):
            raise Garbled(f"SmugMug answered with another album than {album.name!r}")
        holder = document if "Images" in document else within
        if "Images" not in holder and (is_empty_set(document) or within.whole("ImageCount") == 0):
            return Page((), total)
        if "Images" not in holder:
            raise Garbled(f"SmugMug's answer to {document.what} holds no Images")
        return read_entries(holder.entries("Images"), lambda item: images.read_file(item, album.key), total)

    def look(self, file: RemoteFile) -> tuple[Call, ...]:
        ref = parse_ref(file.key)
        arguments = {"ImageID": ref.id, **({"ImageKey": ref.key} if ref.key else {})}
        passwords = self._passwords(parse_ref(file.album_key))
        return (self._endpoint.get("smugmug.images.getInfo", {**arguments, **passwords}),)

    def read_look(self, reply: Reply, file: RemoteFile) -> Source:
        """Raises Gone when the photo lives in another album now. Where it is only collected from there, it is
        still shown in this one."""
        item = answer(reply, f"the photo {file.name!r}").child("Image")
        if not read_ref(item).means(parse_ref(file.key)):
            raise Garbled(f"SmugMug answered with another photo than {file.name!r}")
        home = child(item, "Album")
        is_here = "id" not in home or read_ref(home).means(parse_ref(file.album_key))
        if not is_here and item.prose("Type").lower() not in _COLLECTED:
            raise Gone(f"{file.name or file.key} lies in another album now")
        return Source(images.read_file(item, file.album_key))

    def read_source(self, reply: Reply, file: RemoteFile) -> RemoteFile:
        """Never asked: a look tells the address."""
        return self.read_look(reply, file).file

    def media(self, url: str) -> Call:
        """Sessions opened nothing here: who knew an address could read it. With OAuth, private photos want a
        signed request (two clients)."""
        return Call("GET", url, auth=Auth.FILE)

    def failure(self, reply: Reply, call: Call) -> SmugsyncError | None:
        judge = failure if call.idempotent else change_failure
        return judge(reply, call, self._endpoint)

    # What goes with a question

    def _in_album(self, ref: Ref) -> dict[str, str]:
        key = {"AlbumKey": ref.key} if ref.key else {}
        return {"AlbumID": ref.id, **key, **self._passwords(ref)}

    def _passwords(self, album: Ref) -> dict[str, str]:
        given = {"Password": self._password(album), "SitePassword": self._site_password}
        return {name: word for name, word in given.items() if word}

    def _password(self, album: Ref) -> str:
        names = (str(album), album.key, album.id)
        return next((self._album_passwords[name] for name in names if name in self._album_passwords), "")
