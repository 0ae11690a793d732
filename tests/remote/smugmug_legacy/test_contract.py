"""Each version of the older API keeps what every dialect must keep."""

from __future__ import annotations

import pytest

from smugsync.core.model import RemoteFile
from smugsync.errors import Gone, Rejected
from smugsync.remote.dialect import Auth, ChangesDialect, FolderDialect, Proof, UploadDialect
from smugsync.remote.smugmug_legacy.dialect import SmugMugLegacy
from tests.remote.contract import DialectContract, Scene
from tests.remote.smugmug_legacy.small_legacy import API, SmallLegacy


def small_account(version: str) -> SmallLegacy:
    service = SmallLegacy(version)
    for number in range(1, 6):
        service.add(10, number, b"photo %d" % number)
    service.add_video(10, 6, b"a video")
    service.add(10, 9007199254740993, b"", OriginalURL=None, MD5Sum=None, Size=None)
    service.albums[11] = []
    return service


class LegacyContract(DialectContract):
    """Where no address proves an absence, none says so."""

    def test_missing_album_is_gone(self, scene: Scene) -> None:
        with pytest.raises(Rejected):
            scene.gallery().album("99_NoSuch")

    def test_media_is_asked_for_unsigned(self, scene: Scene) -> None:
        call = scene.dialect.media("https://photos.example.com/a.jpg")
        assert (call.method, call.auth) == ("GET", Auth.FILE)

    def test_it_says_what_it_can_do(self, scene: Scene) -> None:
        assert scene.dialect.proof is Proof.COUNT
        for ability in (ChangesDialect, FolderDialect, UploadDialect):
            assert isinstance(scene.dialect, ability)


class TestOwn(LegacyContract):
    @pytest.fixture(
        params=[
            ("1.2.0", ""),
            ("1.2.0", "no keys"),
            ("1.2.1", ""),
            ("1.2.2", ""),
            ("1.2.2", "OAuth"),
            ("1.3.0", ""),
            ("1.3.0", "strict"),
        ],
        ids=" ".join,
    )
    def scene(self, request: pytest.FixtureRequest) -> Scene:
        version, habit = request.param
        service = small_account(version)
        service.keyed, service.strict = habit != "no keys", habit == "strict"
        dialect = SmugMugLegacy(version, API, session=False if habit == "OAuth" else None)
        keys = ("10_a10", "11_a11") if service.keyed else ("10", "11")
        moved = RemoteFile(keys[1], "3_k3" if service.keyed else "3", "k3.jpg")
        return Scene(dialect, service, "nick", {keys[0]: 7, keys[1]: 0}, moved)


class TestOfAnotherUser(LegacyContract):
    @pytest.fixture(params=["1.2.2", "1.3.0"])
    def scene(self, request: pytest.FixtureRequest) -> Scene:
        service = small_account(request.param)
        service.albums[12], service.locked = [], {12}
        dialect = SmugMugLegacy(request.param, API, user="Nick", album_passwords={"a99": "word"})
        moved = RemoteFile("11_a11", "3_k3", "k3.jpg")
        return Scene(dialect, service, "Nick", {"10_a10": 7, "11_a11": 0}, moved, frozenset({"12_a12"}))


def test_a_password_that_is_known_is_tried_and_one_that_is_wrong_is_told() -> None:
    service = small_account("1.3.0")
    service.albums[12], service.locked = [], {12}
    dialect = SmugMugLegacy("1.3.0", API, user="nick", album_passwords={"a12": "wr0ng"})
    scene = Scene(dialect, service, "nick", {}, RemoteFile("", "", ""))
    (album,) = [
        album
        for page in scene.gallery().albums(scene.gallery().account())
        for album in page
        if album.key == "12_a12"
    ]
    assert album.reason == ""
    with pytest.raises(Rejected, match="password is missing or wrong") as caught:
        list(scene.gallery().files(album))
    assert "wr0ng" not in str(caught.value)
    assert not isinstance(caught.value, Gone)
