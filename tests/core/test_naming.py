"""Names: safe on every file system, inside their directory, unique, and the same the next time."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from pathvalidate import is_valid_filename

from smugsync.core.naming import (
    MAX_BYTES,
    MEDIA_EXTENSIONS,
    assign,
    assign_directory,
    beside,
    component,
    directory,
    file_name,
    fold,
)

FAMILY = "\U0001f468\u200d\U0001f469\u200d\U0001f467"  # man, joiner, woman, joiner, girl: one character
HEART = "\u2764\ufe0f\u200d\U0001f525"  # a heart on fire, with a variation selector inside
RIGHT_TO_LEFT = "\u202e"
DEVICES = "CON PRN AUX NUL COM1 COM9 LPT1 LPT9 COM\u00b9 CONIN$ CLOCK$".split()

#: Pieces that names are made of by people, cameras and attackers.
PIECES = st.sampled_from(
    [
        "..", ".", "/", "\\", "\0", " ", "\n", ":", "*", "?", '"', "<", ">", "|", "~", "$", "%2e%2e",
        "CON", "nul", "com1", "LPT\u00b9", "aux ", ".smugsync", "IMG_0001", "a", "A", "ß", "ss", "ﬁ", "İ",
        "\u00e9", "e\u0301", "\u0301", "\u200b", "\u00ad", "\ufeff", RIGHT_TO_LEFT, "\u2066", "\ud800",
        "\udcff", "ı",
        FAMILY, HEART, "\U0001f1e9\U0001f1ea", "日本", "x" * 100, "é" * 90, "\U0001f600" * 40, " " * 260,
        ".jpg", ".JPG", ".php", ".heic", ".tar.gz", ".verylongextension", "_KEY", "_2",
    ]
)  # fmt: skip
NAMES = st.lists(PIECES | st.text(max_size=4), max_size=8).map("".join)
FORMATS = st.sampled_from(["JPG", "jpg", "PNG", "MP4", "HEIC", "", "EXE", "../x", "J P"])
KEYS = st.text("abcXYZ019", min_size=1, max_size=8) | NAMES.filter(bool)


def none_taken(folded: str) -> bool:
    return False


def assert_safe(name: str) -> None:
    assert name not in ("", ".", "..")
    assert not set(name) & set('<>:"/\\|?*\0')
    assert not any(unicodedata.category(c) in ("Cc", "Cs", "Zl", "Zp") for c in name)
    assert not any(
        unicodedata.bidirectional(c) in ("LRE RLE LRO RLO PDF LRI RLI FSI PDI").split() for c in name
    )
    assert len(name.encode()) <= MAX_BYTES
    assert name == name.rstrip(". ")
    assert not name.startswith((".", " "))
    assert name.split(".", maxsplit=1)[0].rstrip(" ").upper() not in DEVICES
    assert unicodedata.is_normalized("NFC", name)
    assert is_valid_filename(name, platform="universal"), name


class TestHostileNames:
    @pytest.mark.parametrize(
        ("name", "file_format", "expected"),
        [
            ("IMG_0001.JPG", "JPG", "IMG_0001.JPG"),
            ("A.heic", "JPG", "A.heic"),
            ("clip.MOV", "MP4", "clip.MOV"),
            ("photo", "JPG", "photo.jpg"),
            ("photo.php", "JPG", "photo.php.jpg"),
            ("photo.tar.gz", "PNG", "photo.tar.gz.png"),
            ("photo.php", "", "photo_php"),
            ("photo.php", "EXE", "photo_php"),
            ("-rf", "JPG", "_rf.jpg"),
            ("", "JPG", "k3Y.jpg"),
            ("   ", "JPG", "k3Y.jpg"),
            ("...", "JPG", "k3Y.jpg"),
            ("\0", "JPG", "_.jpg"),
            ("trailing.jpg. . ", "JPG", "trailing.jpg"),
            ("  leading.jpg", "JPG", "leading.jpg"),
            ("../../etc/passwd", "JPG", "_._.._etc_passwd.jpg"),
            ("..\\..\\boot.ini", "JPG", "_._.._boot.ini.jpg"),
            ("/etc/shadow.jpg", "JPG", "_etc_shadow.jpg"),
            ("C:\\photo.jpg", "JPG", "C__photo.jpg"),
            ("a\0b.jpg", "JPG", "a_b.jpg"),
            ("a\nb.jpg", "JPG", "a_b.jpg"),
            (".smugsync", "JPG", "_smugsync.jpg"),
            (".hidden.jpg", "JPG", "_hidden.jpg"),
            (".jpg", "JPG", "_jpg.jpg"),
            ("CON.jpg", "JPG", "_CON.jpg"),
            ("con .jpg", "JPG", "_con .jpg"),
            ("Com¹.jpg", "JPG", "_Com¹.jpg"),
            ("nul.tar.jpg", "JPG", "_nul.tar.jpg"),
            ("console.jpg", "JPG", "console.jpg"),
            (f"gpj{RIGHT_TO_LEFT}exe.jpg", "JPG", "gpj_exe.jpg"),
            ("broken\ud83d.jpg", "JPG", "broken_.jpg"),
            ("Mu\u0308nchen.jpg", "JPG", "M\u00fcnchen.jpg"),
            (f"{FAMILY}.jpg", "JPG", f"{FAMILY}.jpg"),
            (f"{HEART}.jpg", "JPG", f"{HEART}.jpg"),
            ("日本 の 写真.jpg", "JPG", "日本 の 写真.jpg"),
            ("CON" + " " * 300 + "x", "JPG", "_CON.jpg"),
        ],
    )
    def test_becomes(self, name: str, file_format: str, expected: str) -> None:
        assert file_name(name, file_format, "k3Y") == expected
        assert_safe(expected)

    def test_long_name_keeps_its_extension(self) -> None:
        name = file_name("x" * 300 + ".jpg", "JPG", "k")
        assert name == "x" * 251 + ".jpg"

    @pytest.mark.parametrize("unit", [FAMILY, HEART, "\U0001f44d\U0001f3fd", "x\u0323\u0302"])
    @pytest.mark.parametrize("shift", range(5))
    def test_cut_leaves_no_half_character(self, unit: str, shift: int) -> None:
        stem = file_name("x" * shift + unit * 60, "JPG", "k").removesuffix(".jpg")
        assert stem[shift:] == unit * ((len(stem) - shift) // len(unit))
        assert len(stem.encode()) > MAX_BYTES - 4 - len(unit.encode())

    def test_character_of_nothing_but_marks_is_cut_all_the_same(self) -> None:
        assert_safe(file_name("\u0301" * 300, "JPG", "k"))

    def test_every_media_extension_is_kept(self) -> None:
        for extension in MEDIA_EXTENSIONS:
            assert file_name(f"a.{extension.upper()}", "JPG", "k") == f"a.{extension.upper()}"


class TestLaws:
    @given(NAMES, FORMATS, KEYS)
    @example("CON" + " " * 300, "JPG", "k")
    @example("", "", "..")
    def test_a_file_name_is_safe(self, name: str, file_format: str, key: str) -> None:
        assert_safe(file_name(name, file_format, key))

    @given(NAMES, FORMATS, KEYS)
    def test_sanitising_is_idempotent(self, name: str, file_format: str, key: str) -> None:
        once = file_name(name, file_format, key)
        assert file_name(once, file_format, key) == once
        assert component(component(name, key), key) == component(name, key)

    @given(NAMES, FORMATS, KEYS)
    def test_an_image_shows_as_an_image(self, name: str, file_format: str, key: str) -> None:
        """Whatever the name says, a known format ends in the extension of a media file."""
        if file_format.lower() in MEDIA_EXTENSIONS:
            assert file_name(name, file_format, key).rpartition(".")[2].lower() in MEDIA_EXTENSIONS

    @given(st.lists(st.tuples(NAMES, FORMATS, KEYS), max_size=12, unique_by=lambda item: item[2]))
    def test_names_in_a_directory_are_distinct_and_stable(self, files: list[tuple[str, str, str]]) -> None:
        def assign_all() -> list[str]:
            taken: set[str] = set()
            names = []
            for name, file_format, key in files:
                assigned = assign(file_name(name, file_format, key), key, taken.__contains__)
                taken.add(fold(assigned))
                names.append(assigned)
            return names

        names = assign_all()
        assert len({fold(name) for name in names}) == len(files)
        assert names == assign_all()
        for name in names:
            assert_safe(name)

    @given(st.lists(st.tuples(st.lists(NAMES, max_size=5), KEYS), max_size=8, unique_by=lambda item: item[1]))
    def test_directories_are_distinct_safe_and_inside(self, albums: list[tuple[list[str], str]]) -> None:
        taken: set[str] = set()
        for names, key in albums:
            assigned = assign_directory(directory(names, key), key, taken.__contains__)
            assert fold(assigned) not in taken
            taken.add(fold(assigned))
            for part in assigned.split("/"):
                assert_safe(part)

    @given(NAMES, FORMATS, KEYS)
    def test_free_name_is_kept(self, name: str, file_format: str, key: str) -> None:
        preferred = file_name(name, file_format, key)
        assert assign(preferred, key, none_taken) == preferred

    @given(NAMES, FORMATS, KEYS)
    def test_a_conflict_copy_is_safe_and_another(self, name: str, file_format: str, key: str) -> None:
        kept = file_name(name, file_format, key)
        copy = beside(kept, "online 2026-11-21 214700")
        assert_safe(copy)
        assert fold(copy) != fold(kept)
        extension = kept.rpartition(".")[2]
        if extension.lower() in MEDIA_EXTENSIONS:
            assert copy.endswith(f").{extension}")


class TestFold:
    """Two names that any file system of the field takes for one have one folded form."""

    @pytest.mark.parametrize(
        ("one", "other"),
        [
            ("A.heic", "a.HEIC"),
            ("Straße.jpg", "STRASSE.JPG"),
            ("Mu\u0308nchen.jpg", "M\u00fcnchen.jpg"),
            ("ﬁsh.jpg", "FISH.jpg"),  # HFS+ and some SMB servers decompose compatibly
            ("\u2764.jpg", "\u2764\ufe0f.jpg"),  # HFS+ and ext4 with casefold ignore the selector
            ("co\u00adop.jpg", "coop.jpg"),
            ("Σίσυφος.jpg", "ΣΊΣΥΦΟΣ.JPG"),
            ("Å.jpg", "\u212b.jpg"),
        ],
    )
    def test_twins(self, one: str, other: str) -> None:
        assert fold(one) == fold(other)

    def test_different_formats_of_one_photo_are_no_twins(self) -> None:
        assert fold("A.heic") != fold("A.JPG")

    @given(st.text(st.characters(exclude_categories=["Cs"]), max_size=12))
    def test_normal_forms_are_one(self, name: str) -> None:
        for form in ("NFC", "NFD"):
            assert fold(unicodedata.normalize(form, name)) == fold(name)

    @given(st.text(st.characters(exclude_categories=["Cs"]), max_size=12))
    def test_case_is_nothing(self, name: str) -> None:
        assert fold(name.casefold()) == fold(name)

    @given(st.text(st.characters(exclude_categories=["Cs"]), max_size=12))
    def test_folding_again_changes_nothing(self, name: str) -> None:
        assert fold(fold(name)) == fold(name)


class TestCollisions:
    def test_key_tells_twins_apart(self) -> None:
        taken = {fold("IMG_1.JPG")}
        assert assign("img_1.jpg", "aB3", taken.__contains__) == "img_1_aB3.jpg"

    def test_numbers_follow_when_the_key_is_taken_too(self) -> None:
        taken = {fold("a.jpg"), fold("a_K.jpg"), fold("a_K_2.jpg")}
        assert assign("a.jpg", "K", taken.__contains__) == "a_K_3.jpg"

    def test_long_name_makes_room_for_the_key(self) -> None:
        name = "x" * 251 + ".jpg"
        assigned = assign(name, "k3Y", {fold(name)}.__contains__)
        assert assigned == "x" * 247 + "_k3Y.jpg"

    def test_key_of_any_length_fits(self) -> None:
        assigned = assign("a.jpg", "k" * 400, {"a.jpg"}.__contains__)
        assert_safe(assigned)
        assert assigned.endswith(".jpg")

    def test_directory_takes_the_key_behind_its_last_part(self) -> None:
        taken = {fold("Travel/Iceland")}
        assert assign_directory("Travel/ICELAND", "k3Y", taken.__contains__) == "Travel/ICELAND_k3Y"

    def test_dot_in_a_directory_is_no_extension(self) -> None:
        assert assign_directory("2019.08", "k", {"2019.08"}.__contains__) == "2019.08_k"

    def test_copy_beside(self) -> None:
        assert beside("IMG_1.JPG", "online 2026-11-21 214700") == "IMG_1 (online 2026-11-21 214700).JPG"


class TestDirectories:
    @pytest.mark.parametrize(
        ("components", "expected"),
        [
            (["Travel", "Iceland"], "Travel/Iceland"),
            (["", "Travel", "", "Iceland"], "Travel/Iceland"),
            ([], "k3Y"),
            ([""], "k3Y"),
            (["..", "..", "etc"], "k3Y/k3Y/etc"),
            ([".smugsync", "tmp"], "_smugsync/tmp"),
            (["a/b"], "a_b"),
            (["NUL"], "_NUL"),
            ([" "], "k3Y"),
            (["Ends with dots..."], "Ends with dots"),
        ],
    )
    def test_becomes(self, components: list[str], expected: str) -> None:
        assert directory(components, "k3Y") == expected

    def test_key_that_is_unusable_still_gives_a_name(self) -> None:
        assert directory([], "..") == "_"
