"""What it means to a mirror which names its disk takes, and how it shows them."""

from __future__ import annotations

from collections.abc import Iterator

from smugsync.cli.doctor.findings import Finding, note, ok, warn
from smugsync.local.probe.names import FORBIDDEN, MAX_BYTES, Names


def tell_names(names: Names) -> Iterator[Finding]:
    folded = "a name in capitals and in small letters is one name here"
    if names.respelt:
        made, listed = names.respelt[0]
        yield note(
            "mirror.spelling",
            "names",
            f'the disk spells names in its own way ("{made}" is listed as "{listed}"): smugsync recognises '
            "them, and looks at each such file by itself",
        )
    elif names.folds_forms:
        yield ok("mirror.spelling", "names", "é in one character and in two is one name; kept apart already")
    else:
        yield ok("mirror.spelling", "names", "listed as they were written")
    if names.folds_case:
        yield ok("mirror.case", "names", f"{folded}: smugsync keeps such names apart by itself")
    else:
        yield ok("mirror.case", "names", "capitals and small letters differ")
    yield _tell_length(names)
    yield _tell_characters(names)
    if names.letters:
        yield warn(
            "mirror.letters",
            "names",
            f"letters such as {' '.join(names.letters)} are refused or changed: photos with such names fail",
            "mount the disk for UTF-8 (iocharset=utf8, utf8 or nls=utf8)",
        )
    else:
        yield ok("mirror.letters", "names", "letters of every script come back as written")


def _tell_length(names: Names) -> Finding:
    if min(names.longest, names.longest_letters if not names.letters else MAX_BYTES) >= MAX_BYTES:
        return ok("mirror.name_length", "names", f"{MAX_BYTES} bytes long, as smugsync makes them at most")
    return warn(
        "mirror.name_length",
        "names",
        f"end at {names.longest} bytes here, at {names.longest_letters} in Chinese or Japanese; photos and "
        f"albums with longer ones (smugsync makes up to {MAX_BYTES}) fail, as on encrypted shares",
        "shorten those online, or take another share",
    )


def _tell_characters(names: Names) -> Finding:
    odd = [*([" ".join(names.refused)] if names.refused else []), *names.awkward]
    if not odd:
        return ok(
            "mirror.characters", "names", f"{' '.join(FORBIDDEN)} and device names come back as written"
        )
    return ok(
        "mirror.characters",
        "names",
        f"{', '.join(odd)}: not as written here; nothing to do, smugsync never writes such names",
    )
