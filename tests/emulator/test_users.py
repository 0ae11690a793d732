"""Users and everything their links lead to, for themselves and for others."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from smugsync.emulator.account.account import Account
from smugsync.emulator.account.library import fill_from_directory
from smugsync.emulator.account.model import Album
from smugsync.emulator.emulator import Emulator
from smugsync.emulator.media.pictures import make_picture
from smugsync.emulator.settings import Settings, Switches, Viewer
from tests.emulator.ask import Client, demo

USER = "/api/v2/user/demo"
VISITOR = "/api/v2/user/demo-visitor"
#: May be missing: nobody chose them.
IMAGES = {"BioImage", "CoverImage"}


@pytest.fixture(scope="module")
def reader() -> Client:
    """Of the demo account, for tests that change nothing."""
    return demo()


@pytest.fixture
def owner() -> Client:
    """Of an account with nothing in it."""
    return Client(Emulator(Settings(albums=0)))


def account_of(client: Client) -> Account:
    return client.emulator.account


def album(client: Client, name: str) -> Album:
    return next(a for a in account_of(client).albums.values() if a.node.name == name)


def file_names(client: Client, uri: str) -> list[str]:
    return [image["FileName"] for image in client.all(uri, "Image")]


def album_names(client: Client, uri: str) -> list[str]:
    return [shown["Name"] for shown in client.all(uri, "Album")]


# -- the user --------------------------------------------------------------------------------------------


def test_the_signed_in_user_is_shown_under_both_addresses(reader: Client) -> None:
    response = reader.get("/api/v2!authuser")["Response"]
    assert (response["Uri"], response["User"]["Uri"]) == ("/api/v2!authuser", USER)
    assert reader.get(USER)["Response"]["User"] == response["User"]


def test_nobody_is_signed_in_with_a_key_alone(reader: Client) -> None:
    anyone = Client(reader.emulator, "anonymous")
    response = anyone.send("/api/v2!authuser")
    body: Any = response.json()
    assert (response.status, body["Code"], "Response" in body) == (401, 401, False)
    assert anyone.get("/api/v2/user")["Message"] == "Ok"


def test_an_owner_sees_more_of_a_user(reader: Client) -> None:
    public = {"NickName", "ViewPassHint", "RefTag", "Name", "QuickShare"}
    public |= {"Uri", "WebUri", "UriDescription", "Uris", "ResponseLevel"}
    for viewer in ("other", "anonymous"):
        shown = Client(reader.emulator, viewer).get(USER)["Response"]["User"]
        assert shown.keys() == public
        assert shown["ResponseLevel"] == "Public"
    own = reader.get(USER)["Response"]["User"]
    assert own["ResponseLevel"] == "Full"
    assert {"AccountStatus", "FirstName", "LastName", "Plan", "SortBy"} <= own.keys() - public
    assert len(own["RefTag"]) == 13


def test_counts_and_sizes_are_those_of_the_account(reader: Client) -> None:
    own = reader.get(USER)["Response"]["User"]
    albums = [node.album for node in account_of(reader).root.walk() if node.album]
    assert own["ImageCount"] == sum(len(a.photos) for a in albums)
    homes = [image for a in albums for image in a.photos if image.home == a.key]
    assert own["TotalAccountSize"] == str(sum(image.content.size for image in homes))


def test_sizes_of_an_account_that_is_made_while_it_is_read() -> None:
    client = Client(Emulator(Settings(albums=3, images=40, bytes_each=1000)))
    assert client.get(USER)["Response"]["User"]["TotalUploadedSize"] == "120000"
    root = client.get("/api/v2/folder/user/demo!size?depth=MAX")["Response"]["Size"]
    assert (root["MediaCount"], root["MediaSize"]) == (120, 120_000)


def test_public_access_shows_the_own_account_as_to_others() -> None:
    client = Client(Emulator(Settings(switches=Switches(access="Public"))))
    shown = client.get("/api/v2!authuser")["Response"]["User"]
    assert shown["ResponseLevel"] == "Public"
    assert "UserDeletedAlbums" not in shown["Uris"]
    assert client.status(f"{USER}!deletedalbums") == 403
    assert "Letters" not in album_names(client, f"{USER}!albums")


def test_several_users_at_once(reader: Client) -> None:
    response = reader.get(f"{USER},demo-visitor,nobody")["Response"]
    assert [user["NickName"] for user in response["User"]] == ["demo", "demo-visitor"]
    assert response["LocatorType"] == "Objects"
    assert reader.get("/api/v2/user/DEMO")["Response"]["User"]["NickName"] == "demo"
    assert reader.status("/api/v2/user/nobody") == 404


# -- the links -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("viewer", ["owner", "other", "anonymous"])
@pytest.mark.parametrize("user", [USER, VISITOR])
def test_every_link_answers(reader: Client, viewer: Viewer, user: str) -> None:
    """True to its locator and kind; an empty list comes without its key."""
    client = Client(reader.emulator, viewer)
    uris = client.get(user)["Response"]["User"]["Uris"]
    for name, link in uris.items():
        answer = client.send(link["Uri"])
        body: Any = answer.json()
        if name in IMAGES or (name == "UserAssetsAlbum" and user == VISITOR):
            assert answer.status == 404
            continue
        assert answer.status == 200, (name, link)
        response = body["Response"]
        if name == "UrlPathLookup":
            assert response["Locator"] in link["Locator"].split(",")
            continue
        assert (response["Locator"], response["LocatorType"]) == (link["Locator"], link["LocatorType"])
        payload = response.get(link["Locator"])
        if link["LocatorType"] == "Object":
            assert isinstance(payload, dict)
        elif payload is None:
            assert response.get("Pages", {"Total": 0})["Total"] == 0
        else:
            assert isinstance(payload, list)
            assert payload


@pytest.mark.parametrize(("viewer", "status"), [("other", 403), ("anonymous", 401)])
def test_what_is_the_owners_is_refused_to_others(reader: Client, viewer: Viewer, status: int) -> None:
    own = reader.get(USER)["Response"]["User"]["Uris"]
    client = Client(reader.emulator, viewer)
    public = client.get(USER)["Response"]["User"]["Uris"]
    assert public.keys() < own.keys()
    for name in own.keys() - public.keys():
        assert client.status(own[name]["Uri"]) == status, name


@pytest.mark.parametrize("action", ["features", "profile", "sitesettings", "topkeywords", "popularmedia"])
def test_links_of_nobody_lead_nowhere(reader: Client, action: str) -> None:
    assert reader.status(f"/api/v2/user/nobody!{action}") == 404


def test_upload_limits_are_a_list(reader: Client) -> None:
    response = reader.get(f"{USER}!uploadlimits")["Response"]
    limits = response["UserUploadLimits"]
    assert "Pages" not in response
    assert {limit["Type"] for limit in limits} == {"Image", "Video"}
    for limit in limits:
        assert isinstance(limit["MimeTypes"], list)
        assert isinstance(limit["MaxSize"], int)
    assert max(limit["MaxSize"] for limit in limits) == 3 * 1024**3


def test_the_album_of_the_sites_files_is_found(reader: Client) -> None:
    shown = reader.get(f"{USER}!assetsalbum")["Response"]["Album"]
    assert shown["Name"] == "My SmugMug Site Files (Do Not Delete)"
    assert shown["UrlName"] == "My-SmugMug-Site-Files-Do-Not"  # recorded


# -- albums ----------------------------------------------------------------------------------------------


def test_albums_are_fifty_to_a_page(reader: Client) -> None:
    assert reader.get(f"{USER}!albums")["Response"]["Pages"]["RequestedCount"] == 50


def test_albums_come_in_the_order_asked_for(reader: Client) -> None:
    def stamps(order: str, field: str) -> list[str]:
        return [shown[field] for shown in reader.all(f"{USER}!albums?Order={order}", "Album")]

    for field, order in (("LastUpdated", "Last%20Updated"), ("Date", "Date%20Added")):
        for direction, reverse in (("Ascending", False), ("Descending", True)):
            listed = stamps(f"{order}%20({direction})", field)
            assert listed == sorted(listed, reverse=reverse)
            assert len(set(listed)) > 1
    assert album_names(reader, f"{USER}!albums?Order=Position")[0] == "Ring Road"


def test_small_albums_may_be_left_out(reader: Client) -> None:
    assert set(album_names(reader, f"{USER}!albums?MinimumImages=5")) == {"Ring Road", "Zoë's birthday 🎂"}
    everything = album_names(reader, f"{USER}!albums")
    assert album_names(reader, f"{USER}!albums?MinimumImages=0") == everything
    assert "Nothing yet" in everything


@pytest.mark.parametrize("least", ["inf", "-1", "nan", "1e999", "9" * 4500])
def test_a_nonsense_of_a_number_is_ignored(reader: Client, least: str) -> None:
    pages = reader.get(f"{USER}!albums?MinimumImages={least}")["Response"]["Pages"]
    assert pages["Total"] == len(album_names(reader, f"{USER}!albums"))


@pytest.mark.parametrize(
    ("path", "locator", "name"),
    [
        ("/", "Folder", ""),
        ("/Travel/Iceland-2019", "Folder", "Iceland 2019"),
        ("/travel/iceland-2019/RING-ROAD/", "Album", "Ring Road"),
        ("/About-Me", "Page", "About me"),
    ],
)
def test_a_path_leads_to_what_is_there(reader: Client, path: str, locator: str, name: str) -> None:
    response = reader.get(f"{USER}!urlpathlookup?urlpath={path}")["Response"]
    assert (response["Locator"], response[locator]["Name"]) == (locator, name)


def test_a_path_may_lead_nowhere(reader: Client) -> None:
    lookup = f"{USER}!urlpathlookup?urlpath="
    assert reader.status(f"{lookup}/Nowhere") == 404
    assert reader.status(f"{lookup}/Twins/Below") == 404
    assert reader.status(f"{lookup}/Family/Letters") == 200
    assert Client(reader.emulator, "other").status(f"{lookup}/Family/Letters") == 404


# -- images ----------------------------------------------------------------------------------------------


def test_recent_images_come_last_first(reader: Client) -> None:
    images = reader.all(f"{USER}!recentimages", "Image")
    stamps = [image["DateTimeUploaded"] for image in images]
    assert stamps == sorted(stamps, reverse=True)
    keys = [image["ImageKey"] for image in images]
    assert len(keys) == len(set(keys))  # what is collected counts once
    homes = [n.album for n in account_of(reader).root.walk() if n.album]
    assert set(keys) == {image.key for home in homes for image in home.photos}


def test_others_find_images_of_public_open_albums(reader: Client) -> None:
    anyone = Client(reader.emulator, "anonymous")
    shown = set(file_names(anyone, f"{USER}!recentimages"))
    assert "IMG_0001.JPG" in shown
    assert {"page-1.jpg", "draft.jpg", "MJ-001.jpg", "logo.png"}.isdisjoint(shown)


def test_images_with_a_position(owner: Client) -> None:
    account = account_of(owner)
    place = account.add_album("Places")
    account.add_photo(place, "nowhere.jpg", make_picture(1, taken=None))
    account.add_photo(place, "set.jpg", make_picture(2, taken=None), latitude="64.1", longitude="-21.9")
    assert file_names(owner, f"{USER}!geomedia") == ["set.jpg"]
    anyone = Client(owner.emulator, "anonymous")
    assert file_names(anyone, f"{USER}!geomedia") == ["set.jpg"]
    account.edit_album(place, geography=False)
    assert file_names(anyone, f"{USER}!geomedia") == []
    assert file_names(owner, f"{USER}!geomedia") == ["set.jpg"]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("q=strokkur", {"Strokkur 1.jpg", "Strokkur 2.jpg"}),
        ("Text=strokkur", {"Strokkur 1.jpg", "Strokkur 2.jpg"}),
        ("q=STROKKUR%202", {"Strokkur 2.jpg"}),
        ("q=camera", {"IMG_0001.JPG"}),
        ("q=city%20night", {"北京.jpg", "長城.jpg", "Ночь.jpg", "café 😀.jpg"}),
        ("q=DSC_4200.JPG", set()),  # measured: a file name finds nothing
        ("MediaType=Videos", {"Candles.MOV"}),
    ],
)
def test_images_are_found_by_what_is_said_of_them(reader: Client, query: str, found: set[str]) -> None:
    assert set(file_names(reader, f"{USER}!imagesearch?{query}")) == found


def test_found_images_come_in_the_order_asked_for(reader: Client) -> None:
    newest = file_names(reader, f"{USER}!imagesearch?q=night&Order=Newest")
    assert newest == list(reversed(file_names(reader, f"{USER}!imagesearch?q=night&Order=Oldest")))
    assert "Candles.MOV" not in file_names(reader, f"{USER}!imagesearch?MediaType=Images")


def test_duplicates_are_found_by_name(reader: Client) -> None:
    twins = album(reader, "Twins")
    search = f"{USER}!duplicateimagesearch"
    assert file_names(reader, search) == ["IMG_0001.JPG", "IMG_0001.JPG"]
    assert file_names(reader, f"{search}?FileName=img_0001.jpg") == ["img_0001.jpg"]
    assert len(file_names(reader, f"{search}?FileName=IMG_0001.JPG&AlbumUri=/api/v2/album/{twins.key}")) == 2
    elsewhere = album(reader, "Ring Road").key
    assert file_names(reader, f"{search}?FileName=IMG_0001.JPG&AlbumUri=/api/v2/album/{elsewhere}") == []
    assert reader.status(f"{search}?AlbumUri=/api/v2/album/XXXXXX") == 400


def test_top_keywords_are_the_most_frequent(owner: Client) -> None:
    account = account_of(owner)
    shown = account.add_album("A")
    for number, keywords in enumerate((("sea",), ("sea", "sun"), ("sea", "sun", "sand"))):
        account.add_photo(shown, f"{number}.jpg", b"x", keywords=keywords)
    top = f"{USER}!topkeywords"
    assert owner.get(top)["Response"]["UserTopKeywords"]["KeyWords"] == ["sea", "sun", "sand"]
    account.edit_node(shown.node, privacy="Private")
    anyone = Client(owner.emulator, "anonymous")
    assert anyone.get(top)["Response"]["UserTopKeywords"]["KeyWords"] == []


# -- several users ---------------------------------------------------------------------------------------


def test_the_visitor_has_a_few_public_photos(reader: Client) -> None:
    for viewer in ("owner", "other", "anonymous"):
        client = Client(reader.emulator, viewer)
        user = client.get(VISITOR)["Response"]["User"]
        assert set(album_names(client, user["Uris"]["UserAlbums"]["Uri"])) == {"Lighthouses", "Snapshots"}
        root = client.get(user["Uris"]["Node"]["Uri"])["Response"]["Node"]
        children = client.all(root["Uris"]["ChildNodes"]["Uri"], "Node")
        assert [(node["Type"], node["Name"]) for node in children] == [
            ("Folder", "Coast"),
            ("Album", "Snapshots"),
        ]
        coast = client.get("/api/v2/folder/user/demo-visitor/Coast")["Response"]["Folder"]
        [lights] = client.all(coast["Uris"]["FolderAlbums"]["Uri"], "Album")
        images = client.all(lights["Uris"]["AlbumImages"]["Uri"], "AlbumImage")
        assert [image["FileName"] for image in images] == ["light-1.jpg", "light-2.jpg"]
        for image in images:
            assert image["WebUri"].startswith("https://demo-visitor.smugmug.com/Coast/Lighthouses/")
            assert client.media(image["ArchivedUri"]).status == 200


def test_users_do_not_share_their_things(reader: Client) -> None:
    for user, names in ((USER, {"IMG_0413.jpg"}), (VISITOR, {"snap.jpg"})):
        shown = set(file_names(reader, f"{user}!recentimages"))
        assert shown & {"IMG_0413.jpg", "snap.jpg"} == names
    keywords = reader.get(f"{VISITOR}!topkeywords")["Response"]["UserTopKeywords"]["KeyWords"]
    assert keywords == ["sea", "night"]


def test_the_image_of_another_user_names_its_owner(reader: Client) -> None:
    other = Client(reader.emulator, "other")
    image = album(reader, "Snapshots").photos[0]
    shown = other.get(f"/api/v2/image/{image.id}")["Response"]["Image"]
    assert shown["Uris"]["ImageOwner"]["Uri"] == VISITOR
    assert shown["WebUri"].startswith("https://demo-visitor.smugmug.com/")


def test_more_users_can_be_added(tmp_path: Path) -> None:
    (tmp_path / "Trips").mkdir()
    (tmp_path / "Trips" / "a.jpg").write_bytes(make_picture(1, taken=None))
    client = Client(Emulator(Settings(albums=0)))
    account = account_of(client)
    root = account.add_user("ansel")
    fill_from_directory(account, tmp_path, root)
    account.add_folder("Empty", parent=root)
    for viewer in ("owner", "anonymous"):
        asker = Client(client.emulator, viewer)
        user = asker.get("/api/v2/user/ansel")["Response"]["User"]
        assert user["ResponseLevel"] == "Public"
        assert album_names(asker, user["Uris"]["UserAlbums"]["Uri"]) == ["Trips"]
        found = asker.get("/api/v2/album!search?Text=trips&Scope=/api/v2/user/ansel")["Response"]["Album"]
        assert found[0]["WebUri"] == "https://ansel.smugmug.com/Trips"
        assert file_names(asker, "/api/v2/user/ansel!recentimages") == ["a.jpg"]
    assert client.write("/api/v2/folder/user/ansel!folders", {"Name": "N", "UrlName": "N"}).status == 403


# -- a site behind a password ----------------------------------------------------------------------------


def test_a_site_password_closes_and_opens_everything() -> None:
    owner = demo()
    root = account_of(owner).root
    secret = {"SecurityType": "Password", "Password": "open sesame", "PasswordHint": "thieves"}
    assert owner.write(f"/api/v2/node/{root.id}", secret, "PATCH").status == 200
    other = Client(owner.emulator, "other")
    children = f"/api/v2/node/{root.id}!children"
    images = f"/api/v2/album/{album(owner, 'Twins').key}!images"
    unlock = other.get(USER)["Response"]["User"]["Uris"]["UnlockUser"]["Uri"]
    assert [other.status(uri) for uri in (children, images)] == [403, 403]
    assert other.write(unlock, {"Password": "open barley"}).status == 403
    assert other.status(children) == 403
    assert other.write(unlock, {"Password": "open sesame"}).status == 200
    assert [other.status(uri) for uri in (children, images)] == [200, 200]
    assert Client(owner.emulator, "anonymous").status(children) == 403
    assert "UnlockUser" not in owner.get(USER)["Response"]["User"]["Uris"]
