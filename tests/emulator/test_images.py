"""Images: what they take, and what everything that their addresses offer answers."""

from __future__ import annotations

import hashlib
import io
from typing import Any

import pytest

from smugsync.emulator.account.content import Bytes
from smugsync.emulator.account.model import Album, Image
from smugsync.emulator.emulator import Emulator
from smugsync.emulator.media.pictures import make_picture, make_video
from smugsync.emulator.settings import Settings, Viewer
from tests.emulator.ask import Client, demo
from tests.emulator.places import act, album_named, new_album, patch, refused, shown, uri, uris


@pytest.fixture
def owner() -> Client:
    """Of an account with nothing in it."""
    return Client(Emulator(Settings(albums=0)))


@pytest.fixture(scope="module")
def full() -> Client:
    """Of an account to be looked at only."""
    return demo()


@pytest.fixture
def album(owner: Client) -> Album:
    return new_album(owner, "Sea", "b.jpg", "a.jpg")


@pytest.fixture
def image(album: Album) -> Image:
    return album.photos[0]


def other(client: Client, viewer: Viewer = "other") -> Client:
    return Client(client.emulator, viewer)


def place(image: Image) -> str:
    return f"/api/v2/image/{image.id}"


def seen(client: Client, image: Image) -> dict[str, Any]:
    found: dict[str, Any] = client.get(place(image))["Response"]["Image"]
    return found


# -- PATCH -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("Title", "Zum Strand & zurück"),
        ("Caption", "Line 1\nLine 2 <b>bold</b> 😀"),
        ("Keywords", "a; b"),
        ("KeywordArray", ["a", "b"]),
        ("Watermark", "Yes"),
        ("Latitude", "46.44270833333300"),
        ("Longitude", "-121.77849444444000"),
        ("Altitude", 428),
        ("Hidden", True),
    ],
)
@pytest.mark.parametrize("in_album", [False, True])
def test_what_is_set_is_shown(owner: Client, image: Image, name: str, value: object, in_album: bool) -> None:
    target = f"/api/v2/album/{image.home}/image/{image.id}" if in_album else place(image)
    assert patch(owner, target, **{name: value})[name] == value
    assert seen(owner, image)[name] == value
    album = owner.emulator.account.albums[image.home]
    listed = owner.get(f"{uri(album)}!images")["Response"]["AlbumImage"]
    assert next(entry for entry in listed if entry["ImageKey"] == image.key)[name] == value


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ("a; b", ["a", "b"]),
        ("a, b", ["a", "b"]),
        ("a;b; ", ["a", "b"]),
        (["a", "b"], ["a", "b"]),
        ("Paris, France; night", ["Paris, France", "night"]),
        ('"maker faire"', ["maker faire"]),
        ('"a, b", c', ["a, b", "c"]),
        ("", []),
        ([], []),
    ],
)
@pytest.mark.parametrize("name", ["Keywords", "KeywordArray"])
def test_keywords_are_one_field_in_two_forms(
    owner: Client, image: Image, name: str, given: object, words: list[str]
) -> None:
    patch(owner, place(image), Keywords="before")
    after = patch(owner, place(image), **{name: given})
    assert (after["KeywordArray"], after["Keywords"]) == (words, "; ".join(words))


def test_a_form_is_taken_too(owner: Client, image: Image) -> None:
    form = {"Caption": "by form", "Hidden": "1", "Keywords": "a, b"}
    kind = "application/x-www-form-urlencoded"
    assert owner.write(place(image), form, "PATCH", content_type=kind).status == 200
    after = seen(owner, image)
    assert (after["Caption"], after["Hidden"], after["Keywords"]) == ("by form", True, "a; b")


def test_a_file_name_cannot_be_changed(owner: Client, image: Image) -> None:
    """Measured: 200, and nothing happens."""
    before = seen(owner, image)
    after = patch(owner, place(image), FileName="new.jpg")
    assert after["FileName"] == "b.jpg"
    assert seen(owner, image) == before


@pytest.mark.parametrize(
    ("name", "value"),
    [("Latitude", 91), ("Latitude", "north"), ("Longitude", -181), ("Altitude", -1), ("Watermark", "Maybe")],
)
def test_what_cannot_be_is_refused(owner: Client, image: Image, name: str, value: object) -> None:
    before = seen(owner, image)
    fields: dict[str, Any] = {name: value, "Caption": "x"}
    assert refused(owner, place(image), "PATCH", **fields) == (400, {name})
    assert seen(owner, image) == before


def test_a_position_is_text_with_fourteen_decimals(owner: Client, image: Image) -> None:
    after = patch(owner, place(image), Latitude=46.5, Longitude="-121.75")
    assert (after["Latitude"], after["Longitude"]) == ("46.50000000000000", "-121.75000000000000")
    assert type(after["Altitude"]) is int
    after = patch(owner, place(image), Latitude="", Longitude="0")
    assert (after["Latitude"], after["Longitude"]) == ("0.00000000000000", "0.00000000000000")


def test_a_position_is_shown_as_it_was_given(owner: Client, image: Image) -> None:
    """In decimals: 64.1 is no binary fraction."""
    for given in ("64.1", 64.1):
        after = patch(owner, place(image), Latitude=given, Longitude="-121.778494444440001")
        assert (after["Latitude"], after["Longitude"]) == ("64.10000000000000", "-121.77849444444000")
    assert patch(owner, place(image), Latitude="-0.0")["Latitude"] == "0.00000000000000"
    album = owner.emulator.account.albums[image.home]
    picture = make_picture(1, taken=None, gps=(64.1, -20.3))
    shot = owner.emulator.account.add_photo(album, "shot.jpg", picture)
    found = owner.emulator.account.add_photo(album, "set.jpg", picture, latitude="1.1", longitude="-1e-3")
    positions = [(seen(owner, one)["Latitude"], seen(owner, one)["Longitude"]) for one in (shot, found)]
    assert positions == [
        ("64.10000000000000", "-20.30000000000000"),
        ("1.10000000000000", "-0.00100000000000"),
    ]


def test_an_image_moves_with_its_album_address(owner: Client, album: Album, image: Image) -> None:
    target = new_album(owner, "Target")
    after = patch(owner, place(image), AlbumUri=uri(target), Caption="moved")
    assert (after["ImageKey"], after["Caption"]) == (image.key, "moved")
    assert after["Uris"]["ImageAlbum"]["Uri"] == uri(target)
    assert (shown(owner, album)["ImageCount"], shown(owner, target)["ImageCount"]) == (1, 1)
    back = patch(owner, uri(target, image), AlbumUri=f"https://api.smugmug.com{uri(album)}")
    assert back["Uri"] == uri(album, image)
    assert refused(owner, place(image), "PATCH", AlbumUri="/api/v2/album/nope") == (400, {"AlbumUri"})


def test_an_edit_reaches_every_album(owner: Client, album: Album, image: Image) -> None:
    target = new_album(owner, "Target")
    act(owner, f"{uri(target)}!collectimages", CollectUris=uri(album, image))
    patch(owner, uri(target, image), Caption="everywhere")
    assert owner.get(uri(album, image))["Response"]["AlbumImage"]["Caption"] == "everywhere"


def test_texts_are_given_as_html_too(owner: Client, image: Image) -> None:
    formatted = patch(owner, place(image), Caption="a < b & c")["FormattedValues"]
    assert formatted["Caption"] == {"html": "a &lt; b &amp; c", "text": "a < b & c"}


# -- addresses ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("revision", ["", "-0", "-1"])
def test_writes_do_not_mind_the_revision(owner: Client, album: Album, image: Image, revision: str) -> None:
    """One client deletes `/image/KEY`."""
    act(owner, f"{place(image)}!rotate")
    for target in (f"/api/v2/image/{image.key}{revision}", f"{uri(album)}/image/{image.key}{revision}"):
        assert patch(owner, target, Caption=target)["Caption"] == target
    assert owner.send(f"/api/v2/image/{image.key}{revision}", "DELETE").status == 200
    assert owner.status(place(image)) == 404


@pytest.mark.parametrize("revision", ["", "-0", "-7"])
def test_reading_another_revision_is_redirected(
    owner: Client, album: Album, image: Image, revision: str
) -> None:
    act(owner, f"{place(image)}!rotate")
    for target in ("/api/v2/image/", f"{uri(album)}/image/"):
        response = owner.send(f"{target}{image.key}{revision}")
        assert response.status == 301
        assert (response.header("Location") or "").endswith(f"{target}{image.key}-1")


@pytest.mark.parametrize("revision", ["9" * 4500, "x", ""])
def test_a_revision_is_a_number(owner: Client, album: Album, image: Image, revision: str) -> None:
    for target in ("/api/v2/image/", f"{uri(album)}/image/"):
        assert owner.status(f"{target}{image.key}-{revision}") == 404


def test_several_at_once(owner: Client, album: Album) -> None:
    keys = ",".join(image.id for image in album.photos)
    response = owner.get(f"/api/v2/image/{keys},XXXXXXX-0")["Response"]
    assert [image["FileName"] for image in response["Image"]] == ["b.jpg", "a.jpg"]
    assert owner.status("/api/v2/image/XXXXXXX-0,YYYYYYY-0") == 404


# -- DELETE ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("in_album", [False, True])
def test_an_image_is_deleted_everywhere(owner: Client, album: Album, image: Image, in_album: bool) -> None:
    target = new_album(owner, "Target")
    act(owner, f"{uri(target)}!collectimages", CollectUris=uri(album, image))
    response = owner.send(uri(album, image) if in_album else place(image), "DELETE")
    body = response.json()
    assert isinstance(body, dict)
    kind = "AlbumImage" if in_album else "Image"
    assert (response.status, body["Message"]) == (200, "Ok")
    assert body["Options"] == {"Methods": ["DELETE"], "Parameters": {"DELETE": []}}
    assert (body["Response"]["Locator"], kind in body["Response"]) == (kind, False)
    assert owner.status(place(image)) == 404
    assert (shown(owner, album)["ImageCount"], shown(owner, target)["ImageCount"]) == (1, 0)


def test_deleting_what_was_collected_leaves_it_at_home(owner: Client, album: Album, image: Image) -> None:
    target = new_album(owner, "Target")
    act(owner, f"{uri(target)}!collectimages", CollectUris=uri(album, image))
    assert owner.send(uri(target, image), "DELETE").status == 200
    assert owner.status(uri(target, image)) == 404
    assert owner.status(uri(album, image)) == 200


def test_other_peoples_images_cannot_be_changed(owner: Client, album: Album, image: Image) -> None:
    stranger, before = other(owner), seen(owner, image)
    for target in (place(image), uri(album, image)):
        assert refused(stranger, target, "PATCH", Caption="mine")[0] == 403
        assert stranger.send(target, "DELETE").status == 403
    for action in ("rotate", "color", "crop", "copy", "watermark"):
        fields: dict[str, Any] = dict.fromkeys(("X", "Y", "Width", "Height"), 1)
        fields |= {"AlbumUri": uri(album), "WatermarkUri": "/api/v2/watermark/1"}
        assert refused(stranger, f"{place(image)}!{action}", **fields)[0] == 403
    assert seen(owner, image) == before


def test_what_is_hidden_does_not_exist_for_others(owner: Client, album: Album, image: Image) -> None:
    patch(owner, place(image), Hidden=True)
    stranger = other(owner)
    assert stranger.status(place(image)) == 404
    assert stranger.status(uri(album, image)) == 404
    assert refused(stranger, place(image), "PATCH", Hidden=False)[0] == 404
    assert len(stranger.all(f"{uri(album)}!images", "AlbumImage")) == 1
    assert len(owner.all(f"{uri(album)}!images", "AlbumImage")) == 2


# -- actions -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("action", "fields"),
    [
        ("rotate", {"Degrees": 90}),
        ("rotate", {"Flip": True}),
        ("crop", {"X": 0, "Y": 0, "Width": 10, "Height": 10}),
        ("color", {}),
    ],
)
def test_another_look_is_another_revision(
    owner: Client, album: Album, image: Image, action: str, fields: dict[str, Any]
) -> None:
    """The archived file is the untouched upload (recorded in the notes of the endpoint)."""
    before = seen(owner, image)
    assert owner.write(f"{place(image)}!{action}", fields).status == 200
    after = seen(owner, image)
    assert (after["Serial"], after["Uri"]) == (1, f"/api/v2/image/{image.key}-1")
    assert (after["ArchivedMD5"], after["ArchivedSize"]) == (before["ArchivedMD5"], before["ArchivedSize"])
    assert after["ArchivedUri"] != before["ArchivedUri"]
    assert owner.media(after["ArchivedUri"]).status == 200
    assert owner.get(f"{uri(album)}!images")["Response"]["AlbumImage"][0]["Uri"].endswith(f"{image.key}-1")


def test_only_right_angles_and_photos_turn(owner: Client, album: Album, image: Image) -> None:
    assert refused(owner, f"{place(image)}!rotate", Degrees=45) == (400, {"Degrees"})
    assert refused(owner, f"{place(image)}!crop", X=1)[0] == 400
    film = owner.emulator.account.add_photo(album, "a.mp4", make_video(1))
    assert refused(owner, f"{place(film)}!rotate", Degrees=90)[0] == 400
    assert (image.serial, film.serial) == (0, 0)


def test_a_copy_is_another_image(owner: Client, image: Image) -> None:
    target = new_album(owner, "Target")
    patch(owner, place(image), Caption="twice", Keywords="a")
    act(owner, f"{place(image)}!copy", AlbumUri=uri(target))
    copied = owner.get(f"{uri(target)}!images")["Response"]["AlbumImage"][0]
    assert copied["ImageKey"] != image.key
    assert (copied["FileName"], copied["Caption"], copied["Keywords"]) == ("b.jpg", "twice", "a")
    assert copied["ArchivedMD5"] == seen(owner, image)["ArchivedMD5"]
    patch(owner, copied["Uri"], Caption="once")
    assert seen(owner, image)["Caption"] == "twice"


def test_there_are_no_watermarks(owner: Client, image: Image) -> None:
    target = f"{place(image)}!watermark"
    assert refused(owner, target, WatermarkUri="/api/v2/watermark/1") == (400, {"WatermarkUri"})


# -- reading -----------------------------------------------------------------------------------------------


def homes(client: Client, image: Image) -> list[str]:
    return [shown["Name"] for shown in client.all(f"{place(image)}!albums", "Album")]


@pytest.mark.parametrize("viewer", ["other", "anonymous"])
@pytest.mark.parametrize("privacy", ["Private", "Unlisted"])
def test_the_albums_of_an_image_are_those_that_can_be_found(
    owner: Client, album: Album, image: Image, viewer: Viewer, privacy: str
) -> None:
    best = new_album(owner, "Best of")
    act(owner, f"{uri(best)}!collectimages", CollectUris=uri(album, image))
    assert homes(other(owner, viewer), image) == ["Sea", "Best of"]
    patch(owner, uri(best), Privacy=privacy)
    assert homes(owner, image) == ["Sea", "Best of"]
    assert homes(other(owner, viewer), image) == ["Sea"]
    patch(owner, uri(best), Privacy="Public")
    patch(owner, uri(album), Privacy=privacy)
    assert homes(other(owner, viewer), image) == ["Best of"]


@pytest.mark.parametrize("viewer", ["other", "anonymous"])
@pytest.mark.parametrize("privacy", ["Private", "Unlisted"])
def test_a_collected_image_does_not_tell_a_home_that_cannot_be_found(
    owner: Client, viewer: Viewer, privacy: str
) -> None:
    account = owner.emulator.account
    account.add_folder("Secrets")
    home, best = new_album(owner, "Diary", "d.jpg", parent="Secrets"), new_album(owner, "Best of")
    image = home.photos[0]
    act(owner, f"{uri(best)}!collectimages", CollectUris=uri(home, image))

    def addresses(client: Client) -> set[str]:
        entry = client.get(uri(best, image))["Response"]["AlbumImage"]
        listed = client.get(f"{uri(best)}!images")["Response"]["AlbumImage"][0]
        share = client.get(entry["Uris"]["AlbumImageShareUris"]["Uri"])["Response"]["AlbumImageShareUris"]
        return {entry["WebUri"], listed["WebUri"], share["WebUri"], share["EmbedUri"]}

    at_home = f"https://demo.smugmug.com/Secrets/Diary/i-{image.key}"
    assert addresses(other(owner, viewer)) == {at_home}
    assert home.node.parent is not None
    patch(owner, f"/api/v2/node/{home.node.parent.id}", Privacy=privacy)
    assert addresses(other(owner, viewer)) == {f"https://demo.smugmug.com/Best-of/i-{image.key}"}
    [own] = addresses(owner)
    assert home.node.id in own


def test_the_archived_md5_of_a_film_is_no_files(owner: Client, album: Album) -> None:
    """Facts 5. It moves when the film is replaced, and nothing is read for it."""

    class Unread(Bytes):
        @property
        def md5(self) -> str:
            raise AssertionError("a film is not hashed for a list")

    account, film = owner.emulator.account, make_video(1)
    image = account.add_photo(album, "film.mp4", Unread(film), rendition=Bytes(b"other"))
    before = seen(owner, image)["ArchivedMD5"]
    assert len(before) == 32
    assert before not in {hashlib.md5(data).hexdigest() for data in (film, b"other")}
    assert seen(owner, image)["ArchivedMD5"] == before
    account.replace(image, Unread(film))
    assert seen(owner, image)["ArchivedMD5"] != before


def found(client: Client, query: str) -> list[str]:
    return [image["FileName"] for image in client.all(f"/api/v2/image!search?{query}", "Image")]


def test_a_search_reads_titles_captions_and_keywords(owner: Client, album: Album) -> None:
    first, second = (uri(album, image) for image in album.photos)
    patch(owner, first, Title="Leuchtturm", Caption="am Abend")
    patch(owner, second, Keywords="Abend; Meer")
    assert found(owner, "Text=abend") == ["b.jpg", "a.jpg"]
    assert found(owner, "Text=leuchtturm%20abend") == ["b.jpg"]
    assert found(owner, "Text=meer") == ["a.jpg"]
    assert found(owner, "Text=") == ["b.jpg", "a.jpg"]


def test_a_search_does_not_read_file_names(owner: Client, album: Album) -> None:
    """Measured: so it is no way to ask whether a file is there."""
    assert found(owner, "Scope=/api/v2/user/demo&Text=b.jpg") == []


def test_a_search_finds_what_the_viewer_may_see(owner: Client, album: Album, image: Image) -> None:
    secret = new_album(owner, "Secret", "s.jpg")
    patch(owner, uri(secret), Privacy="Private")
    patch(owner, place(image), Hidden=True)
    assert found(owner, "Text=") == ["b.jpg", "a.jpg", "s.jpg"]
    assert found(other(owner), "Text=") == ["a.jpg"]
    assert found(owner, f"Scope=/api/v2/node/{secret.node.id}&Text=") == ["s.jpg"]
    assert other(owner).status(f"/api/v2/image!search?Scope=/api/v2/node/{secret.node.id}&Text=") == 400


def test_what_a_camera_wrote_of_the_place_is_shown(owner: Client) -> None:
    album = owner.emulator.account.add_album("Here")
    picture = make_picture(1, taken="2020-01-01T00:00:00", gps=(64.3, -20.12))
    image = owner.emulator.account.add_photo(album, "here.jpg", picture)
    owner.emulator.account.add_photo(album, "nowhere.jpg", make_picture(1, taken=None))
    here = seen(owner, image)
    assert float(here["Latitude"]) == pytest.approx(64.3, abs=1e-4)
    assert float(here["Longitude"]) == pytest.approx(-20.12, abs=1e-4)
    geo = owner.all(f"{uri(album)}!geomedia", "AlbumImage")
    assert [entry["FileName"] for entry in geo] == ["here.jpg"]
    after = patch(owner, place(image), Latitude="1")
    assert (after["Latitude"], after["Longitude"]) == ("1.00000000000000", here["Longitude"])


def test_a_height_comes_in_whole_metres(owner: Client) -> None:
    picture = pytest.importorskip("PIL.Image").new("RGB", (8, 8))
    exif = picture.getexif()
    exif.get_ifd(0x8825)[6] = 428.6  # GPSAltitude
    stream = io.BytesIO()
    picture.save(stream, "jpeg", exif=exif)
    album = owner.emulator.account.add_album("Here")
    image = owner.emulator.account.add_photo(album, "up.jpg", stream.getvalue())
    assert seen(owner, image)["Altitude"] == 428
    assert patch(owner, place(image), Altitude="12")["Altitude"] == 12


def test_fields_have_the_services_types(owner: Client, image: Image) -> None:
    mine, theirs = seen(owner, image), seen(other(owner), image)
    assert mine["UploadKey"].isdecimal()
    assert (mine["ComponentFileTypes"], theirs["ComponentFileTypes"]) == ({"Image": ["jpg"]}, [])
    assert (mine["CanEdit"], theirs["CanEdit"]) == (True, False)
    assert mine["WebUri"] == f"https://demo.smugmug.com/Sea/i-{image.key}"
    assert "WebUri" not in theirs  # recorded, for Images; AlbumImages have it


def test_a_picture_without_a_date_has_none(owner: Client) -> None:
    album = owner.emulator.account.add_album("Scans")
    image = owner.emulator.account.add_photo(album, "scan.jpg", make_picture(1, taken=None))
    assert "DateTimeOriginal" not in seen(owner, image)


#: What answers 404: there is none. Videos that are processing have no rendition.
@pytest.mark.parametrize("viewer", ["owner", "other", "anonymous"])
@pytest.mark.parametrize(
    "name", ["DSC_4200.JPG", "Candles.MOV", "invitation.png", "candles.gif", "proof_0.jpg", ""]
)
@pytest.mark.parametrize("in_album", [False, True])
def test_every_link_of_an_image_leads_somewhere(
    full: Client, name: str, viewer: Viewer, in_album: bool
) -> None:
    client = other(full, viewer)
    image = next(i for i in full.emulator.account.all_images() if i.file_name == name)
    target = f"/api/v2/album/{image.home}/image/{image.id}" if in_album else place(image)
    response = client.get(target)["Response"]
    for link_name, link in response[response["Locator"]]["Uris"].items():
        answer = client.send(link["Uri"])
        if answer.status == 405:
            assert "POST" in (answer.header("Allow") or ""), link_name
            continue
        assert answer.status == 200, (link_name, answer.status)
        body = answer.json()
        assert isinstance(body, dict)
        for word in ("Locator", "LocatorType", "EndpointType", "UriDescription"):
            assert body["Response"].get(word) == link.get(word), link_name
        payload = body["Response"].get(link["Locator"])
        assert isinstance(payload, dict if link["LocatorType"] == "Object" else list | None), link_name


def test_links_of_films_are_only_on_films(full: Client) -> None:
    image = album_named(full, "Twins").photos[0]
    for address in (f"/api/v2/video/{image.id}!embed", f"/api/v2/video/{image.id}!csmil"):
        assert full.status(address) == 404
    assert "EmbedVideo" not in seen(full, image)["Uris"]


def test_an_action_needs_the_album_to_show_the_image(full: Client) -> None:
    image = album_named(full, "Twins").photos[0]
    elsewhere = uri(album_named(full, "Ring Road"))
    assert full.status(f"{elsewhere}/image/{image.id}!metadata") == 404
    assert full.status(f"{elsewhere}/image/{image.id}") == 404
    assert full.status(f"{uris(album_named(full, 'Twins'))[0]}!metadata") == 200
