from __future__ import annotations

import hashlib
import os
from pathlib import Path

import pytest

from smugsync.emulator.account.account import MAX_IMAGES
from smugsync.emulator.emulator import Emulator
from smugsync.emulator.messages import Request
from smugsync.emulator.settings import Settings
from tests.emulator.ask import Client


def put(root: Path, *names: str) -> None:
    for name in names:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(os.fsencode(name))


def tree(root: Path) -> dict[str, list[str]]:
    """Every node as `Type /Url-Path (Name)`, with the file names of albums."""
    account = Emulator(Settings(library=root)).account
    return {
        f"{node.type} {node.url_path} ({node.name})": [image.file_name for image in node.album.photos]
        if node.album
        else []
        for node in account.root.walk()
        if node.parent
    }


def test_folders_are_folders_and_those_with_files_are_albums(tmp_path: Path) -> None:
    put(tmp_path, "Travel/Iceland/b.jpg", "Travel/Iceland/a.png", "Solo/x.gif")
    (tmp_path / "Empty").mkdir()
    assert tree(tmp_path) == {
        "Folder /Empty (Empty)": [],
        "Album /Solo (Solo)": ["x.gif"],
        "Folder /Travel (Travel)": [],
        "Album /Travel/Iceland (Iceland)": ["a.png", "b.jpg"],
    }


def test_a_folder_with_both_becomes_a_folder_with_an_album_of_its_name(tmp_path: Path) -> None:
    put(tmp_path, "Both/file.jpg", "Both/Below/other.jpg")
    assert tree(tmp_path) == {
        "Folder /Both (Both)": [],
        "Album /Both/Below (Below)": ["other.jpg"],
        "Album /Both/Both (Both)": ["file.jpg"],
    }


def test_files_at_the_top_go_to_an_album_called_root(tmp_path: Path) -> None:
    put(tmp_path, "loose.jpg", ".hidden.jpg", ".thumbnails/x.jpg", "A/.DS_Store", "A/a.jpg")
    assert tree(tmp_path) == {"Album /A (A)": ["a.jpg"], "Album /Root (Root)": ["loose.jpg"]}


def test_what_is_too_deep_is_joined(tmp_path: Path) -> None:
    put(tmp_path, "A/B/C/D/E/F/G/deep.jpg", "A/B/C/D/E/F/mid.jpg", "A/B/C/D/E/edge.jpg")
    shown = tree(tmp_path)
    albums = {name: files for name, files in shown.items() if name.startswith("Album")}
    assert albums == {
        "Album /A/B/C/D/E/E (E)": ["edge.jpg"],
        "Album /A/B/C/D/E/F (F)": ["mid.jpg"],
        "Album /A/B/C/D/E/F-G (F - G)": ["deep.jpg"],
    }
    assert sum(name.startswith("Folder") for name in shown) == 5


def test_a_large_folder_becomes_several_albums(tmp_path: Path) -> None:
    folder = tmp_path / "Many"
    folder.mkdir()
    for number in range(MAX_IMAGES + 1):
        (folder / f"{number:05d}.jpg").touch()
    shown = tree(tmp_path)
    assert {name: len(files) for name, files in shown.items()} == {
        "Album /Many (Many)": MAX_IMAGES,
        "Album /Many-2 (Many (2))": 1,
    }


def test_names_that_become_equal_stay_apart(tmp_path: Path) -> None:
    put(tmp_path, "a b/1.jpg", "A-B/2.jpg", "!!!/3.jpg")
    assert sorted(tree(tmp_path)) == ["Album /A-B (A-B)", "Album /A-b-1 (a b)", "Album /Untitled (!!!)"]


def test_files_are_served_as_they_are(tmp_path: Path) -> None:
    put(tmp_path, "A/photo.JPEG", "A/raw.cr2", "A/film.mp4", "A/100% ü#?.heic")
    asker = Client(Emulator(Settings(library=tmp_path)))
    key = next(iter(asker.emulator.account.albums))
    images = asker.get(f"/api/v2/album/{key}!images?_expand=LargestVideo")
    formats = {}
    for image in images["Response"]["AlbumImage"]:
        formats[image["FileName"]] = image["Format"]
        data = (tmp_path / "A" / image["FileName"]).read_bytes()
        promised, url = (image["ArchivedMD5"], image["ArchivedSize"]), image["ArchivedUri"]
        if image["IsVideo"]:
            video = images["Expansions"][image["Uris"]["LargestVideo"]["Uri"]]["LargestVideo"]
            promised, url = (video["MD5"], video["Size"]), video["Url"]
        assert promised == (hashlib.md5(data).hexdigest(), len(data))
        assert asker.media(url).content() == data
    assert formats == {"photo.JPEG": "JPG", "raw.cr2": "JPG", "film.mp4": "MP4", "100% ü#?.heic": "HEIC"}


def test_originals_can_be_left_to_another_server(tmp_path: Path) -> None:
    put(tmp_path, "A/ü 1#.jpg", "A/film.mp4")
    asker = Client(Emulator(Settings(library=tmp_path, media_url="http://nginx:8080/media/")))
    key = next(iter(asker.emulator.account.albums))
    body = asker.get(f"/api/v2/album/{key}!images?_expand=LargestVideo")
    shown = {image["FileName"]: image for image in body["Response"]["AlbumImage"]}
    assert shown["ü 1#.jpg"]["ArchivedUri"] == "http://nginx:8080/media/A/%C3%BC%201%23.jpg"
    video = next(iter(body["Expansions"].values()))["LargestVideo"]
    assert video["Url"] == "http://nginx:8080/media/A/film.mp4"


def test_keys_survive_a_restart_with_more_files(tmp_path: Path) -> None:
    put(tmp_path, "A/b.jpg")
    first = Emulator(Settings(library=tmp_path)).account
    put(tmp_path, "A/a.jpg", "0/new.jpg")
    second = Emulator(Settings(library=tmp_path)).account
    assert set(first.albums) < set(second.albums)
    assert {image.key for image in first.all_images()} < {image.key for image in second.all_images()}


def test_a_file_that_changes_keeps_its_word(tmp_path: Path) -> None:
    put(tmp_path, "A/a.jpg")
    image = next(Emulator(Settings(library=tmp_path)).account.all_images())
    before = image.content.md5
    (tmp_path / "A" / "a.jpg").write_bytes(b"changed")
    os.utime(tmp_path / "A" / "a.jpg", ns=(1, 1))
    assert image.content.md5 == hashlib.md5(b"changed").hexdigest() != before


def test_a_file_that_is_gone_leaves_the_others_to_be_listed(tmp_path: Path) -> None:
    put(tmp_path, "A/a.jpg", "A/b.jpg", "A/film.mp4", "A/c.mp4")
    asker = Client(Emulator(Settings(library=tmp_path)))
    key = next(iter(asker.emulator.account.albums))
    for name in ("b.jpg", "c.mp4"):
        (tmp_path / "A" / name).unlink()
    asked = f"/api/v2/album/{key}!images?_expand=LargestVideo,LargestImage"
    shown = {image["FileName"]: image for image in asker.all(asked, "AlbumImage")}
    assert shown["a.jpg"]["ArchivedMD5"] == hashlib.md5(b"A/a.jpg").hexdigest()
    assert not {"ArchivedUri", "ArchivedSize", "ArchivedMD5"} & set(shown["b.jpg"])
    assert shown["b.jpg"]["OriginalSize"] == len("A/b.jpg")
    assert asker.write(f"/api/v2/album/{key}!download", {}).status == 200
    tree = asker.emulator.handle(Request("GET", "/_emulator/account"))
    assert tree.status == 200
    assert b'"md5": null' in tree.content()


def test_a_file_that_went_after_it_was_hashed_keeps_its_trio_and_is_not_found(tmp_path: Path) -> None:
    put(tmp_path, "A/a.jpg", "A/b.jpg")
    asker = Client(Emulator(Settings(library=tmp_path)))
    [album] = asker.emulator.account.albums
    before = asker.all(f"/api/v2/album/{album}!images", "AlbumImage")
    (tmp_path / "A/b.jpg").unlink()
    assert asker.all(f"/api/v2/album/{album}!images", "AlbumImage") == before
    found = [asker.media(image["ArchivedUri"]).status for image in before]
    assert found == [200, 404]


def test_names_that_are_not_utf_8_are_shown_as_far_as_they_are(tmp_path: Path) -> None:
    library, bob = tmp_path / "library", tmp_path / os.fsdecode(b"bob\xfe")
    for place in (library, bob):
        for name in (b"dir\xe9/x.jpg", b"dir\xe8/x.jpg", b"Al/caf\xe9.jpg", b"Al/caf\xe8.jpg"):
            put(place, os.fsdecode(name))
    settings = Settings(library=library, people=(("bob", bob),), media_url="http://nginx/")
    asker = Client(Emulator(settings))
    account = asker.emulator.account
    assert [node.name for node in account.root.children] == ["Al", "dir\ufffd", "dir\ufffd"]
    for album in account.albums.values():
        shown = asker.all(f"/api/v2/album/{album.key}!images", "AlbumImage")
        names = {image["FileName"] for image in shown}
        assert names == ({"caf\ufffd.jpg"} if album.node.name == "Al" else {"x.jpg"})
        if album.node.owner == "demo" and album.node.name == "Al":
            addresses = {image["ArchivedUri"] for image in shown}
            assert addresses == {"http://nginx/Al/caf%E8.jpg", "http://nginx/Al/caf%E9.jpg"}
        elif album.node.owner == "demo":
            assert shown[0]["ArchivedUri"].startswith("http://nginx/dir%E")
    again = Emulator(settings).account
    assert {image.key for image in again.all_images()} == {image.key for image in account.all_images()}
    assert len({image.key for image in account.all_images()}) == 8


def test_a_library_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="nowhere"):
        Emulator(Settings(library=tmp_path / "nowhere"))


def test_another_users_files_are_below_their_own_root(tmp_path: Path) -> None:
    put(tmp_path, "Travel/Iceland/a.jpg", "Travel/China/b.jpg", "loose.jpg")
    account = Emulator(Settings(library=tmp_path, people=(("bob", tmp_path),))).account
    bob = account.root_of("bob")
    assert bob is not None
    own, theirs = ([(node.type, node.name) for node in root.walk()] for root in (account.root, bob))
    assert own == theirs
    assert {node.owner for node in bob.walk()} == {"bob"}
    assert len({image.key for image in account.all_images()}) == 6


def test_a_users_keys_depend_on_nobody_else(tmp_path: Path) -> None:
    """So that a mirror of one account still fits when another user comes, or gets more files."""
    put(tmp_path, "Own/a.jpg", "Theirs/Travel/b.jpg", "More/c.jpg")

    def keys(*people: tuple[str, Path | None]) -> dict[str, str]:
        account = Emulator(Settings(library=tmp_path / "Own", people=people)).account
        return {image.file_name: image.key for image in account.all_images()}

    alone, both = (
        keys(("bob", tmp_path / "Theirs")),
        keys(("eve", tmp_path / "More"), ("bob", tmp_path / "Theirs")),
    )
    assert {name: both[name] for name in alone} == alone
