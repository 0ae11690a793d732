"""photo.set, photo.del, and a file on its way from upload.init to photo.add."""

from __future__ import annotations

import base64
import errno
import io
from pathlib import Path
from typing import Any

import pytest

from smugsync.emulator.account.content import Content
from smugsync.emulator.media.pictures import make_gif, make_picture, make_png
from smugsync.emulator.state.keeper import Fleeting
from tests.emulator.pixelpost.client import NOON, Client, error, read, site

MISSING = "The specified `{}` with value `{}` does not exist."
ALL = ("id", "title", "description", "publish-date", "visible")


def upload(client: Client, data: bytes, kind: str = "image/jpeg", pieces: int = 1) -> Any:
    """The answer of photo.add."""
    begun = client.ask("upload.init", name="x.jpg", size=len(data), type=kind, chunks=pieces)["response"]
    size = -(-len(data) // pieces)
    for number in range(pieces):
        piece = base64.b64encode(data[number * size : (number + 1) * size]).decode()
        sent = client.ask("upload.send", id=begun["id"], chunk=number + 1, data=piece)
        assert sent["response"] == {"message": "uploaded"}
    whole = client.ask("upload.end", id=begun["id"])["response"]
    return client.ask("photo.add", file=whole["file"])


def original(client: Client, number: int) -> bytes:
    url = client.ask("photo.get", id=number, fields=["original-url"])["response"]["original-url"]
    return client.send("GET", "/" + url.split("/", 3)[3]).content()


def test_title_description_and_visibility_are_set() -> None:
    client = site("One", "Two").sign_in()
    fields = {"title": "Winter evening", "description": 'Scan with "quotes" and é', "visible": False}
    assert client.ask("photo.set", id=1, fields=fields)["response"] == {"message": "photo updated"}
    photo = client.list(*ALL)[0]
    assert photo == {"id": 1, **fields, "publish-date": photo["publish-date"]}
    client.ask("photo.set", id=1, fields={"visible": True})
    assert client.list("visible", "title") == [
        {"visible": True, "title": "Winter evening"},
        {"visible": True, "title": "Two"},
    ]


def test_the_publish_date_is_kept_in_utc() -> None:
    client = site("One").sign_in()
    client.ask("photo.set", id=1, fields={"publish-date": "2011-05-03T18:38:12+02:00"})
    assert client.list("publish-date") == [{"publish-date": "2011-05-03T16:38:12+00:00"}]


@pytest.mark.parametrize(
    ("bugs", "date", "refused"),
    [
        (
            "mended",
            "soon",
            error("bad_data", "The specified `publish-date` is not valid : invalid RFC3339 date."),
        ),
        (
            "on",
            "2011-05-03T18:38:12+02:00",
            error("bad_data", "The specified `publish-date` is not valid : invalid RFC3339 date."),
        ),
        ("on", "soon", error("unknown", "Unknown error.")),
    ],
)
def test_a_date_is_refused_and_nothing_is_set(bugs: str, date: str, refused: Any) -> None:
    client = site("One", upstream_bugs=bugs).sign_in()
    assert client.ask("photo.set", id=1, fields={"title": "Other", "publish-date": date}) == refused
    assert client.list("title") == [{"title": "One"}]


def test_id_and_file_name_cannot_be_set() -> None:
    client = site("One").sign_in()
    before = client.list("id", "filename")
    client.ask("photo.set", id=1, fields={"id": 7, "filename": "x.jpg", "title": "x"})
    assert client.list("id", "filename") == before
    assert client.ask("photo.set", id=1, fields={"id": 7}) == error("unknown", "Unknown error.")


@pytest.mark.parametrize(("method", "more"), [("photo.set", {"fields": {"title": "x"}}), ("photo.del", {})])
def test_what_is_not_there_cannot_be_changed(method: str, more: Any) -> None:
    client = site("One").sign_in()
    assert client.ask(method, id=9, **more) == error("bad_data", MISSING.format("id", 9))


def test_a_deleted_photo_is_gone_with_its_files() -> None:
    client = site("One", "Two").sign_in()
    url = client.list("original-url")[0]["original-url"]
    assert client.ask("photo.del", id=1)["response"] == {"message": "photo deleted"}
    assert client.list("id") == [{"id": 2}]
    assert client.send("GET", "/" + url.split("/", 3)[3]).status == 404
    assert [image.title for image in client.emulator.account.all_images()] == ["Two"]


def test_the_id_of_the_last_photo_is_given_again() -> None:
    client = site("One", "Two").sign_in()
    names = client.list("filename")
    client.ask("photo.del", id=2)
    assert upload(client, make_picture(5, taken=None))["response"] == {"id": 2}
    assert client.list("filename")[0] == names[0]
    assert client.list("filename")[1] not in names


def test_no_id_is_given_again_once_that_is_mended() -> None:
    client = site("One", "Two", upstream_bugs="mended,-ids").sign_in()
    client.ask("photo.del", id=2)
    assert client.list("id") == [{"id": 1}]
    assert upload(client, make_picture(5, taken=None))["response"] == {"id": 3}


def test_a_new_photo_is_hidden_and_has_no_title() -> None:
    client = site("One").sign_in()
    assert upload(client, make_picture(5, taken="2020-01-01T10:00:00"))["response"] == {"id": 2}
    assert client.ask("photo.get", id=2, fields=list(ALL))["response"] == {
        "id": 2,
        "title": "",
        "description": "",
        "publish-date": "2026-11-21T12:02:53+00:00",
        "visible": False,
    }
    assert int(client.emulator.clock()) == NOON + 100


def test_the_largest_upload_is_told() -> None:
    assert site().sign_in().ask("upload.max-size")["response"] == {"max_size": 67108864}


@pytest.mark.parametrize("pieces", [1, 3])
def test_what_is_added_is_encoded_anew(pieces: int) -> None:
    images = pytest.importorskip("PIL.Image")
    client = site().sign_in()
    sent = make_picture(5, taken="2020-01-01T10:00:00")
    assert upload(client, sent, pieces=pieces)["response"] == {"id": 1}
    stored = original(client, 1)
    assert stored != sent
    with images.open(io.BytesIO(stored)) as picture, images.open(io.BytesIO(sent)) as before:
        assert (picture.format, picture.size) == ("JPEG", before.size)
        assert dict(before.getexif())
        assert not dict(picture.getexif())
        assert picture.info["comment"].startswith(b"CREATOR: gd-jpeg")


@pytest.mark.parametrize(("data", "kind"), [(make_png(1), "image/png"), (make_gif(1), "image/gif")])
def test_other_formats_become_jpegs(data: bytes, kind: str) -> None:
    images = pytest.importorskip("PIL.Image")
    client = site().sign_in()
    assert upload(client, enlarged(images, data, kind.partition("/")[2]), kind)["response"] == {"id": 1}
    assert original(client, 1).startswith(b"\xff\xd8\xff")


def enlarged(images: Any, data: bytes, form: str, width: int = 600) -> bytes:
    out = io.BytesIO()
    with images.open(io.BytesIO(data)) as picture:
        picture.resize((width, 400)).save(out, form)
    return out.getvalue()


@pytest.mark.parametrize("data", [b"no picture at all", make_picture(1, taken=None)[:300]])
def test_what_is_no_picture_leaves_nothing_behind(data: bytes) -> None:
    client = site().sign_in()
    assert upload(client, data) == error("internal_error", "can't work on the uploaded photo.")
    assert client.list("id") == []
    assert not list(client.emulator.account.all_images())


def test_a_picture_smaller_than_the_resized_one_is_refused() -> None:
    images = pytest.importorskip("PIL.Image")
    client = site().sign_in()
    small = enlarged(images, make_picture(1, taken=None), "jpeg", 499)
    assert upload(client, small) == error("internal_error", "can't work on the uploaded photo.")
    assert client.list("id") == []


def test_an_upload_has_to_come_whole() -> None:
    client = site().sign_in()
    begun = client.ask("upload.init", name="x", size=10, type="image/jpeg", chunks=2)["response"]["id"]
    assert begun.startswith("up_")
    client.ask("upload.send", id=begun, chunk=1, data=base64.b64encode(b"12345").decode())
    assert client.ask("upload.end", id=begun) == error("bad_data", "The specified `size` is not valid.")
    more = base64.b64encode(b"123456").decode()
    refused = client.ask("upload.send", id=begun, chunk=2, data=more)
    assert refused == error("bad_data", "The specified `data` is not valid.")
    assert client.ask("upload.send", id=begun, chunk=2, data="Njcx\r\nMjM=")["status"] == "valid"
    assert client.ask("upload.end", id=begun)["status"] == "valid"


def test_a_few_uploads_are_under_way_at_once() -> None:
    client = site().sign_in()
    request = {"name": "x", "size": 1, "type": "image/jpeg", "chunks": 1}
    begun = [client.ask("upload.init", **request)["response"]["id"] for _ in range(9)]
    sent = [client.ask("upload.send", id=name, chunk=1, data="eA==")["status"] for name in begun]
    assert sent == ["error", *["valid"] * 8]


def test_a_disk_that_is_full_is_an_error_of_the_server() -> None:
    pytest.importorskip("PIL.Image")
    client = site().sign_in()
    keeper: Any = client.emulator.keeper
    keeper.close()
    client.emulator.keeper = Full()
    answer = upload(client, make_picture(5, taken=None))
    assert answer["code"] == "internal_error"
    assert "No space left" in answer["message"]
    assert client.list("id") == []


class Full(Fleeting):
    """There is no room."""

    def keep(self, upload: bytes | Path) -> Content:
        raise OSError(errno.ENOSPC, "No space left on device")


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"type": "image/tiff"}, "type"),
        ({"size": 67108865}, "size"),
        ({"size": -1}, "size"),
        ({"chunks": -1}, "chunks"),
    ],
)
def test_an_upload_is_announced_as_what_it_is(changes: Any, named: str) -> None:
    request = {"name": "x", "size": 10, "type": "image/jpeg", "chunks": 2, **changes}
    answer = site().sign_in().ask("upload.init", **request)
    assert answer == error("bad_data", f"The specified `{named}` is not valid.")


@pytest.mark.parametrize(
    ("method", "request_", "refused"),
    [
        ("upload.send", {"id": "up_x", "chunk": 1, "data": "eA=="}, ("id", "up_x")),
        ("upload.end", {"id": "up_x"}, ("id", "up_x")),
        ("photo.add", {"file": "/etc/passwd"}, ("file", "/etc/passwd")),
        ("photo.add", {"file": "up_x"}, ("file", "up_x")),
    ],
)
def test_an_upload_nobody_began_is_not_there(method: str, request_: Any, refused: tuple[str, str]) -> None:
    assert site().sign_in().ask(method, **request_) == error("bad_data", MISSING.format(*refused))


@pytest.mark.parametrize(
    ("chunk", "data", "named"), [(0, "eA==", "chunk"), (2, "eA==", "chunk"), (1, "%", "data")]
)
def test_a_piece_that_does_not_fit_is_refused(chunk: int, data: str, named: str) -> None:
    client = site().sign_in()
    begun = client.ask("upload.init", name="x", size=10, type="image/jpeg", chunks=1)["response"]["id"]
    answer = client.ask("upload.send", id=begun, chunk=chunk or "0", data=data)
    assert answer == error("bad_data", f"The specified `{named}` is not valid.")


# -- the administration ----------------------------------------------------------------------------------


def bridge(client: Client, method: str, cookie: str) -> Any:
    body = f'{{"method": "{method}", "request": {{}}}}'.encode()
    return read(client.send("POST", "/admin/api/bridge/json/", body, cookie=cookie))


def test_the_administration_signs_nothing_and_is_told_sizes() -> None:
    client = site("One")
    cookie = client.control("pixelpost/login")["cookie"]
    assert bridge(client, "photo.count", cookie) == {"status": "valid", "response": {"total": 1}}
    assert bridge(client, "photo.size", cookie)["response"]["thumb"] == {"type": "square", "size": 150}
    assert read(client.send("GET", "/admin/api/bridge/get/photo.count/json", cookie=cookie)) is None


def test_the_administration_is_for_those_who_logged_in() -> None:
    client = site("One")
    refused = error("unauthorized", "You do not have the necessary rights to use the `photo.count` method.")
    for cookie in ("", "PPU=b3duZXI%3D", "PPU=b3duZXI%3D; PPK=eA%3D%3D", "PPU=%; PPK=%"):
        assert bridge(client, "photo.count", cookie) == refused


def test_a_login_lasts_four_hours() -> None:
    client = site("One")
    cookie = client.control("pixelpost/login")["cookie"]
    clock: Any = client.emulator.clock
    clock.now += 4 * 3600 - 1
    assert bridge(client, "photo.count", cookie)["status"] == "valid"
    clock.now += 1
    assert bridge(client, "photo.count", cookie)["code"] == "unauthorized"
