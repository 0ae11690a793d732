"""Answers as they were recorded, or put together from documentation, letter by letter."""

from __future__ import annotations

import pytest

from smugsync.core.model import Account, Album, Kind, Outgoing, Promise, RemoteFile, Sent
from smugsync.errors import Garbled, NotAuthorised, Rejected, SessionOver
from smugsync.remote.dialect import Call, Node, Reply, Span
from smugsync.remote.smugmug_legacy.dialect import SmugMugLegacy
from smugsync.remote.smugmug_legacy.keys import parse_ref
from smugsync.remote.smugmug_legacy.sign_in import LegacySession
from tests.remote.smugmug_legacy.small_legacy import API

V120, V121 = SmugMugLegacy("1.2.0", API), SmugMugLegacy("1.2.1", API)
V122, V130 = SmugMugLegacy("1.2.2", API), SmugMugLegacy("1.3.0", API)
ALL = (V120, V121, V122, V130)
SPAN = Span(1, 100)
OWNER = Account("nick", "user/303189")
HASH = "0123456789abcdef0123456789abcdef"


def said(text: str, url: str = "") -> Reply:
    return Reply(200, {}, text.encode(), url)


ANONYMOUS = (
    '{"stat":"ok","method":"smugmug.login.anonymously","Login":{"Session":{"id":'
    '"02f3ad2fcd0a3839e7249374278b096e"}}}'
)
WITH_PASSWORD = (
    '{"stat":"ok","method":"smugmug.login.withPassword","Login":{"User":{"id":303189,"NickName":"nick",'
    '"DisplayName":"Display"},"PasswordHash":"$1$Ou3SzvBQ$…","AccountType":"Standard","FileSizeLimit":12582912,'
    '"SmugVault":false,"Session":{"id":"02f3ad2fcd0a3839e7249374278b096e"}}}'
)
WITH_HASH = (
    '{"stat":"ok","method":"smugmug.login.withHash","Login":{"User":{"NickName":"nick","DisplayName":"Display"},'
    '"AccountType":"Standard","FileSizeLimit":12582912,"Session":{"id":"02f3ad2fcd0a3839e7249374278b096e"}}}'
)
EMPTY = '{"stat":"fail","code":15,"message":"empty set - no subcategories found"}'
ALBUMS_120 = (
    '{"stat":"ok","method":"smugmug.albums.get","Albums":[{"id":3517,"Title":"Album","Category":{"id":0,'
    '"Name":"Other"}}]}'
)
ALBUMS_122 = (
    '{"stat":"ok","method":"smugmug.albums.get","Albums":[{"id":5298215,"Key":"9VoYf","Category":{"id":33,'
    '"Name":"Vacation"},"Title":"Fabulous me!"}]}'
)
ALBUMS_HEAVY = (
    '{"stat":"ok","method":"smugmug.albums.get","Albums":[{"id":3517,"Category":{"id":0,"Name":"Other"},'
    '"SubCategory":{"id":77,"Name":"Sub"},"Highlight":{"id":0},"Community":{"id":0},"Position":17,"ImageCount":24,'
    '"Title":"Album","Description":"","Keywords":"","Public":true,"Password":"","PasswordHint":"",'
    '"Printable":true,"Filenames":false,"Comments":true,"External":true,"Originals":true,"EXIF":true,"Share":true,'
    '"SortMethod":"Position","SortDirection":false,"LastUpdated":"2007-09-24 16:40:10","FamilyEdit":false,'
    '"FriendEdit":false,"HideOwner":false,"CanRank":true,"Clean":false,"Geography":true,"SmugSearchable":true,'
    '"WorldSearchable":true,"Larges":true,"Protected":false,"Watermarking":false,"Watermark":{"id":0},'
    '"DefaultColor":false,"ProofDays":0,"Backprinting":"","XLarges":true,"X2Larges":true,"X3Larges":true,'
    '"Header":false,"Template":{"id":0},"UnsharpRadius":1,"UnsharpSigma":1,"UnsharpAmount":0.2,'
    '"UnsharpThreshold":0.05}]}'
)
STRANGERS_ALBUM = (
    '{"stat":"ok","method":"smugmug.albums.getInfo","Album":{"id":3517,"Position":7,"ImageCount":30,"Title":"T",'
    '"Description":"D","LastUpdated":"2001-01-01 01:01:01","Highlight":{"id":99},"Category":{"id":37},'
    '"SubCategory":{"id":0}}}'
)
TREE = (
    '{"stat":"ok","method":"smugmug.users.getTree","Categories":[{"id":0,"Name":"Other","SubCategories":[{"id":77,'
    '"Name":"Sub","Albums":[{"id":1,"Title":"A"}]}],"Albums":[{"id":2,"Title":"B"}]}]}'
)
IMAGE_120 = (
    '{"id":222910058,"FileName":"IMG_0001.JPG","Caption":"","Keywords":"","Position":1,"Date":'
    '"2007-09-24 16:38:02","Format":"JPG","Serial":1,"Watermark":"0","Size":4293593,"Width":3072,'
    '"Height":2304,"MD5Sum":"0123456789abcdef0123456789abcdef","LastUpdated":"2007-09-24 16:40:10",'
    '"AlbumURL":"http://nick.smugmug.com/gallery/3517#222910058","TinyURL":"http://nick.smugmug.com/photos/222910058-Ti-1.jpg",'
    '"ThumbURL":"http://nick.smugmug.com/photos/222910058-Th-1.jpg","SmallURL":'
    '"http://nick.smugmug.com/photos/222910058-S-1.jpg","MediumURL":"http://nick.smugmug.com/photos/222910058-M-1.jpg"'
    ',"LargeURL":"http://nick.smugmug.com/photos/222910058-L-1.jpg","XLargeURL":'
    '"http://nick.smugmug.com/photos/222910058-XL-1.jpg","X2LargeURL":'
    '"http://nick.smugmug.com/photos/222910058-X2-1.jpg","X3LargeURL":'
    '"http://nick.smugmug.com/photos/222910058-X3-1.jpg","OriginalURL":'
    '"http://nick.smugmug.com/photos/222910058-O-1.jpg","Album":{"id":3517}}'
)
LIGHT_130 = (
    '{"stat":"ok","method":"smugmug.images.get","Album":{"id":1234,"Key":"xCXXu","ImageCount":1,"Images":'
    '[{"id":12345,"Key":"nrBE6"}]}}'
)
HEAVY_130 = (
    '{"stat":"ok","method":"smugmug.images.get","Album":{"id":1234,"Key":"xCXXu","ImageCount":1,"Images":[{"id":'
    '1970029991,"Key":"rnSfAak","Altitude":0,"Caption":"","Date":"2012-07-18 13:11:02","FileName":"a.jpg",'
    '"Format":"JPG","Height":2304,"Hidden":false,"Keywords":"","LargeURL":'
    '"http://nick.smugmug.com/photos/1970029991_rnSfAak-L.jpg","LastUpdated":"2012-07-18 13:12:40",'
    '"Latitude":0,"LightboxURL":"http://nick.smugmug.com/Other/Foo/1234_xCXXu#1970029991_rnSfAak-A-LB","Longitude":0,"MD5Sum":'
    '"0123456789abcdef0123456789abcdef","MediumURL":"http://nick.smugmug.com/photos/1970029991_rnSfAak-M.jpg",'
    '"OriginalURL":"http://nick.smugmug.com/photos/1970029991_rnSfAak-O.jpg","Position":1,"Serial":0,"Size":4293593,'
    '"SmallURL":"…","ThumbURL":"…","TinyURL":"…","URL":'
    '"http://nick.smugmug.com/Other/Foo/1234_xCXXu#1970029991_rnSfAak","Watermark":false,"Width":3072,'
    '"X2LargeURL":"…","X3LargeURL":"…","XLargeURL":"…"}],"URL":"http://nick.smugmug.com/Other/Foo/1234_xCXXu"}}'
)
EMPTY_130 = (
    '{"stat":"ok","method":"smugmug.images.get","Album":{"id":1234,"Key":"xCXXu","ImageCount":0,"Images":[],'
    '"URL":"…"}}'
)
EMPTY_STRICT = (
    '{"stat":"fail","method":"smugmug.images.get","code":15,"message":"empty set - no images found"}'
)
UPLOAD_120 = '{"stat":"ok","method":"smugmug.images.upload","Image":{"id":201510850}}'
UPLOAD_130 = (
    '{"stat":"ok","method":"smugmug.images.upload","Image":{"id":1970029991,"Key":"rnSfAak","URL":'
    '"http://foobar.smugmug.com/Other/Foo/51343_k8W1aR#1970029991_rnSfAak"}}'
)
ALBUM_MADE = '{"stat":"ok","method":"smugmug.albums.create","Album":{"id":3517}}'
CATEGORIES = '{"stat":"ok","method":"smugmug.categories.get","Categories":[{"id":0,"Title":"Other"}]}'
ALL_SUBS = (
    '{"stat":"ok","method":"smugmug.subcategories.getAll","SubCategories":[{"id":77,"Title":"Sub","Category":'
    '{"id":0}}]}'
)
LOGOUT = '{"stat":"ok","method":"smugmug.logout","Logout":{"Successful":""}}'
DELETED = '{"stat":"ok","method":"smugmug.images.delete"}'
URLS = (
    '{"stat":"ok","method":"smugmug.images.getURLs","Image":{"id":222910058,"AlbumURL":"…","TinyURL":"…",'
    '"ThumbURL":"…","SmallURL":"…","MediumURL":"…","LargeURL":"…","XLargeURL":"…","X2LargeURL":"…","X3LargeURL":'
    '"…","OriginalURL":"…"}}'
)
EXIF = (
    '{"stat":"ok","method":"smugmug.images.getEXIF","Image":{"id":222910058,"DateTime":"2001-01-01 01:01:01",'
    '"DateTimeOriginal":"2001-01-01 01:01:01","DateTimeDigitized":"2001-01-01 01:01:01","Make":"M",'
    '"Model":"N","ExposureTime":"1/60","Aperture":"f/2.8","FocalLength":"4600/1000","CCDWidth":"5mm","CompressedBitsPerPixel":'
    '"5/1","Flash":89,"ExposureBiasValue":"0/3","ExposureMode":0,"WhiteBalance":0,"DigitalZoomRatio":"3072/3072",'
    '"SensingMethod":2,"ColorSpace":"1"}}'
)
SUCCESSES = [
    *(ANONYMOUS, WITH_PASSWORD, WITH_HASH, ALBUMS_120, ALBUMS_122, ALBUMS_HEAVY, STRANGERS_ALBUM, TREE),
    *(LIGHT_130, HEAVY_130, EMPTY_130, UPLOAD_120, UPLOAD_130, ALBUM_MADE, CATEGORIES, ALL_SUBS, LOGOUT),
    *(DELETED, URLS, EXIF, EMPTY, EMPTY_STRICT),
]


def images_120(image: str = IMAGE_120) -> str:
    return f'{{"stat":"ok","method":"smugmug.images.get","Images":[{image}]}}'


@pytest.mark.parametrize("text", SUCCESSES)
@pytest.mark.parametrize("dialect", ALL, ids=lambda dialect: str(dialect.name))
def test_every_recorded_success_is_one(dialect: SmugMugLegacy, text: str) -> None:
    call = dialect.albums(OWNER, SPAN)
    assert dialect.failure(said(text), call) is None
    with_mode = text.replace('{"stat"', '{"mode":"read-only","stat"', 1)
    assert dialect.failure(said(with_mode), call) is None


def test_the_recorded_failures() -> None:
    session = said('{"stat":"fail","code":3,"message":"invalid session"}')
    assert isinstance(V120.failure(session, V120.albums(OWNER, SPAN)), SessionOver)
    token = said('{"stat":"fail","method":"smugmug.albums.get","code":36,"message":"invalid/expired token"}')
    assert isinstance(V122.failure(token, V122.albums(OWNER, SPAN)), NotAuthorised)


class TestWho:
    def test_a_login_says_whose_account_it_is(self) -> None:
        expected = Account("nick", "user/303189", "Display", whole=True)
        for dialect in (V120, V121, V122):
            assert dialect.read_account(said(WITH_PASSWORD)) == expected

    def test_a_login_by_hash_names_no_number(self) -> None:
        assert V120.read_account(said(WITH_HASH)).root == "user/nick"

    def test_an_anonymous_login_is_nobodys(self) -> None:
        with pytest.raises(Garbled):
            V120.read_account(said(ANONYMOUS))

    def test_a_session_begins_with_any_login(self) -> None:
        for text, email in ((ANONYMOUS, ""), (WITH_PASSWORD, "e@example.com"), (WITH_HASH, "e@example.com")):
            session = LegacySession("1.2.0", API, "key", email)
            login = session.opening()
            assert login is not None
            session.heard(login, said(text))
            assert session.opening() is None
            signed = session.sign(Call("GET", f"{API}/?method=x"), f"{API}/?method=x")
            assert "SessionID=02f3ad2fcd0a3839e7249374278b096e" in signed.url


class TestAlbums:
    def test_light_of_1_2_0(self) -> None:
        (album,) = V120.read_albums(said(ALBUMS_120), SPAN, OWNER).items
        assert (album.key, album.name, album.url_path) == ("3517", "Album", "/Album")
        assert (album.cursor, album.image_count) == ("", None)

    def test_light_of_1_2_2(self) -> None:
        (album,) = V122.read_albums(said(ALBUMS_122), SPAN, OWNER).items
        assert (album.key, album.url_path) == ("5298215_9VoYf", "/Vacation/Fabulous-me")
        assert parse_ref(album.key).key == "9VoYf"

    def test_heavy(self) -> None:
        page = V120.read_albums(said(ALBUMS_HEAVY), SPAN, OWNER)
        assert (page.total, page.next, page.faults) == (None, None, ())
        assert page.items == (
            Album(
                key="3517",
                node_id="album:3517",
                name="Album",
                url_path="/Other/Sub/Album",
                cursor="2007-09-24 16:40:10|24",
                image_count=24,
                changed_at=1190677210,  # 23:40:10 UTC
            ),
        )

    def test_a_strangers_album_names_no_category_and_so_has_no_address(self) -> None:
        with pytest.raises(Garbled, match=r"category of Album .* has no name"):
            V121.read_album(said(STRANGERS_ALBUM))

    @pytest.mark.parametrize("dialect", [V120, SmugMugLegacy("1.2.1", API, user="nick")])
    def test_so_the_list_is_asked_instead(self, dialect: SmugMugLegacy) -> None:
        call = dialect.album("3517_9VoYf")
        assert "smugmug.albums.get&" in call.url
        assert dialect.read_album(said(ALBUMS_HEAVY, call.url)).url_path == "/Other/Sub/Album"
        with pytest.raises(Rejected, match="does not show"):
            dialect.read_album(said(ALBUMS_120, dialect.album("3518").url))

    def test_the_tree_names_folders(self) -> None:
        page = V120.read_folders(said(TREE), SPAN)
        assert [(folder.url_path, folder.name) for folder in page.items] == [
            ("/Other", "Other"),
            ("/Other/Sub", "Sub"),
        ]


class TestImages:
    def test_heavy_of_1_2_0(self) -> None:
        album = Album("3517", "album:3517", "Album", "/Album", image_count=1)
        page = V120.read_files(said(images_120()), SPAN, album)
        assert (page.total, page.next, page.faults) == (1, None, ())
        assert page.items == (
            RemoteFile(
                album_key="3517",
                key="222910058",
                name="IMG_0001.JPG",
                format="JPG",
                kind=Kind.PHOTO,
                version="1",
                revision="2007-09-24T23:40:10+00:00",
                serial=1,
                promised=Promise(HASH, 4293593),
                source="https://nick.smugmug.com/photos/222910058-O-1.jpg",
                uploaded="2007-09-24T23:38:02+00:00",
                original_size=4293593,
            ),
        )
        assert parse_ref(page.items[0].key).key == ""

    @pytest.mark.parametrize("dialect", ALL, ids=lambda dialect: str(dialect.name))
    def test_either_shape_is_read_by_every_version(self, dialect: SmugMugLegacy) -> None:
        old = Album("3517", "", "", "/x", image_count=1)
        assert len(dialect.read_files(said(images_120()), SPAN, old).items) == 1
        new = Album("1234_xCXXu", "", "", "/x")
        page = dialect.read_files(said(HEAVY_130), SPAN, new)
        assert (page.total, page.faults) == (1, ())

    def test_heavy_of_1_3_0(self) -> None:
        (file,) = V130.read_files(said(HEAVY_130), SPAN, Album("1234_xCXXu", "", "", "/x")).items
        assert (file.key, file.name) == ("1970029991_rnSfAak", "a.jpg")
        assert file.promised == Promise(HASH, 4293593)
        assert file.source == "https://nick.smugmug.com/photos/1970029991_rnSfAak-O.jpg"
        assert file.uploaded == "2012-07-18T20:11:02+00:00"
        assert (file.details.latitude, file.details.longitude) == ("", "")
        assert parse_ref(file.key).key == "rnSfAak"

    def test_light_of_1_3_0_offers_nothing(self) -> None:
        (file,) = V130.read_files(said(LIGHT_130), SPAN, Album("1234_xCXXu", "", "", "/x")).items
        assert (file.key, file.source, file.promised) == ("12345_nrBE6", None, Promise())
        assert file.withheld

    def test_empty_in_either_way(self) -> None:
        empty = Album("1234_xCXXu", "", "", "/x", image_count=0)
        for text in (EMPTY_130, EMPTY_STRICT):
            page = V130.read_files(said(text), SPAN, empty)
            assert (page.items, page.total, page.faults) == ((), 0, ())

    def test_info_is_the_heavy_entry(self) -> None:
        text = f'{{"stat":"ok","method":"smugmug.images.getInfo","Image":{IMAGE_120}}}'
        (file,) = V120.read_files(said(images_120()), SPAN, Album("3517", "", "", "/x")).items
        assert V120.read_look(said(text), file).file == file


class TestWrites:
    OUTGOING = Outgoing("3517", "a.jpg", HASH, 1)

    def test_1_2_0_names_the_new_photo_by_its_number(self) -> None:
        assert V120.read_upload(said(UPLOAD_120), self.OUTGOING) == Sent("201510850", listed=False)

    def test_later_versions_by_its_word_too(self) -> None:
        assert V130.read_upload(said(UPLOAD_130), self.OUTGOING) == Sent("1970029991_rnSfAak")

    def test_a_new_album(self) -> None:
        url = "https://api.smugmug.com/services/api/json/1.2.0/#in=category:33&name=Album"
        assert V120.read_made(said(ALBUM_MADE, url)) == Node("album", "album:3517", "Album", album_key="3517")

    def test_categories_with_titles(self) -> None:
        top = V120.read_children(said(CATEGORIES, f"{API}#in=0"), SPAN)
        assert top.items == (Node("folder", "category:0", "Other", "Other"),)
        within = V120.read_children(said(ALL_SUBS, f"{API}#in=category:0"), SPAN)
        assert within.items == (Node("folder", "subcategory:0/77", "Sub", "Sub"),)
        assert (top.next, within.next) == (Span(2, 100), Span(2, 100))

    def test_no_subcategories(self) -> None:
        page = V120.read_children(said(EMPTY, f"{API}#in=category:0"), SPAN)
        assert (page.items, page.next, page.faults) == ((), Span(2, 100), ())
