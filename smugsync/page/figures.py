"""The figures: what is worth watching over months, without a label that grows (no file or album names)."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

from smugsync import __version__
from smugsync.core.lifecycle import State
from smugsync.page.counters import RESULTS, Counters
from smugsync.page.exposition import Family, exposed
from smugsync.page.facts import Facts, Totals

#: What the states of files are called here.
ITEMS = {
    State.COMMITTED: "verified",
    State.PLANNED: "missing",
    State.FAILED: "failed",
    State.QUARANTINED: "quarantined",
    State.WITHHELD: "withheld",
    State.RETIRED: "gone_online",
}
_HERE = (State.COMMITTED, State.RETIRED)
_THERE = tuple(state for state in ITEMS if state is not State.RETIRED)


def figures(profiles: Sequence[tuple[Facts, Counters]]) -> str:
    """The text for all `profiles`; each sample names its own."""
    return exposed(families(profiles))


def families(profiles: Sequence[tuple[Facts, Counters]]) -> list[Family]:
    found = {name: Family(f"smugsync_{name}", kind, text) for name, kind, text in _FAMILIES}
    for facts, counters in profiles:
        who = facts.subject.profile
        found["build_info"].add(1, profile=who, version=__version__)
        _of_runs(found, who, facts, counters)
        _of_standing(found, who, facts)
        if facts.totals is not None:
            _of_totals(found, who, facts.totals)
        found["disk_free_bytes"].add(free(facts.subject.mirror), profile=who)
        found["catalogue_readable"].add(not facts.unknown, profile=who)
    return list(found.values())


def _of_runs(found: dict[str, Family], who: str, facts: Facts, counters: Counters) -> None:
    found["last_run_timestamp_seconds"].add(counters.last_at, profile=who)
    found["last_success_timestamp_seconds"].add(facts.last_good, profile=who)
    found["last_run_duration_seconds"].add(counters.last_seconds, profile=who)
    found["last_run_exit_code"].add(counters.last_exit_code, profile=who)
    for result in RESULTS:
        found["runs_total"].add(counters.runs.get(result, 0), profile=who, result=result)
    found["downloaded_bytes_total"].add(counters.bytes_downloaded, profile=who)
    found["files_downloaded_total"].add(counters.files_downloaded, profile=who)
    found["uploaded_bytes_total"].add(counters.bytes_uploaded, profile=who)
    found["files_uploaded_total"].add(counters.files_uploaded, profile=who)
    found["requests_total"].add(counters.requests, profile=who)


def _of_standing(found: dict[str, Family], who: str, facts: Facts) -> None:
    standing = facts.standing
    found["running"].add(bool(standing.scope), profile=who)
    found["held"].add(standing.held is not None, profile=who)
    found["paused"].add(standing.paused, profile=who)
    found["upload_queue_items"].add(standing.waiting, profile=who)


def _of_totals(found: dict[str, Family], who: str, totals: Totals) -> None:
    for state, name in ITEMS.items():
        found["items"].add(totals.files(state), profile=who, state=name)
    sending = {State.PLANNED: "to_send", State.SENDING: "sending", State.IN_DOUBT: "in_doubt"}
    for state, name in sending.items():
        found["items"].add(totals.sending.get(state, 0), profile=who, state=name)
    refused = sum(totals.sending.get(state, 0) for state in (State.FAILED, State.QUARANTINED))
    found["items"].add(refused, profile=who, state="not_sent")
    found["damaged_items"].add(totals.damaged, profile=who)
    found["unproven_items"].add(totals.unproven, profile=who)
    found["undecided_items"].add(totals.conflicts + totals.edits, profile=who)
    found["albums"].add(totals.albums, profile=who)
    found["albums_unreadable"].add(totals.albums_unreadable, profile=who)
    found["bytes"].add(totals.bytes(*_HERE), profile=who, side="local")
    found["bytes"].add(totals.bytes(*_THERE), profile=who, side="remote")
    found["verify_oldest_timestamp_seconds"].add(totals.oldest_proof, profile=who)


def free(mirror: Path) -> int | None:
    """Bytes that may still be written to the mirror's disk; None if it is not there."""
    try:
        status = os.statvfs(mirror)
    except OSError:
        return None
    return status.f_bavail * status.f_frsize


_FAMILIES: tuple[tuple[str, Literal["gauge", "counter"], str], ...] = (
    ("build_info", "gauge", "The version that runs."),
    ("last_run_timestamp_seconds", "gauge", "When the last run ended."),
    ("last_success_timestamp_seconds", "gauge", "When a run over the whole account was good last."),
    ("last_run_duration_seconds", "gauge", "How long the last run took."),
    ("last_run_exit_code", "gauge", "The exit code of the last run, as a command would have it."),
    ("runs_total", "counter", "Runs that ended, by their result."),
    ("downloaded_bytes_total", "counter", "Bytes fetched from the service."),
    ("files_downloaded_total", "counter", "Files fetched from the service."),
    ("uploaded_bytes_total", "counter", "Bytes sent to the service."),
    ("files_uploaded_total", "counter", "Files sent to the service."),
    ("requests_total", "counter", "Requests made to the service."),
    ("running", "gauge", "1 while a run is under way."),
    ("held", "gauge", "1 while the profile cannot go on and waits."),
    ("paused", "gauge", "1 while a person has it pause."),
    ("upload_queue_items", "gauge", "Local files that are seen and not sent yet."),
    ("items", "gauge", "Photos and videos, by what is known of them."),
    ("damaged_items", "gauge", "Files here whose bytes are known to be wrong."),
    ("unproven_items", "gauge", "Files here that are known by name and time alone."),
    ("undecided_items", "gauge", "Conflicts and edits that wait for a person."),
    ("albums", "gauge", "Albums online."),
    ("albums_unreadable", "gauge", "Albums online that cannot be read with these credentials."),
    ("bytes", "gauge", "Size of what is held here, and of what is shown online."),
    ("verify_oldest_timestamp_seconds", "gauge", "The oldest proof of any file held here."),
    ("disk_free_bytes", "gauge", "Space left on the mirror's disk."),
    ("catalogue_readable", "gauge", "1 if the catalogue could be read for these figures."),
)
