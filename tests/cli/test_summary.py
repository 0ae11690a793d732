"""The closing summary: what a person reads first, and how long lines and long lists are kept short."""

from __future__ import annotations

from pathlib import Path

from smugsync.cli.summary import SHOWN, summarise
from smugsync.sync.report import Report, What

MIRROR = Path("/srv/photos")


def lines(report: Report, *, planned_only: bool = False) -> list[str]:
    return list(summarise(report, MIRROR, planned_only=planned_only))


def test_a_quiet_run() -> None:
    report = Report(albums=11, files_held=40, bytes_held=964_000, requests=2, seconds=0.2)
    assert lines(report) == [
        "/srv/photos is up to date, every file proven on arrival.",
        "  albums    11 albums, 0 looked into",
        "  fetched   nothing",
        "  mirrored  40 photos, 964 kB",
        "  requests  2 in under a second",
    ]


def test_one_file_of_a_persons_own_is_one() -> None:
    assert "  only here 1 file, left as it is" in lines(Report(files_local=1))
    assert "  only here 2 files, left as they are" in lines(Report(files_local=2))


def test_a_first_run_counts_what_is_new_instead_of_naming_it() -> None:
    report = Report(seconds=61)
    for number in range(SHOWN + 1):
        report.note(What.NEW, f"album/{number}.jpg")
    report.note(What.ALBUM_NEW, "album")
    report.note(What.CONFLICT, "album/mine.jpg", "the online version lies beside it")
    told = lines(report)
    assert told[-4:] == [
        f"new: {SHOWN + 1}",
        "new album: 1",
        "changed on both sides:",
        "  album/mine.jpg (the online version lies beside it)",
    ]
    assert "  requests  0 in 1 min" in told


def test_a_few_new_things_are_named() -> None:
    report = Report()
    report.note(What.NEW, "album/1.jpg")
    report.note(What.ALBUM_NEW, "album")
    assert lines(report)[-4:] == ["new:", "  album/1.jpg", "new album:", "  album"]


def test_a_long_explanation_goes_below_and_its_path_stays_whole() -> None:
    report = Report()
    kept = f".smugsync/versions/20261121T222333Z/{'Far from home/' * 6}MJ-002.jpg".replace(" ", "-")
    report.note(What.REPLACED, "Work/MJ-002.jpg", f"the old one is kept in {kept}")
    assert lines(report)[-4:] == [
        "replaced online:",
        "  Work/MJ-002.jpg",
        "    the old one is kept in",
        f"    {kept}",
    ]


def test_what_is_missing_is_said_first() -> None:
    report = Report(files_failed=1)
    report.trouble("album/1.jpg", "the bytes are not the promised ones")
    told = lines(report)
    assert told[0] == "/srv/photos is NOT complete: something is missing, damaged or withheld, see below."
    assert told[-2:] == ["to look at:", "  album/1.jpg: the bytes are not the promised ones"]


def test_what_is_not_handed_out_is_not_called_up_to_date() -> None:
    withheld = {"no original for this viewer": 3}
    report = Report(files_withheld=3, withheld=withheld)
    assert lines(report)[0] == "/srv/photos has all that the service gives out, every file proven on arrival."
    report = Report(files_withheld=3, withheld=withheld, files_unpromised=1)
    assert lines(report)[0] == (
        "/srv/photos has all that the service gives out, every file proven as far as the service lets it."
    )
