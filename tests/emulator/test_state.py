"""`--state`: an account that outlives the emulator."""

from __future__ import annotations

import hashlib
import json
import os
import random
import signal
import socket
import sqlite3
import subprocess
import sys
import threading
import tracemalloc
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest

from smugsync.emulator.account.content import CHUNK, Bytes, Content, File
from smugsync.emulator.account.model import Album, Image
from smugsync.emulator.emulator import Emulator
from smugsync.emulator.media.pictures import make_heic, make_picture
from smugsync.emulator.messages import Request
from smugsync.emulator.settings import Settings, Switches
from smugsync.emulator.state.connection import FORMAT
from smugsync.emulator.state.database import PIECE, Database, StoredContent
from smugsync.emulator.state.keeper import IN_MEMORY, Fleeting
from smugsync.emulator.state.statefile import StateFile
from smugsync.emulator.upload.receive import Receiver
from smugsync.errors import Busy, Interrupted, SmugsyncError, UsageError
from smugsync.stop import Stop
from tests.emulator.ask import Client
from tests.emulator.portraits import portray
from tests.emulator.uploading import Uploader


@contextmanager
def emulating(state: Path, **settings: Any) -> Iterator[Emulator]:
    with closing(Emulator(Settings(state=state, **settings))) as emulator:
        yield emulator


@pytest.fixture
def state(tmp_path: Path) -> Path:
    return tmp_path / "emulator.state"


@pytest.fixture
def library(tmp_path: Path) -> Path:
    """Two albums of one photo each, one of them in a folder."""
    for number, name in enumerate(("Sea/one.jpg", "Travel/Hills/two.jpg", "Travel/Lakes/three.jpg")):
        path = tmp_path / "library" / name
        path.parent.mkdir(parents=True)
        path.write_bytes(make_picture(number, taken=None))
    return tmp_path / "library"


def album_of(emulator: Emulator, name: str) -> Album:
    return next(album for album in emulator.account.albums.values() if album.node.name == name)


def control(emulator: Emulator, method: str, path: str, **body: Any) -> Any:
    data = json.dumps(body).encode() if body else b""
    return emulator.handle(Request(method, f"/_emulator/{path}", body=data)).json()


def read(content: Any, start: int = 0, stop: int | None = None) -> bytes:
    return b"".join(content.read(start, content.size if stop is None else stop))


def query(state: Path, sql: str) -> list[Any]:
    with closing(sqlite3.connect(state)) as connection:
        return connection.execute(sql).fetchall()


# -- what survives ---------------------------------------------------------------------------------


def test_a_restart_changes_nothing(state: Path) -> None:
    with emulating(state) as emulator:
        before, keys = portray(emulator.account), emulator.credentials
    with emulating(state) as emulator:
        assert portray(emulator.account) == before
        for image in emulator.account.all_images():
            assert hashlib.md5(read(image.content)).hexdigest() == image.content.md5
        assert emulator.credentials == keys


def test_what_a_client_did_survives(state: Path) -> None:
    with emulating(state) as emulator:
        client = Client(emulator)
        root = emulator.account.root.id
        answer: Any = client.write(f"/api/v2/node/{root}!children", {"Type": "Album", "Name": "New"}).json()
        uri = answer["Response"]["Node"]["Uris"]["Album"]["Uri"]
        album = emulator.account.albums[uri.split("/")[-1]]
        picture = make_picture(77, taken="2021-05-06T07:08:09")
        key = Uploader(emulator, album).put(picture, filename="new.jpg")["ImageKey"]
        client.write(f"/api/v2/image/{key}-0", {"Caption": "kept"}, "PATCH")
        gone = album_of(emulator, "Twins")
        client.send(f"/api/v2/album/{gone.key}", "DELETE")
        before = portray(emulator.account)
    with emulating(state) as emulator:
        assert portray(emulator.account) == before
        client = Client(emulator)
        [shown] = client.all(f"/api/v2/album/{album.key}!images", "AlbumImage")
        assert (shown["ImageKey"], shown["FileName"], shown["Caption"]) == (key, "new.jpg", "kept")
        assert shown["DateTimeOriginal"] == "2021-05-06T14:08:09+00:00"
        assert client.media(shown["ArchivedUri"]).content() == picture
        assert client.status(f"/api/v2/album/{gone.key}") == 404


def test_keys_go_on_where_they_stopped(state: Path) -> None:
    with emulating(state) as emulator:
        first = emulator.account.add_album("New")
    with emulating(state) as emulator:
        assert emulator.account.add_album("New").key != first.key


def test_what_was_deleted_can_be_recovered_after_a_restart(state: Path) -> None:
    with emulating(state) as emulator:
        travel = emulator.account.root.children[0]
        control(emulator, "POST", "edits/delete-node", node=travel.id)
    with emulating(state) as emulator:
        assert emulator.account.node(travel.id) is None
        emulator.account.recover(emulator.account.bin.nodes[travel.id])
        ring = album_of(emulator, "Ring Road")
        assert [read(image.content)[:2] for image in ring.photos] == [b"\xff\xd8"] * 10


def test_what_was_revoked_stays_revoked(state: Path) -> None:
    with emulating(state) as emulator:
        control(emulator, "DELETE", f"tokens/{emulator.credentials.access_token}")
    with emulating(state) as emulator:
        assert Client(emulator).status("/api/v2!authuser") == 401


def test_an_application_of_ones_own_stays_known(state: Path) -> None:
    with emulating(state) as emulator:
        control(emulator, "POST", "applications", name="Mine", key="k" * 32, secret="s" * 64)
    with emulating(state) as emulator:
        asked = Request("GET", "/api/v2/user/demo", f"APIKey={'k' * 32}", {"accept": "application/json"})
        assert emulator.handle(asked).status == 200


def test_other_users_survive_and_new_ones_may_come(state: Path, library: Path) -> None:
    with emulating(state, people=(("bob", library),)) as emulator:
        assert [root.owner for root in emulator.account.roots] == ["demo", "demo-visitor", "bob"]
    with emulating(state, people=(("eve", library / "Travel"),)) as emulator:
        assert [root.owner for root in emulator.account.roots] == ["demo", "demo-visitor", "bob", "eve"]
        before = portray(emulator.account)
    with emulating(state, people=(("BOB", None),)) as emulator:
        assert portray(emulator.account) == before
        found = Client(emulator, "anonymous").all("/api/v2/user/eve!albums", "Album")
        assert {album["Name"] for album in found} == {"Hills", "Lakes"}


def test_a_kill_loses_nothing_that_was_answered(state: Path) -> None:
    program = (
        "import json, sys\n"
        "from pathlib import Path\n"
        "from smugsync.emulator.serve import serve\n"
        "from smugsync.emulator.settings import Settings\n"
        "settings = Settings(state=Path(sys.argv[1]))\n"
        "serve(settings, announce=lambda ready: print(json.dumps(dict(ready)), flush=True))\n"
    )
    names = [f"Album {number}" for number in range(5)]
    process = subprocess.Popen([sys.executable, "-c", program, state], stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        host, _, port = (
            json.loads(process.stdout.readline())["api_url"].removeprefix("http://").partition(":")
        )
        for name in names:
            body = json.dumps({"name": name}).encode()
            head = (
                f"POST /_emulator/edits/add-album HTTP/1.1\r\nHost: x\r\nContent-Length: {len(body)}\r\n\r\n"
            )
            with socket.create_connection((host, int(port)), timeout=10) as line:
                line.sendall(head.encode() + body)
                assert line.recv(12) == b"HTTP/1.1 200"
    finally:
        process.send_signal(signal.SIGKILL)
        process.communicate(timeout=10)
    with emulating(state) as emulator:
        assert [node.name for node in emulator.account.root.children[-5:]] == names


def test_a_first_start_that_was_interrupted_is_begun_again(state: Path) -> None:
    with closing(Database(state)) as database:
        database.store(BytesIO(b"of a picture"))
    with emulating(state, albums=None) as emulator:
        assert len(album_of(emulator, "Ring Road").photos) == 10
    with emulating(state) as emulator:
        images = len(list(emulator.account.all_images()))
    assert query(state, "SELECT count(*) FROM content") == [(images,)]


def test_nothing_but_the_file_is_left_and_nobody_else_reads_it(state: Path) -> None:
    with emulating(state):
        assert state.stat().st_mode & 0o777 == 0o600
    assert list(state.parent.iterdir()) == [state]
    state.chmod(0o644)
    with emulating(state):
        assert state.stat().st_mode & 0o777 == 0o600


# -- a library, by reference -----------------------------------------------------------------------


def test_a_librarys_files_stay_where_they_are(state: Path, library: Path) -> None:
    with emulating(state, library=library) as emulator:
        before = portray(emulator.account)
    assert query(state, "SELECT count(*) FROM content") == [(0,)]
    with emulating(state) as emulator:
        assert portray(emulator.account) == before
        [image] = album_of(emulator, "Sea").photos
        assert isinstance(image.content, File)
        (library / "Sea/one.jpg").write_bytes(b"other bytes")
        assert image.content.md5 == hashlib.md5(b"other bytes").hexdigest()


def test_the_state_wins_over_what_became_of_the_library(state: Path, library: Path) -> None:
    with emulating(state, library=library):
        pass
    (library / "Sea/one.jpg").unlink()
    (library / "Sea/other.jpg").write_bytes(b"new")
    with emulating(state, library=library) as emulator:
        client = Client(emulator)
        [image] = album_of(emulator, "Sea").photos
        assert image.file_name == "one.jpg"
        assert client.status(f"/api/v2/album/{album_of(emulator, 'Hills').key}!images") == 200


def test_files_that_went_while_nobody_ran_are_listed_and_not_found(state: Path, library: Path) -> None:
    with emulating(state, library=library):
        pass
    (library / "Sea/one.jpg").unlink()
    with emulating(state) as emulator:
        client, sea = Client(emulator), album_of(emulator, "Sea")
        [shown] = client.all(f"/api/v2/album/{sea.key}!images", "AlbumImage")
        assert "ArchivedUri" not in shown
        assert shown["OriginalSize"] == len(make_picture(0, taken=None))
        assert client.write(f"/api/v2/album/{sea.key}!download", {}).status == 200
        assert control(emulator, "GET", "account")["nickname"] == "demo"


def test_a_library_whose_names_are_not_utf_8(state: Path, tmp_path: Path) -> None:
    place = tmp_path / "library" / os.fsdecode(b"dir\xfe") / os.fsdecode(b"caf\xe9.jpg")
    place.parent.mkdir(parents=True)
    place.write_bytes(b"bytes")
    people = (("bob", place.parent),)
    with emulating(state, library=tmp_path / "library", people=people) as emulator:
        before = portray(emulator.account)
    with emulating(state, library=tmp_path / "library", people=people) as emulator:
        assert portray(emulator.account) == before
        assert [read(image.content) for image in emulator.account.all_images()] == [b"bytes"] * 2


# -- settings that are given again -----------------------------------------------------------------


@pytest.mark.parametrize(
    ("again", "sentence"),
    [
        ({"nickname": "bob"}, "was filled with --nickname zoe, not --nickname bob"),
        ({"seed": 8}, "was filled with --seed 7, not --seed 8"),
        (
            {"nickname": "demo", "explicit": {"nickname"}},
            "was filled with --nickname zoe, not --nickname demo",
        ),
        ({"seed": 0, "explicit": {"seed"}}, "was filled with --seed 7, not --seed 0"),
        ({"library": Path("/tmp")}, "was filled with the demo account, not /tmp"),
        ({"people": (("Eve", Path("/tmp")),)}, "was filled with --user eve, not --user Eve=/tmp"),
        ({"people": (("zoe", None),)}, "--user zoe: there is a user zoe already"),
    ],
)
def test_what_does_not_agree_is_explained(state: Path, again: dict[str, Any], sentence: str) -> None:
    with emulating(state, nickname="zoe", seed=7, people=(("eve", None),)):
        pass
    with pytest.raises(UsageError, match=sentence):
        Emulator(Settings(state=state, **again))
    with emulating(state) as emulator:  # and the file is as good as before
        assert (emulator.settings.nickname, emulator.settings.seed) == ("zoe", 7)


def test_what_agrees_may_be_given_again(state: Path, library: Path) -> None:
    given = {"nickname": "zoe", "seed": 7, "library": library, "people": (("eve", library / "Sea"),)}
    with emulating(state, **given) as emulator:
        before = portray(emulator.account)
    with emulating(state, **given, explicit=frozenset(given)) as emulator:
        assert portray(emulator.account) == before


def test_a_synthetic_account_is_not_kept(state: Path) -> None:
    with pytest.raises(UsageError, match="leave out --state"):
        Emulator(Settings(state=state, albums=2))
    assert not state.exists()


# -- files that cannot be used ---------------------------------------------------------------------


def refused(state: Path, kind: type[SmugsyncError], sentence: str) -> None:
    with pytest.raises(kind) as caught:
        Emulator(Settings(state=state))
    text = str(caught.value)
    assert sentence in text
    assert str(state) in text
    assert "\n" not in text


def test_a_file_of_another_kind(state: Path) -> None:
    state.write_bytes(b"a photograph, perhaps")
    state.chmod(0o644)
    refused(state, UsageError, "is not a state file")
    assert (state.read_bytes(), state.stat().st_mode & 0o777) == (b"a photograph, perhaps", 0o644)
    assert list(state.parent.iterdir()) == [state]


def test_a_database_of_another_program(state: Path) -> None:
    with closing(sqlite3.connect(state)) as connection:
        connection.execute("CREATE TABLE theirs (x)")
    before = state.read_bytes()
    refused(state, UsageError, "is not a state file")
    assert state.read_bytes() == before


def test_a_file_of_a_newer_program(state: Path) -> None:
    with emulating(state):
        pass
    query(state, f"PRAGMA user_version = {FORMAT + 1}")
    refused(state, SmugsyncError, "was written by a newer smugsync")


@pytest.mark.parametrize("place", [100, 4096, 5000])
def test_a_damaged_file(state: Path, place: int) -> None:
    with emulating(state):
        pass
    data = bytearray(state.read_bytes())
    data[place : place + 3000] = random.Random(place).randbytes(3000)
    state.write_bytes(data)
    refused(state, SmugsyncError, "is damaged" if place > 100 else "state file")


def test_a_file_that_was_cut_short(state: Path) -> None:
    with emulating(state):
        pass
    os.truncate(state, state.stat().st_size // 2)
    refused(state, SmugsyncError, "is damaged")


def test_a_row_that_makes_no_sense(state: Path) -> None:
    with emulating(state):
        pass
    with closing(sqlite3.connect(state)) as connection, connection:
        connection.execute("UPDATE thing SET value = '{\"id\": \"x\"}' WHERE kind = 'node'")
    refused(state, SmugsyncError, "is damaged")


def test_a_file_somebody_else_works_with(state: Path) -> None:
    with emulating(state):
        refused(state, Busy, "another emulator works with")
    with emulating(state):
        pass


@pytest.mark.parametrize("link", [os.symlink, os.link])
def test_a_file_somebody_else_works_with_by_another_name(state: Path, link: Callable[..., None]) -> None:
    other = state.with_name("another name")
    with emulating(state):
        link(state, other)
        refused(other, Busy, "another emulator works with")
    with emulating(other), pytest.raises(Busy):
        Emulator(Settings(state=state))


def test_a_directory_that_does_not_exist(tmp_path: Path) -> None:
    refused(tmp_path / "nowhere" / "state", SmugsyncError, "No such file or directory")
    assert list(tmp_path.iterdir()) == []


def test_a_place_below_a_file(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    refused(tmp_path / "file" / "state", SmugsyncError, "Not a directory")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_directory_that_cannot_be_written(state: Path) -> None:
    state.parent.chmod(0o500)
    try:
        refused(state, SmugsyncError, "Permission denied")
    finally:
        state.parent.chmod(0o700)


def test_a_bad_fault_leaves_the_file_free(state: Path) -> None:
    with pytest.raises(ValueError, match="no fault"):
        Emulator(Settings(state=state, faults=("nonsense",)))
    with emulating(state):
        pass


# -- other versions of the program -----------------------------------------------------------------


def test_new_fields_have_their_defaults_and_old_ones_are_ignored(state: Path) -> None:
    with emulating(state):
        pass
    with closing(sqlite3.connect(state)) as connection, connection:
        for kind, field in (("node", "description"), ("album", "largest_size"), ("image", "hidden")):
            connection.execute(
                "UPDATE thing SET value = json_insert(json_remove(value, ?), '$.of_old', 1) WHERE kind = ?",
                (f"$.{field}", kind),
            )
        connection.execute(
            "UPDATE about SET value = json_insert(json_remove(value, '$._number'), '$.of_old', 1)"
            " WHERE name = 'account'"
        )
    with emulating(state) as emulator:
        assert {node.description for node in emulator.account.nodes.values()} == {""}
        assert {album.largest_size for album in emulator.account.albums.values()} == {"Original"}
        assert {image.hidden for image in emulator.account.all_images()} == {False}
        assert not hasattr(emulator.account, "of_old")


# -- the bytes -------------------------------------------------------------------------------------


@pytest.fixture
def file(state: Path) -> Iterator[StateFile]:
    with closing(StateFile(Database(state))) as file:
        yield file


def noise(size: int) -> bytes:
    return random.Random(size).randbytes(size)


@pytest.mark.parametrize("size", [0, 1, PIECE - 1, PIECE, PIECE + 1, 3 * PIECE + 17])
def test_uploads_of_any_size(file: StateFile, tmp_path: Path, size: int) -> None:
    data = noise(size)
    upload = tmp_path / "upload"
    upload.write_bytes(data)
    for content in (file.keep(data), file.keep(upload)):
        assert (content.size, content.md5) == (size, hashlib.md5(data).hexdigest())
        assert content.path is None
        assert read(content) == data
    assert not upload.exists()


def test_any_part_of_an_upload(file: StateFile) -> None:
    data = noise(2 * PIECE + 99)
    content = file.keep(data)
    for start, stop in ((0, 1), (5, 5), (PIECE - 1, PIECE + 1), (PIECE, 2 * PIECE), (2 * PIECE + 98, 9**9)):
        assert read(content, start, stop) == data[start:stop]
    assert max(len(piece) for piece in content.read(0, content.size)) <= CHUNK


def test_several_readers_at_once(file: StateFile) -> None:
    data = noise(3 * PIECE)
    content = file.keep(data)
    found: list[bytes] = []
    readers = [threading.Thread(target=lambda: found.append(read(content))) for _ in range(8)]
    for reader in readers:
        reader.start()
    file.keep(data)
    for reader in readers:
        reader.join(20)
    assert found == [data] * 8


def test_a_large_upload_does_not_sit_in_memory(file: StateFile, tmp_path: Path) -> None:
    upload, piece = tmp_path / "upload", noise(PIECE)
    with upload.open("wb") as target:
        for _ in range(48):
            target.write(piece)
    tracemalloc.start()
    try:
        content = file.keep(upload)
        digest = hashlib.md5()
        for part in content.read(0, content.size):
            digest.update(part)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert (content.size, digest.hexdigest()) == (48 * PIECE, content.md5)
    assert peak < 8 * PIECE


def replace_all(emulator: Emulator, images: list[Image]) -> None:
    for image in images:
        emulator.account.replace(image, make_picture(9, taken=None))
    control(emulator, "GET", "users")


def test_replaced_and_deleted_bytes_make_room(state: Path) -> None:
    with emulating(state) as emulator:
        album = album_of(emulator, "Twins")
        uploaded = [Uploader(emulator, album).put(noise_picture(n), filename="x.jpg") for n in range(3)]
        images = [image for image in album.photos if image.key in {one["ImageKey"] for one in uploaded}]
        old = [image.content for image in images]
        replace_all(emulator, images)
        client = Client(emulator)
        client.send(f"/api/v2/image/{images[0].id}", "DELETE")
        assert all(isinstance(content, StoredContent) for content in old)
        for content in old:
            with pytest.raises(OSError, match="lost"):
                read(content)
        assert read(images[1].content) == make_picture(9, taken=None)
    used = "SELECT count(*) FROM piece"
    assert query(state, used) == query(state, "SELECT count(DISTINCT content) FROM shows")


def noise_picture(number: int) -> bytes:
    return make_picture(100 + number, taken=None) + noise(number)


def test_a_copy_that_outlives_its_model_in_one_save_keeps_the_bytes(state: Path) -> None:
    with emulating(state) as emulator:
        model = album_of(emulator, "Twins").photos[0]
        data = read(model.content)
        copies = [emulator.account.copy(model, album_of(emulator, "Best of")) for _ in range(8)]
        emulator.account.delete(model)
        control(emulator, "GET", "users")
        assert [read(copy.content) for copy in copies] == [data] * 8


def test_who_reads_goes_on_although_the_bytes_are_replaced(state: Path) -> None:
    with emulating(state) as emulator:
        album = album_of(emulator, "Twins")
        data = make_picture(5, taken=None) + noise(2 * PIECE)
        key = Uploader(emulator, album).put(data)["ImageKey"]
        image = next(image for image in album.photos if image.key == key)
        reading = image.content.read(0, image.content.size)
        begin = next(reading)
        replace_all(emulator, [image])
        assert begin + b"".join(reading) == data


def test_a_copy_keeps_the_bytes_of_its_model(state: Path) -> None:
    with emulating(state) as emulator:
        model = album_of(emulator, "Twins").photos[0]
        data = read(model.content)
        copy = emulator.account.copy(model, album_of(emulator, "Best of"))
        control(emulator, "GET", "users")
        emulator.account.delete(model)
        control(emulator, "GET", "users")
        assert read(copy.content) == data
    with emulating(state) as emulator:
        kept = emulator.account.image(copy.key)
        assert kept is not None
        assert read(kept.content) == data


def test_edits_that_bring_bytes_along_leave_them_in_the_file(state: Path) -> None:
    with emulating(state) as emulator:
        album = album_of(emulator, "Twins")
        made = control(emulator, "POST", "edits/add-photo", album=album.key, file_name="v.mp4", seed=3)
        image = emulator.account.image(made["image"])
        assert image is not None
        assert isinstance(image.content, StoredContent)
        assert image.rendition is image.content
        assert not any(isinstance(image.content, Bytes) for image in emulator.account.all_images())


def test_a_full_disk_is_an_error_and_nothing_is_forgotten(state: Path) -> None:
    with emulating(state) as emulator:
        assert isinstance(emulator.keeper, StateFile)
        connection = emulator.keeper._database._connection
        [pages] = connection.execute("PRAGMA page_count").fetchone()
        connection.execute(f"PRAGMA max_page_count = {pages}")
        statuses = [
            emulator.handle(
                Request("POST", "/_emulator/edits/add-folder", body=json.dumps({"name": str(n)}).encode())
            )
            for n in range(120)
        ]
        failed = [response for response in statuses if response.status == 500]
        assert failed
        assert "full" in str(failed[0].json())
        connection.execute("PRAGMA max_page_count = 1000000")
        control(emulator, "GET", "users")
        before = portray(emulator.account)
    with emulating(state) as emulator:
        assert portray(emulator.account) == before
        assert {str(n) for n in range(120)} <= {node.name for node in emulator.account.root.children}


@contextmanager
def room_for(emulator: Emulator, size: int) -> Iterator[None]:
    """As if the disk had so many bytes left for the state file."""
    assert isinstance(emulator.keeper, StateFile)
    connection = emulator.keeper._database._connection
    [pages], [page] = (
        connection.execute(f"PRAGMA {name}").fetchone() for name in ("page_count", "page_size")
    )
    connection.execute(f"PRAGMA max_page_count = {pages + size // page}")
    yield
    connection.execute("PRAGMA max_page_count = 1000000000")


def test_an_upload_that_does_not_fit_leaves_nothing_and_stops_nobody(state: Path) -> None:
    with emulating(state) as emulator:
        uploader, client = Uploader(emulator, album_of(emulator, "Twins")), Client(emulator)
        pieces = query(state, "SELECT count(*) FROM piece")
        with room_for(emulator, 10 * PIECE):
            assert uploader.fail(make_picture(1, taken=None) + noise(20 * PIECE))[0] == 5
            assert query(state, "SELECT count(*) FROM piece") == pieces
            assert client.status("/api/v2/user/demo") == 200
            assert control(emulator, "POST", "edits/add-folder", name="Later")["name"] == "Later"
            uploader.put(make_picture(1, taken=None) + noise(PIECE), filename="small.jpg")
    with emulating(state) as emulator:
        assert "small.jpg" in {image.file_name for image in album_of(emulator, "Twins").photos}


def test_uploads_leave_some_of_the_disk_to_edits(file: StateFile) -> None:
    file._database.reserve = 1 << 60
    with pytest.raises(OSError, match="the disk is full"):
        file.keep(noise(10))
    assert query(file._database.path, "SELECT count(*) FROM content") == [(0,)]


def test_what_cannot_be_saved_keeps_nobody_from_reading(state: Path) -> None:
    with emulating(state) as emulator:
        client = Client(emulator)
        with room_for(emulator, 0):
            tries = (
                client.write(
                    f"/api/v2/node/{emulator.account.root.id}!children", {"Type": "Album", "Name": str(n)}
                )
                for n in range(200)
            )
            assert next(answer for answer in tries if answer.status != 201).status == 500
            assert client.status("/api/v2/user/demo!albums") == 200
            for path in ("counters", "account", "users"):
                assert emulator.handle(Request("GET", f"/_emulator/{path}")).status == 200


def test_the_log_stays_small_while_somebody_reads(file: StateFile) -> None:
    content = file.keep(noise(3 * PIECE))
    reading = content.read(0, content.size)
    next(reading)
    for _ in range(4):
        file.keep(noise(10 * PIECE))
    log = file._database.path.with_name(f"{file._database.path.name}-wal")
    assert log.stat().st_size < 16 * PIECE


def contents(state: Path) -> Any:
    return query(state, "SELECT count(*), sum(size) FROM content")


def test_the_bytes_of_a_name_that_is_refused_are_not_even_kept(state: Path) -> None:
    def keep(source: bytes | Path) -> Content:
        raise AssertionError

    with emulating(state, switches=Switches(duplicates="refuse")) as emulator:
        uploader = Uploader(emulator, album_of(emulator, "Twins"))
        heic = make_heic(1, taken="2020-01-02T03:04:05")
        uploader.put(make_picture(1, taken=None), filename="a.JPG")
        emulator._receiver = Receiver(keep)
        assert uploader.fail(make_picture(2, taken=None), filename="a.JPG")[0] == 409
        assert uploader.fail(heic, filename="a.heic")[0] == 409  # which would become a.JPG


def test_uploads_refused_for_their_name_take_no_room(state: Path) -> None:
    with emulating(state, switches=Switches(duplicates="refuse")) as emulator:
        uploader = Uploader(emulator, album_of(emulator, "Twins"))
        data = make_picture(1, taken=None) + noise(PIECE)
        uploader.put(data, filename="a.jpg")
        before = contents(state)
        for _ in range(3):
            assert uploader.fail(data, filename="a.jpg")[0] == 409
        assert contents(state) == before
        assert state.stat().st_size < 8 * PIECE


def test_what_was_kept_for_no_image_is_dropped(state: Path) -> None:
    with emulating(state) as emulator:
        album, before = emulator.account.add_album("Short-lived"), contents(state)

        def keep(source: bytes | Path) -> Content:
            emulator.account.delete_node(album.node)
            return emulator.keep(source)

        emulator._receiver = Receiver(keep, emulator.keeper.drop)
        answer: Any = Uploader(emulator, album).send(make_picture(1, taken=None)).json()
        assert answer["code"] == 9
        assert contents(state) == before


def test_nothing_is_copied_in_after_the_stop(state: Path, tmp_path: Path) -> None:
    upload, stop = tmp_path / "upload", Stop()
    upload.write_bytes(noise(PIECE))
    with closing(StateFile(Database(state), stop=stop)) as file:
        stop.set()
        with pytest.raises(Interrupted):
            file.keep(upload)


def test_what_is_due_is_saved_also_after_the_stop(state: Path) -> None:
    stop = Stop()
    with closing(Emulator(Settings(state=state), stop=stop)) as emulator:
        stop.set()
        emulator.account.add_photo(album_of(emulator, "Twins"), "late.jpg", make_picture(1, taken=None))
    with emulating(state) as emulator:
        assert "late.jpg" in {image.file_name for image in album_of(emulator, "Twins").photos}


def test_without_a_state_file_larger_uploads_lie_on_the_disk() -> None:
    with closing(Fleeting()) as keeper:
        large, small = keeper.keep(noise(IN_MEMORY + 1)), keeper.keep(noise(IN_MEMORY))
        assert (large.path is not None, small.path is not None) == (True, False)
        assert read(large) == noise(IN_MEMORY + 1)
        place = large.path
        assert place is not None
    assert not place.exists()
