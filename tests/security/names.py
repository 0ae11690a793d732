"""Names that a photo, an album or a folder may have, and what may become of them on a disk."""

from __future__ import annotations

import os
import unicodedata
from pathlib import Path

MARKS = "\u0301\u0316"  #: above and below: to put many of them in order takes quadratic time

NAMES: dict[str, tuple[str, ...]] = {
    "traversal": (
        "../../../evil.jpg",
        "..",
        "../",
        "..\\..\\evil.jpg",
        "a/../../b.jpg",
        "%2e%2e%2fevil.jpg",
        "....//evil.jpg",
        "a/..",
        "\uff0e\uff0e\uff0fevil.jpg",
        "\u2025/evil.jpg",
    ),
    "absolute": (
        "/etc/passwd",
        "/etc/cron.d/evil.jpg",
        "//server/share/a.jpg",
        "C:\\Windows\\evil.jpg",
        "\\\\server\\share\\evil.jpg",
        "file:///etc/passwd.jpg",
        "~root/.ssh/authorized_keys",
        "~/a.jpg",
    ),
    "control-characters": (
        "a\0b.jpg",
        "a\nb.jpg",
        "a\r\nsmugsync: error: b.jpg",
        "\x1b[2J\x1b[31mred.jpg",
        "\x1b]0;title\x07.jpg",
        "a\x7fb.jpg",
        "a\x85b.jpg",
        "\x9b31m.jpg",
        "a\tb.jpg",
        "a\u2028b\u2029c.jpg",
    ),
    "bidirectional-marks": (
        "gpj\u202eexe.jpg",
        "\u2066a\u2069.jpg",
        "\u200fa.jpg",
        "\u061ca.jpg",
        "a\ufeff.jpg",
        "a\u200bb.jpg",
    ),
    "names-of-our-own": (
        ".smugsync",
        ".smugsync/mirror.json",
        ".smugsync/tmp/a.part",
        ".smugsync-0123.jpg",
        "mirror.json",
    ),
    "hidden-names-of-other-tools": (".stfolder", ".git/config", ".htaccess", ".bashrc", ".jpg", ".."),
    "options-of-tools": ("-rf", "-rf.jpg", "--checkpoint-action=exec=sh evil.jpg", "--", "-"),
    "names-of-devices": (
        "CON",
        "con.jpg",
        "PRN.JPG",
        "aux.jpg",
        "NUL.txt",
        "COM1.jpg",
        "com9",
        "COM\u00b9.jpg",
        "LPT\u00b2.png",
        "lpt9.jpg",
        "CONIN$.jpg",
        "CLOCK$",
        "CON .jpg",
        "AUX.tar.jpg",
        "CON" + " " * 300 + "x.jpg",
    ),
    "dots-and-blanks": ("a.jpg.", "a.jpg ", "a.jpg. . .", " a.jpg", "...", " ", "", "\t", "a .jpg", "\u3000"),
    "five-thousand-characters": (
        "x" * 5000 + ".jpg",
        "é" * 5000 + ".jpg",
        "\U0001f468\u200d\U0001f469\u200d\U0001f467" * 1000 + ".jpg",
        "x" * 5000,
        "a." * 2500 + "jpg",
        "/" * 5000,
        "." * 5000,
        MARKS * 2500 + ".jpg",
    ),
    "halves-of-characters": ("\ud800.jpg", "\udcff\udcfe.jpg", "a\udfff\ud800b.jpg", "\ud83d"),
    "forbidden-on-windows": (
        'a<b>c:"d|e?f*g.jpg',
        "a.jpg:evil.exe",
        "a.jpg::$DATA",
        "a\\b.jpg",
        "%SystemRoot%.jpg",
        "$(reboot).jpg",
        "`reboot`.jpg",
        "a;reboot.jpg",
    ),
}

#: Names of which each is the same as its neighbour to some file system.
TWINS = (
    "IMG.jpg",
    "img.jpg",
    "IMG.JPG",
    "M\u00fcnchen.jpg",
    "Mu\u0308nchen.jpg",
    "stra\u00dfe.jpg",
    "STRASSE.jpg",
    "\ufb01sh.jpg",
    "fish.jpg",
    "\u212aelvin.jpg",
    "kelvin.jpg",
    "co\u00adop.jpg",
    "coop.jpg",
    "a.jpg.",
    "a.jpg",
    "a_.jpg",
    "a?.jpg",
    "a*.jpg",
)

MEDIA = frozenset("jpg jpeg png gif heic mp4 mov tif tiff webp avi mpg".split())


def assert_harmless(mirror: Path) -> None:
    """What lies in a mirror may be looked at, copied and unpacked by any tool on any system."""
    for folder, directories, files in os.walk(mirror):
        if Path(folder) == mirror:
            directories.remove(".smugsync")
        for name in (*directories, *files):
            assert_harmless_name(name)
            assert not (Path(folder) / name).is_symlink()
        for name in files:
            suffix = Path(name).suffix
            assert not suffix or suffix[1:].lower() in MEDIA, name


def assert_harmless_name(name: str) -> None:
    name.encode()
    assert len(name.encode()) <= 255
    assert name[0] not in ".- \t", name
    assert name[-1] not in ". ", name
    assert not set(name) & set('<>:"/\\|?*'), name
    kinds = {unicodedata.category(one) for one in name}
    assert not kinds & {"Cc", "Cs", "Zl", "Zp"}, name
    assert not {unicodedata.bidirectional(one) for one in name} & {
        "RLO",
        "LRO",
        "RLE",
        "LRE",
        "RLI",
        "LRI",
    }, name
    stem = (
        name.split(".", maxsplit=1)[0].strip().upper().translate(str.maketrans("\u00b9\u00b2\u00b3", "123"))
    )
    devices = {"CON", "PRN", "AUX", "NUL", *(f"{port}{n}" for port in ("COM", "LPT") for n in range(1, 10))}
    assert stem not in devices, name


def alike(name: str) -> str:
    """What a file system that ignores case and normal forms compares."""
    return unicodedata.normalize("NFKC", name).casefold()
