"""A report in words: what a person reads after a run, and what mails a NAS sends."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from pathlib import Path

from smugsync.progress import duration, size, width
from smugsync.sync.report import Report, What

#: What is matched by name and time: one of them, and several.
UNPROVEN = ("video or HEIC", "videos and HEIC")
#: So many single lines of each kind; `--json` and `status` have them all.
SHOWN = 12

_ORDER = tuple(What)
_BULK = (What.NEW, What.ALBUM_NEW, What.ADOPTED, What.ALBUM_STANDS, What.SENT, What.TAKEN_IN)
_COLUMNS = 80


def plural(n: int, word: str, words: str = "") -> str:
    return f"{n:,} {word if n == 1 else words or word + 's'}"


def summarise(report: Report, mirror: Path, *, planned_only: bool = False) -> Iterator[str]:
    """The lines of the closing summary; the first one alone says how it went."""
    yield _headline(report, mirror, planned_only=planned_only)
    yield f"  albums    {_albums(report)}"
    if report.files_left is not None:
        yield from _adopted(report, planned_only=planned_only)
    if planned_only:
        yield f"  to fetch  {plural(report.files_planned, 'photo')}, {size(report.bytes_planned)}"
    else:
        yield f"  fetched   {_fetched(report)}"
        yield f"  mirrored  {plural(report.files_held, 'photo')}, {size(report.bytes_held)}"
    yield from _sent(report)
    if report.files_waiting:
        yield f"  to fetch  {plural(report.files_waiting, 'photo')}, {size(report.bytes_waiting)}"
    if report.files_unproven:
        yield (f"  unproven  {plural(report.files_unproven, *UNPROVEN)} matched by name and time: not proven")
    if report.files_unpromised:
        photos = plural(report.files_unpromised, "photo")
        yield f"  no sums   {photos}: the service gives none; whole as far as can be told, and ours is kept"
    if report.files_withheld:
        why = "; ".join(f"{reason} ({n:,})" for reason, n in report.withheld.items())
        yield f"  withheld  {plural(report.files_withheld, 'photo')} by the service: {why}"
    if report.source_files:
        types = ", ".join(sorted({word for words in report.source_files for word in words.split()}))
        yield (
            f"  not held  source files ({types}) of {plural(sum(report.source_files.values()), 'photo')}: "
            "SmugMug does not hand them to programs"
        )
    if report.files_failed:
        yield f"  failed    {plural(report.files_failed, 'photo')}: tried again at the next run"
    if report.files_damaged:
        yield (
            f"  damaged   {plural(report.files_damaged, 'photo')} here: "
            "`smugsync verify --repair` mends them, or says why it cannot"
        )
    if report.files_local:
        stay = "it is" if report.files_local == 1 else "they are"
        yield f"  only here {plural(report.files_local, 'file')}, left as {stay}"
    spent = duration(report.seconds) if report.seconds >= 1 else "under a second"
    yield f"  requests  {report.requests:,} in {spent}"
    yield from told_changes(report)
    yield from told_troubles(report)


def _sent(report: Report) -> Iterator[str]:
    """What went the other way."""
    if report.files_to_send:
        yield f"  to send   {plural(report.files_to_send, 'file')}, {size(report.bytes_to_send)}"
    if report.files_sent:
        yield f"  sent      {plural(report.files_sent, 'file')}, {size(report.bytes_sent)}"
    if report.files_unfinished:
        yield f"  waiting   {plural(report.files_unfinished, 'file')} to be sent, once nobody writes to it"
    if report.files_in_doubt:
        yield f"  in doubt  {plural(report.files_in_doubt, 'file')} sent, and not seen online yet"
    if report.files_unsent:
        yield f"  not sent  {plural(report.files_unsent, 'file')}: `smugsync status` says why"


def _headline(report: Report, mirror: Path, *, planned_only: bool) -> str:
    if report.stopped is not None:
        return f"Stopped early: what was recorded in {mirror} stands."
    if planned_only:
        return f"Plan for {mirror} (nothing was changed):"
    if report.exit_code or not report.complete:
        return f"{mirror} is NOT complete: something is missing, damaged or withheld, see below."
    if report.files_waiting:
        return f"{mirror} has taken over what was here; `smugsync sync` fetches the rest."
    if report.files_unproven:
        proven = "every file but the unproven ones proven on arrival"
    elif report.files_unpromised:
        proven = "every file proven as far as the service lets it"
    else:
        proven = "every file proven on arrival"
    if report.files_withheld:
        return f"{mirror} has all that the service gives out, {proven}."
    return f"{mirror} is up to date, {proven}."


def _adopted(report: Report, *, planned_only: bool) -> Iterator[str]:
    what = "to adopt " if planned_only else "adopted  "
    files = plural(report.files_adopted, "file")
    yield f"  {what} {files}, {size(report.bytes_adopted)} that need no download"
    if report.files_left:
        yield f"  left      {plural(report.files_left, 'other file')}, left alone"


def _albums(report: Report) -> str:
    text = f"{plural(report.albums, 'album')}, {report.albums_listed:,} looked into"
    if report.albums_unreadable:
        text += f", {report.albums_unreadable:,} not readable for this viewer"
    return text


def _fetched(report: Report) -> str:
    if not report.files_downloaded and not report.files_adopted and not report.files_shared:
        return "nothing"
    text = f"{plural(report.files_downloaded, 'photo')}, {size(report.bytes_downloaded)}"
    if report.files_adopted and report.files_left is None:
        text += f"; {report.files_adopted:,} were here already"
    if report.files_shared:
        text += f"; {report.files_shared:,} linked or copied from here"
    return f"{text}; {report.files_verified:,} verified"


def told_changes(report: Report) -> Iterator[str]:
    """What became of single files and albums, kind by kind."""
    for what in _ORDER:
        n = report.counts[what]
        if not n:
            continue
        named = [change for change in report.changes if change.what is what]
        many = sum(report.counts[bulk] for bulk in (What.NEW, What.ADOPTED, What.SENT)) > SHOWN
        if what in _BULK and many:  # a first run: nobody reads all those names
            yield f"{what.value}: {n:,}"
            continue
        yield f"{what.value}:"
        for change in named[:SHOWN]:
            yield from told(change.path, change.detail)
        if n > len(named[:SHOWN]):
            yield f"  and {n - len(named[:SHOWN]):,} more"


def told(path: str, detail: str) -> Iterator[str]:
    """A path and what there is to say about it, on one line if it fits."""
    line = f"  {path}"
    if not detail:
        yield line
    elif width(line + detail) + 3 <= _COLUMNS:
        yield f"{line} ({detail})"
    else:
        yield line
        yield from textwrap.wrap(
            detail,
            _COLUMNS,
            initial_indent="    ",
            subsequent_indent="    ",
            break_long_words=False,  # a path can be copied
            break_on_hyphens=False,
        )


def told_troubles(report: Report) -> Iterator[str]:
    """What a person has to look at, if anything."""
    if not report.troubles:
        return
    yield "to look at:"
    for trouble in report.troubles[:SHOWN]:
        yield f"  {trouble.path}: {trouble.reason}"
    if len(report.troubles) > SHOWN:
        yield f"  and {len(report.troubles) - SHOWN:,} more"
