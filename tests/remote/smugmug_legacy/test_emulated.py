"""Each version against the emulator, through a real session: what is read, and what is sent."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any, Literal

import pytest

from smugsync.core.integrity import Found, prove
from smugsync.core.model import Access, Account, Album, Evidence, Kind, Outgoing, Privacy, RemoteFile
from smugsync.emulator.emulator import Emulator
from smugsync.emulator.media.pictures import make_picture, make_video
from smugsync.emulator.settings import Settings, Switches, make_login
from smugsync.errors import Gone, Rejected, SmugsyncError
from smugsync.remote.dialect import ChangesDialect, Span
from smugsync.remote.gallery import Gallery
from smugsync.remote.hosts import Hosts
from smugsync.remote.session import Manners, Session
from smugsync.remote.signing import KeySigner, OAuth1Signer, Signer
from smugsync.remote.smugmug_legacy.dialect import SmugMugLegacy
from smugsync.remote.smugmug_legacy.keys import parse_ref
from smugsync.remote.smugmug_legacy.sign_in import LegacySession
from smugsync.remote.uploads import Uploads
from smugsync.stop import Stop
from tests.remote.doubles import Bytes, MemorySink

Version = Literal["1.2.0", "1.2.1", "1.2.2", "1.3.0"]
ORIGIN = "http://127.0.0.1:8000"
JPEG, OTHER_JPEG = make_picture(7, taken=None), make_picture(8, taken=None)
FILES = {
    "Trips/Iceland/Ice & fire/a.jpg": make_picture(1, taken=None),
    "Trips/Iceland/Ice & fire/ä ö.jpg": make_picture(2, taken=None),
    "Trips/Rome/b.jpg": make_picture(3, taken=None),
    "Top/c.jpg": make_picture(4, taken=None),
}


class Scene:
    """One library; `oauth` where there is a choice. `user`: seen by nobody in particular."""

    def __init__(
        self,
        library: Path,
        version: Version,
        *,
        oauth: bool = False,
        user: str = "",
        switches: Switches | None = None,
    ) -> None:
        self.emulator = Emulator(Settings(library=library, switches=switches or Switches()))
        keys = self.emulator.credentials
        login = make_login(self.emulator.settings, "demo")
        signer: Signer
        if version == "1.3.0" and user:
            signer = KeySigner(keys.api_key)
        elif oauth or version == "1.3.0":
            signer = OAuth1Signer(
                keys.api_key, keys.api_secret, keys.access_token, keys.access_token_secret, opens_files=True
            )
        else:
            mail = ("", "") if user else (login.email, login.password)
            signer = LegacySession(version, ORIGIN, keys.api_key, *mail)
        self.session = Session(
            self.emulator.transport(),
            Hosts([ORIGIN]),
            signer,
            Stop(),
            manners=Manners(tries=3, sleep=lambda _: None),
        )
        self.dialect = SmugMugLegacy(
            version, ORIGIN, upload_url=f"{ORIGIN}/", user=user, session=False if oauth else None
        )
        self.gallery = Gallery(self.dialect, self.session)
        self.uploads = Uploads(self.dialect, self.session)
        self.account: Account = self.gallery.account()

    def albums(self) -> dict[str, Album]:
        listing = self.gallery.albums(self.account)
        found = {album.url_path: album for page in listing for album in page}
        assert listing.complete, listing.why
        return found

    def files(self, album: Album) -> dict[str, RemoteFile]:
        listing = self.gallery.files(album)
        found = {file.name: file for page in listing for file in page}
        assert listing.complete, listing.why
        return found

    def fetch(self, file: RemoteFile) -> bytes:
        sink = MemorySink()
        self.gallery.download(file, sink, stop=Stop())
        return bytes(sink.data)

    def send(self, album: Album, name: str, data: bytes = JPEG, **more: Any) -> RemoteFile:
        outgoing = Outgoing(album.key, name, hashlib.md5(data).hexdigest(), len(data), **more)
        sent = self.uploads.send(outgoing, Bytes(data))
        return self.gallery.look(RemoteFile(album.key, sent.key, name, serial=sent.serial))


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("library")
    for name, data in FILES.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    clip = root / "Top/clip.mp4"
    clip.write_bytes(make_video(5))
    return root


@pytest.fixture(params=["1.2.0", "1.2.1", "1.2.2", "1.2.2 OAuth", "1.3.0"])
def scene(request: pytest.FixtureRequest, library: Path) -> Scene:
    version, _, way = request.param.partition(" ")
    return Scene(library, version, oauth=bool(way))


def test_the_owner_gets_every_byte_with_its_proof(scene: Scene) -> None:
    assert scene.account.nickname == "demo"
    assert scene.account.whole
    albums = scene.albums()
    assert set(albums) == {"/Trips/Iceland/Ice-fire", "/Trips/Rome", "/Top"}
    found: dict[str, bytes] = {}
    for album in albums.values():
        for file in scene.files(album).values():
            assert file.withheld == ""
            data = found[f"{album.url_path}/{file.name}"] = scene.fetch(file)
            if file.kind is Kind.PHOTO:
                assert (
                    prove(file.promised, Found(hashlib.md5(data).hexdigest(), len(data))) is Evidence.PROMISED
                )
                assert file.promised.md5
            assert file.uploaded
    for name, data in FILES.items():
        *folders, last = name.replace("Ice & fire", "Ice-fire").split("/")
        assert found["/" + "/".join([*folders, last])] == data
    assert "/Top/clip.mp4" in found


def test_keys_hold_those_of_the_newer_api(scene: Scene) -> None:
    account = scene.emulator.account
    for album in scene.albums().values():
        assert parse_ref(album.key).key in account.albums
        for file in scene.files(album).values():
            assert account.image(parse_ref(file.key).key) is not None


def test_one_album_and_one_photo_read_as_in_the_list(scene: Scene) -> None:
    for album in scene.albums().values():
        assert scene.gallery.album(album.key) == album
        for file in scene.files(album).values():
            assert scene.gallery.look(file) == file


def test_folders_have_their_names(scene: Scene) -> None:
    folders = scene.gallery.folders(scene.account)
    assert folders.complete, folders.why
    named = {folder.url_path: folder.name for folder in folders.items}
    assert named == {"/Trips": "Trips", "/Trips/Iceland": "Iceland"}


def test_what_is_not_there_is_never_gone(scene: Scene) -> None:
    album = scene.albums()["/Top"]
    for ask in (
        lambda: scene.gallery.album("99999_NoSuch"),
        lambda: scene.gallery.look(RemoteFile(album.key, "99999_NoSuch", "x.jpg")),
    ):
        with pytest.raises(SmugsyncError) as caught:
            ask()
        assert not isinstance(caught.value, Gone)


def test_a_photo_that_is_sent_is_the_one_that_is_shown(scene: Scene) -> None:
    album = scene.albums()["/Trips/Rome"]
    shown = scene.send(album, "grüße 100%.jpg", keywords=("a b", "c"))
    assert shown == scene.files(scene.albums()["/Trips/Rome"])["grüße 100%.jpg"]
    assert scene.fetch(shown) == JPEG
    assert shown.promised.md5 == hashlib.md5(JPEG).hexdigest()
    assert shown.details.keywords == ("a b", "c")


def test_a_photo_is_replaced_in_its_place(scene: Scene) -> None:
    album = scene.albums()["/Trips/Rome"]
    before = scene.files(album)["b.jpg"]
    after = scene.send(album, "b.jpg", OTHER_JPEG, replaces=before.key, serial=before.serial)
    assert (after.key, after.serial > before.serial) == (before.key, True)
    assert after.version != before.version
    assert scene.fetch(after) == OTHER_JPEG


def test_what_is_no_picture_is_refused(scene: Scene) -> None:
    with pytest.raises(Rejected):
        scene.send(scene.albums()["/Top"], "x.jpg", b"no picture at all")


def test_folders_and_albums_are_made_and_found_again(scene: Scene) -> None:
    uploads = scene.uploads
    trip = uploads.make(scene.account.root, "folder", "New & old", Privacy.PUBLIC)
    sub = uploads.make(trip.node_id, "folder", "Inner", Privacy.PUBLIC)
    made = {
        parent: uploads.make(parent, "album", "Made", Privacy.UNLISTED).album_key
        for parent in (scene.account.root, trip.node_id, sub.node_id)
    }
    for parent, key in made.items():
        listing = uploads.children(parent)
        nodes = {node.album_key: node for page in listing for node in page}
        assert listing.complete, listing.why
        found = scene.gallery.album(key)
        assert found.name == "Made"
        assert nodes[found.key].name == "Made"
    folders = [node for page in uploads.children(trip.node_id) for node in page if node.kind == "folder"]
    assert [(node.node_id, node.name) for node in folders] == [(sub.node_id, "Inner")]
    assert {"/Made", "/New-old/Made", "/New-old/Inner/Made"} <= set(scene.albums())


def test_a_private_album_is_shown_to_nobody_else(library: Path) -> None:
    owner = Scene(library, "1.3.0")
    owner.uploads.make(owner.account.root, "album", "Mine", Privacy.PRIVATE)
    assert "/Mine" in owner.albums()
    assert owner.albums()["/Mine"].access is Access.READABLE


def test_changes_are_what_came_since(scene: Scene) -> None:
    album = scene.albums()["/Trips/Rome"]
    dialect = scene.dialect
    assert isinstance(dialect, ChangesDialect)
    call = dialect.changes(album, "2037-01-01 00:00:00|0", Span(1, 100))
    if dialect.name in ("smugmug-1.2.0", "smugmug-1.2.1"):
        assert call is None
        return
    assert call is not None
    nothing = dialect.read_changes(scene.session.ask(call, dialect), Span(1, 100), album)
    assert (nothing.items, nothing.faults) == ((), ())
    sent = scene.send(album, "new.jpg")
    album = scene.albums()["/Trips/Rome"]
    call = dialect.changes(album, album.cursor, Span(1, 100))
    assert call is not None
    page = dialect.read_changes(scene.session.ask(call, dialect), Span(1, 100), album)
    assert sent in page.items


@pytest.mark.parametrize(
    "habit",
    [
        {"legacy_ids": "large"},
        {"legacy_keys": "absent"},
        {"legacy_urls": "plain"},
        {"legacy_urls": "keyed"},
        {"legacy_absent": "null"},
        {"legacy_absent": "empty"},
        {"legacy_digests": "none"},
        {"legacy_names": "html"},
        {"legacy_tree": "no"},
        {"legacy_failures": "bare"},
        {"legacy_json": "text/html"},
        {"legacy_mode": "read-only"},
        {"session_calls": 2},
    ],
    ids=str,
)
@pytest.mark.parametrize("version", ["1.2.0", "1.3.0"])
def test_whatever_the_services_habits_all_bytes_come(
    library: Path, version: Version, habit: dict[str, Any]
) -> None:
    scene = Scene(library, version, switches=Switches(**habit))
    found = {
        hashlib.md5(scene.fetch(file)).hexdigest()
        for album in scene.albums().values()
        for file in scene.files(album).values()
        if file.kind is Kind.PHOTO
    }
    assert found == {hashlib.md5(data).hexdigest() for data in FILES.values()}
    assert "ä ö.jpg" in scene.files(scene.albums()["/Trips/Iceland/Ice-fire"])
    folders = scene.gallery.folders(scene.account)
    assert len(folders.items) == 2


def test_an_account_without_questions_about_categories_shows_those_of_its_albums(library: Path) -> None:
    scene = Scene(library, "1.3.0", switches=Switches(legacy_tree="no"))
    listing = scene.uploads.children(scene.account.root)
    nodes = {(node.kind, node.name): node for page in listing for node in page}
    assert listing.complete, listing.why
    assert {("folder", "Trips"), ("album", "Top")} <= set(nodes)
    inner = scene.uploads.children(nodes["folder", "Trips"].node_id)
    assert {node.name for page in inner for node in page} == {"Iceland", "Rome"}


def test_originals_that_are_withheld_say_so(library: Path) -> None:
    scene = Scene(library, "1.2.0", switches=Switches(legacy_originals="withheld"))
    files = scene.files(scene.albums()["/Trips/Rome"])
    assert "original is not offered" in files["b.jpg"].withheld


def test_pictures_that_want_a_signature_get_one(library: Path) -> None:
    scene = Scene(library, "1.3.0", switches=Switches(media_auth="signed"))
    scene.uploads.make(scene.account.root, "album", "Mine", Privacy.PRIVATE)
    shown = scene.send(scene.albums()["/Mine"], "a.jpg")
    assert scene.fetch(shown) == JPEG


@pytest.mark.parametrize("version", ["1.2.0", "1.2.1", "1.2.2", "1.3.0"])
def test_a_stranger_is_promised_sizes_alone(library: Path, version: Version) -> None:
    scene = Scene(library, version, user="demo")
    assert scene.account.whole is None
    for album in scene.albums().values():
        listing = scene.gallery.files(album)
        for file in (file for page in listing for file in page):
            assert (file.name, file.promised.md5) == ("", None)
            if file.kind is Kind.PHOTO and not file.withheld:
                assert len(scene.fetch(file)) == file.promised.size
        assert listing.complete, listing.why
