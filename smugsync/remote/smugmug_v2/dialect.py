"""SmugMug API v2: which questions to ask, and what the answers say. What changes the account is in
`uploads`.

What is known about the service comes from its documentation (`/api/v2/doc`), from recorded answers
and from measurements of other client authors; the comments name what is not obvious. Answers are
asked for small (`_verbosity=1`, `_filter`, `_filteruri`), but a full answer is read just as well:
servers ignore switches that they do not know.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import suppress

from smugsync.core.model import Account, Album, Kind, RemoteFile
from smugsync.errors import Garbled
from smugsync.records import replace
from smugsync.remote.dialect import Auth, Call, Folder, Page, Proof, Reply, Source, Span
from smugsync.remote.smugmug_v2 import objects
from smugsync.remote.smugmug_v2.envelope import get, only, part, read_page, response_of
from smugsync.remote.smugmug_v2.uploads import UPLOAD_URL, UploadQuestions
from smugsync.remote.smugmug_v2.usual import read_photo
from smugsync.remote.wire import Fields, parse

_ALBUM_SWITCHES = {"_filter": objects.ALBUM_FIELDS, "_filteruri": "AlbumImages"}
#: `_filteruri=` leaves no link at all.
_FOLDER_SWITCHES = {"_filter": objects.FOLDER_FIELDS, "_filteruri": ""}
#: `_expand` needs the link whose target it expands, so `_filteruri` must name it. The expansion itself
#: stands beside the answer, keyed by that link, and is simply missing where it could not be made.
_FILE_SWITCHES = {"_filter": objects.FILE_FIELDS, "_filteruri": "LargestVideo", "_expand": "LargestVideo"}

_USER_FIELDS = "NickName,Name,ResponseLevel"
_HOME_ALBUM = re.compile(r"/album/([^/!?]+)/image/")


class SmugMugV2(UploadQuestions):
    """The dialect of API v2 at `api_url`, a bare origin such as `https://api.smugmug.com`; files are sent to
    `upload_url`.

    With `user`, that user's albums as far as this viewer may see them (anonymously: the public ones);
    without, those of the account that the credentials belong to.

    `RemoteFile.version`: a photo's is its Serial (the count of its replacements) with MD5 and size of
    the archived original. A video's is its Serial alone: MD5 and size of what can be downloaded come
    from a second object that the service may leave out of a listing, and a version must not depend on
    that. Where a rendition was made anew under the same Serial, only `promised` shows it.
    """

    name = "smugmug-v2"
    proof = Proof.ADDRESS
    only_whole = False

    def __init__(self, api_url: str, *, user: str = "", upload_url: str = UPLOAD_URL) -> None:
        super().__init__(api_url, upload_url)
        self._user = user

    # The account

    def account(self) -> Call:
        return self._get(self._viewer, {"_filter": _USER_FIELDS, "_filteruri": "Node"})

    def account_and_albums(self, count: int) -> Call:
        """The first albums come as an expansion of the account's link to them (documentation: `_config`)."""
        albums = {
            "filter": objects.ALBUM_FIELDS.split(","),
            "filteruri": ["AlbumImages"],
            "args": {"count": count},
        }
        config = {
            "filter": _USER_FIELDS.split(","),
            "filteruri": ["Node", "UserAlbums"],
            "expand": {"UserAlbums": albums},
        }
        return self._get(self._viewer, {"_config": json.dumps(config, separators=(",", ":"))})

    @property
    def _viewer(self) -> str:
        return f"/api/v2/user/{part(self._user)}" if self._user else "/api/v2!authuser"

    def read_account(self, reply: Reply) -> Account:
        user = only(reply, "User", "the account")
        root = objects.link(user, "Node").rpartition("/")[2]
        if not root:
            raise Garbled("SmugMug's answer about the account names no root node")
        level = user.prose("ResponseLevel")
        return Account(
            nickname=user.key("NickName"),
            root=root,
            name=user.prose("Name"),
            whole=None if not level else level == "Full",
            albums=tuple(_read_shown(user, parse(reply, "the account"))),
        )

    # Albums

    def albums(self, account: Account, span: Span) -> Call:
        """The flat list: every album the viewer may know of, at any depth, in `Total`/`count` requests."""
        return self._get(f"/api/v2/user/{part(account.nickname)}!albums", _ALBUM_SWITCHES, span)

    def read_albums(self, reply: Reply, span: Span, account: Account) -> Page[Album]:
        del account
        response = response_of(reply, "the album list")
        return read_page(response, "Album", span, objects.read_album)

    def album(self, key: str) -> Call:
        return self._get(f"/api/v2/album/{part(key)}", _ALBUM_SWITCHES)

    def read_album(self, reply: Reply) -> Album:
        return objects.read_album(only(reply, "Album", "the album"))

    # Folders

    def folders(self, node_id: str, span: Span) -> Call:
        switches = {"Type": "Folder", **_FOLDER_SWITCHES}
        return self._get(f"/api/v2/node/{part(node_id)}!children", switches, span)

    def read_folders(self, reply: Reply, span: Span) -> Page[Folder]:
        page = read_page(response_of(reply, "the folder"), "Node", span, objects.read_folder)
        folders = tuple(folder for folder in page.items if folder)
        return Page(folders, page.total if len(folders) == len(page.items) else None, page.next, page.faults)

    # Photos and videos

    def files(self, album: Album, span: Span) -> Call:
        return self._get(f"/api/v2/album/{part(album.key)}!images", _FILE_SWITCHES, span)

    def read_files(self, reply: Reply, span: Span, album: Album) -> Page[RemoteFile]:
        document = parse(reply, f"the photos of {album.name!r}")
        expansions = document.child("Expansions")

        def read(item: Fields) -> RemoteFile:
            return objects.read_file(item, album.key, expansions)

        def read_usual(item: object) -> RemoteFile | None:
            return read_photo(item, album.key)

        return read_page(document.child("Response"), "AlbumImage", span, read, at_once=read_usual)

    def look(self, file: RemoteFile) -> tuple[Call, ...]:
        """The file's address in its album, first with the Serial we know, then without.

        The address with a Serial is the canonical one. Whether an outdated Serial still leads to a
        photo that was replaced meanwhile is not known; the address without one redirects to whatever
        Serial is current. Only 404 from both means that the album does not hold the photo any more.
        `/api/v2/image/KEY` is no substitute: it lives on when a photo is moved to another album.
        """
        path = f"/api/v2/album/{part(file.album_key)}/image/{part(file.key)}"
        return tuple(self._get(address, _FILE_SWITCHES) for address in (f"{path}-{file.serial}", path))

    def read_look(self, reply: Reply, file: RemoteFile) -> Source:
        what = f"the photo {file.name!r}"
        document = parse(reply, what)
        response = document.child("Response")
        home = _HOME_ALBUM.search(response.text("Uri"))
        if "AlbumImage" not in response or (home and home[1] != file.album_key):
            raise Garbled(f"SmugMug answered with another album's view of {file.name!r}")
        found = objects.read_file(response.child("AlbumImage"), file.album_key, document.child("Expansions"))
        if found.key != file.key:
            raise Garbled(f"SmugMug answered with another photo than {file.name!r}")
        if found.kind is Kind.PHOTO or found.source or found.withheld:
            return Source(found)
        path = f"/api/v2/image/{part(found.key)}-{found.serial}!largestvideo"
        return Source(found, self._get(path, {"_filter": objects.VIDEO_FIELDS}))

    def read_source(self, reply: Reply, file: RemoteFile) -> RemoteFile:
        video = only(reply, "LargestVideo", f"the video {file.name!r}")
        found = objects.read_rendition(file, video)
        return found if found.source else replace(found, withheld="SmugMug offers no rendition of this video")

    def media(self, url: str) -> Call:
        """Anyone who knows the address may read it: nothing is signed."""
        return Call("GET", url, auth=Auth.NONE)

    def _get(self, path: str, switches: dict[str, str], span: Span | None = None) -> Call:
        return get(self._origin, path, switches, span)


def _read_shown(user: Fields, document: Fields) -> Iterator[Album]:
    """Albums that came along with the account. What cannot be read of them is asked for again anyway."""
    with suppress(Garbled):
        shown = document.child("Expansions").child(objects.link(user, "UserAlbums"))
        for entry in shown.entries("Album"):
            with suppress(Garbled):
                yield objects.read_album(Fields.of(entry, "an album"))
