"""What `smugsync doctor` makes of what it finds: levels, words, exit codes, and what it leaves out."""

from __future__ import annotations

import json
import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from smugsync.catalogue import Catalogue
from smugsync.catalogue.inspection import inspected
from smugsync.cli import main
from smugsync.cli.auth.record import Record
from smugsync.cli.auth.seen import Seen
from smugsync.cli.auth.status import Report
from smugsync.cli.doctor.disk_words import (
    tell_abilities,
    tell_disk,
    tell_place,
    tell_space,
    tell_tree,
    tell_watch,
)
from smugsync.cli.doctor.findings import (
    Finding,
    Level,
    as_json,
    exit_code,
    fail,
    line,
    note,
    ok,
    summary,
    warn,
)
from smugsync.cli.doctor.name_words import tell_names
from smugsync.cli.doctor.service import Service, tell_account, tell_clock, tell_contact
from smugsync.cli.doctor.setup import (
    Known,
    look_at_catalogue,
    look_at_state,
    tell_environment,
    tell_locks,
    tell_state_place,
)
from smugsync.cli.doctor.surroundings import (
    look_at_daemon,
    tell_drop_folders,
    tell_notified,
    tell_service,
)
from smugsync.cli.units.dropin import DAEMON, system_drop_in
from smugsync.cli.units.needs import Needs
from smugsync.config import Config, RemoteConfig, load
from smugsync.config.loading import examine
from smugsync.config.values import NotifyConfig, RouteConfig, StatusConfig, UploadConfig
from smugsync.daemon.standing import Hindrance, Standing
from smugsync.emulator.serve import Running, running
from smugsync.emulator.settings import Settings
from smugsync.errors import Busy, CatalogueError
from smugsync.local.mounts import Mount
from smugsync.local.probe.abilities import Abilities, Locks
from smugsync.local.probe.names import FORBIDDEN, LETTERS, Names
from smugsync.local.probe.place import Kind, Place, Space, Tree
from smugsync.remote.contact import Contact
from smugsync.remote.sign_in import Permissions
from smugsync.remote.smugmug_v2.viewer import Writing
from smugsync.secret import Secret
from tests.catalogue.rows import FIRST

pytestmark = pytest.mark.usefixtures("restored_logging")

LOCAL = Place(Kind.LOCAL, Mount("/srv", "ext4", "/dev/sda1"))
GB = 10**9


def same(text: str) -> str:
    return text


def level_of(findings: Iterator[Finding] | list[Finding], key: str) -> Level:
    return found(findings, key).level


def found(findings: Iterator[Finding] | list[Finding], key: str) -> Finding:
    """The one finding of that id."""
    (one,) = [finding for finding in findings if finding.id == key]
    return one


# -- findings --------------------------------------------------------------------------------------

FINDINGS = [
    ok("a", "first", "fine"),
    note("b", "second", "different"),
    warn("c", "third", "odd", "look"),
    fail("d", "fourth", "broken", "mend it", code=75),
    fail("e", "fifth", "lost", code=5),
]


def test_a_line_has_its_level_its_subject_and_what_to_do() -> None:
    shown = [line(one, clean=same, colours=False, columns=None) for one in FINDINGS]
    assert shown == [
        "ok    first          fine",
        "note  second         different",
        "warn  third          odd; look",
        "FAIL  fourth         broken; mend it",
        "FAIL  fifth          lost",
    ]


def test_a_terminal_shows_long_lines_folded_below_each_other() -> None:
    finding = ok(
        "a", "subject", "word " * 20 + "/a/path/that/is/longer/than/all/the/columns/of/this/terminal"
    )
    shown = line(finding, clean=same, colours=False, columns=60).splitlines()
    assert shown[0].startswith("ok    subject        word word")
    assert all(len(one) <= 60 for one in shown[:-1])
    assert all(one.startswith(" " * 21) and one[21] != " " for one in shown[1:])
    assert shown[-1].endswith("/a/path/that/is/longer/than/all/the/columns/of/this/terminal")


def test_colours_are_only_at_the_level() -> None:
    shown = line(FINDINGS[3], clean=same, colours=True, columns=None)
    assert shown == "\x1b[31mFAIL\x1b[0m  fourth         broken; mend it"


@pytest.mark.parametrize(("count", "code"), [(3, 0), (4, 75), (5, 5)])
def test_only_failures_count_and_the_worst_is_the_exit_code(count: int, code: int) -> None:
    assert exit_code(FINDINGS[:count]) == code


def test_the_summary_names_the_worst() -> None:
    assert summary(FINDINGS[:2], "smugsync doctor") == "All is well: 2 findings, 1 note."
    assert summary(FINDINGS[:3], "smugsync doctor").startswith("No failure, 1 warning: ")
    shown = summary(FINDINGS, "smugsync doctor --profile two")
    assert shown.startswith("2 failures, 1 warning: ")
    assert "`smugsync doctor --profile two`" in shown


def test_programs_get_every_finding() -> None:
    told = as_json(FINDINGS, profile="default", clean=str.upper)
    assert {key: told[key] for key in ("schema", "profile", "exit_code")} == {
        "schema": 1,
        "profile": "default",
        "exit_code": 5,
    }
    assert [one["level"] for one in told["findings"]] == ["ok", "note", "warn", "fail", "fail"]
    assert told["findings"][3] == {
        "id": "d",
        "level": "fail",
        "subject": "fourth",
        "text": "BROKEN",
        "advice": "MEND IT",
    }
    assert told["findings"][0]["advice"] is None


# -- names -----------------------------------------------------------------------------------------


def test_the_best_of_disks_has_nothing_to_be_noted() -> None:
    findings = [
        tell_place("/srv", LOCAL),
        *tell_names(Names()),
        *tell_abilities(Abilities(), LOCAL, links="auto"),
        tell_watch(LOCAL, heard=0.001, deaf="", directories=10, limit=8192),
        *tell_space(Space(100 * GB, 10**6), GB),
        *tell_tree(Tree(10)),
    ]
    assert {finding.level for finding in findings} == {Level.OK}


@pytest.mark.parametrize(
    ("names", "key", "level", "words"),
    [
        (Names(folds_case=True), "mirror.case", Level.OK, "keeps such names apart"),
        (Names(respelt=(("A.JPG", "a.jpg"),)), "mirror.spelling", Level.NOTE, '"A.JPG" is listed as "a.jpg"'),
        (Names(folds_forms=True), "mirror.spelling", Level.OK, "kept apart already"),
        (Names(refused=FORBIDDEN), "mirror.characters", Level.OK, "never writes such names"),
        (Names(awkward=("device names",)), "mirror.characters", Level.OK, "device names: not as written"),
        (Names(letters=LETTERS), "mirror.letters", Level.WARN, "iocharset=utf8"),
        (
            Names(longest=143, longest_letters=141),
            "mirror.name_length",
            Level.WARN,
            "end at 143 bytes here, at 141 in Chinese or Japanese",
        ),
        (Names(longest_letters=200), "mirror.name_length", Level.WARN, "at 200 in"),
        (Names(letters=LETTERS, longest_letters=0), "mirror.name_length", Level.OK, "255 bytes"),
    ],
)
def test_what_names_mean(names: Names, key: str, level: Level, words: str) -> None:
    finding = found(tell_names(names), key)
    assert finding.level is level
    assert words in finding.sentence


# -- abilities -------------------------------------------------------------------------------------

BEST = Abilities()


@pytest.mark.parametrize(
    ("can", "key", "level", "words"),
    [
        (BEST, "mirror.links", Level.OK, "reflinks: a photo in several albums is stored once"),
        (replace(BEST, reflinks=False), "mirror.links", Level.OK, "hard links, no reflinks"),
        (
            replace(BEST, reflinks=False, hard_links=False),
            "mirror.links",
            Level.NOTE,
            "neither hard links nor reflinks: a photo in several albums is copied",
        ),
        (replace(BEST, exchange=False), "mirror.replacing", Level.NOTE, "microsecond"),
        (
            replace(BEST, hard_links=False),
            "mirror.replacing",
            Level.NOTE,
            "shows nothing for a moment",
        ),
        (replace(BEST, noreplace=False), "mirror.noreplace", Level.OK, "links keep other files"),
        (replace(BEST, noreplace=False, hard_links=False), "mirror.noreplace", Level.NOTE, "is replaced"),
        (replace(BEST, sync_files=False), "mirror.sync", Level.FAIL, "nothing is safe from a power cut"),
        (replace(BEST, sync_directories=False), "mirror.sync", Level.NOTE, "are fetched again"),
        (replace(BEST, mode=0o755), "mirror.modes", Level.NOTE, "0600 becomes 0755"),
        (replace(BEST, resolution=2 * GB), "mirror.times", Level.NOTE, "kept to 2 seconds"),
        (replace(BEST, resolution=GB), "mirror.times", Level.OK, "kept to the second"),
        (replace(BEST, resolution=None), "mirror.times", Level.NOTE, "not back as they were set"),
        (replace(BEST, dates_early=False), "mirror.dates", Level.NOTE, "1955"),
        (replace(BEST, dates_late=False), "mirror.dates", Level.NOTE, "2060"),
        (replace(BEST, links_refused=None), "mirror.symlinks", Level.OK, "none can be planted"),
        (replace(BEST, links_refused=False), "mirror.symlinks", Level.FAIL, "out of the mirror"),
        (replace(BEST, openat2=False), "mirror.symlinks", Level.OK, "step by step"),
    ],
)
def test_what_abilities_mean(can: Abilities, key: str, level: Level, words: str) -> None:
    finding = found(tell_abilities(can, LOCAL, links="auto"), key)
    assert finding.level is level
    assert words in finding.sentence
    assert (finding.code == 1) == (level is Level.FAIL)


@pytest.mark.parametrize(
    ("links", "can", "level", "words"),
    [
        ("none", BEST, Level.OK, 'since links = "none"'),
        ("reflink", BEST, Level.OK, "stored once"),
        (
            "reflink",
            replace(BEST, reflinks=False),
            Level.NOTE,
            "no reflinks: a photo in several albums is copied",
        ),
    ],
)
def test_how_photos_are_shared_depends_on_the_setting(
    links: str, can: Abilities, level: Level, words: str
) -> None:
    finding = found(tell_abilities(can, LOCAL, links=links), "mirror.links")
    assert (finding.level, words in finding.text) == (level, True)


def test_fat_has_its_own_troubles() -> None:
    finding = found(tell_abilities(BEST, replace(LOCAL, fat=True), links="auto"), "mirror.fat")
    assert finding.level is Level.NOTE
    assert "tz=UTC" in finding.sentence


# -- watching, disks, room -------------------------------------------------------------------------

SHARE = Place(Kind.NETWORK, Mount("/srv", "nfs4", "nas:/photos"))


@pytest.mark.parametrize(
    ("place", "heard", "deaf", "limit", "level", "words"),
    [
        (LOCAL, 0.0042, "", 8192, Level.OK, "reported within 4 ms; 100 directories of 8,192"),
        (LOCAL, 0.001, "", None, Level.OK, "100 directories"),
        (LOCAL, 0.001, "", 99, Level.WARN, "set fs.inotify.max_user_watches to 200"),
        (LOCAL, None, "", 8192, Level.NOTE, "no message came about a new file: changes are found by scans"),
        (LOCAL, None, "the limit is used up", 8192, Level.NOTE, "the limit is used up: changes are found"),
        (
            SHARE,
            0.001,
            "",
            8192,
            Level.NOTE,
            "not those made on other machines: such changes are found by scans",
        ),
    ],
)
def test_what_watching_means(
    *, place: Place, heard: float | None, deaf: str, limit: int | None, level: Level, words: str
) -> None:
    finding = tell_watch(place, heard=heard, deaf=deaf, directories=100, limit=limit)
    assert finding.level is level
    assert words in finding.sentence


@pytest.mark.parametrize(
    ("free", "reserve", "waiting", "level"),
    [
        (100 * GB, GB, 0, Level.OK),
        (100 * GB, GB, 99 * GB, Level.OK),
        (100 * GB, GB, 99 * GB + 1, Level.WARN),
        (GB + 499_999_999, GB, 0, Level.WARN),
        (GB, GB, 0, Level.WARN),
        (GB - 1, GB, 0, Level.FAIL),
        (GB, 0, 0, Level.OK),
        (1_000, 0, 0, Level.FAIL),
    ],
)
def test_room_is_weighed_against_the_reserve(free: int, reserve: int, waiting: int, level: Level) -> None:
    """At the very edge it is the run's own sum: free - wanted < reserve is refused."""
    finding = found(tell_space(Space(free, None), reserve, waiting=waiting), "mirror.space")
    assert finding.level is level
    assert finding.code == (5 if level is Level.FAIL else 0)


@pytest.mark.parametrize(("files", "level"), [(0, Level.FAIL), (999, Level.WARN)])
def test_room_for_files_is_counted_too(files: int, level: Level) -> None:
    assert level_of(tell_space(Space(100 * GB, files), GB), "mirror.inodes") is level


@pytest.mark.parametrize("files", [None, 1000])
def test_room_for_files_is_only_told_where_it_is_scarce(files: int | None) -> None:
    assert [one.id for one in tell_space(Space(100 * GB, files), GB)] == ["mirror.space"]


def test_another_disk_inside_the_mirror() -> None:
    finding = tell_disk("Travel", LOCAL, 5 * GB, writable=True)
    assert finding.level is Level.NOTE
    assert "5.0 GB free: bytes for it wait in Travel/.smugsync" in finding.text
    for place, writable in (
        (LOCAL, False),
        (Place(Kind.LOCAL, Mount("/t", "xfs", "/dev/b", read_only=True)), True),
    ):
        finding = tell_disk("Travel", place, None, writable=writable)
        assert (finding.level, finding.code) == (Level.FAIL, 1)


def test_a_mount_of_the_same_disk_is_told() -> None:
    finding = found(tell_tree(Tree(mounts=("Travel",))), "mirror.mounts")
    assert (finding.level, finding.code) == (Level.NOTE, 0)


def test_directories_that_cannot_be_read_are_named() -> None:
    paths = ("", *(f"album-{number}" for number in range(6)))
    finding = found(tell_tree(Tree(unreadable=paths)), "mirror.unreadable")
    assert finding.text.startswith("the mirror itself, album-0, album-1, album-2, album-3 and 2 more: ")


@pytest.mark.parametrize(
    ("kind", "level"), [(Kind.MEMORY, Level.WARN), (Kind.OVERLAY, Level.WARN), (Kind.NETWORK, Level.OK)]
)
def test_places_that_do_not_last(kind: Kind, level: Level) -> None:
    assert tell_place("/srv", Place(kind)).level is level


# -- the state directory ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "level"),
    [
        (Kind.LOCAL, Level.OK),
        (Kind.NETWORK, Level.WARN),
        (Kind.FUSE, Level.NOTE),
        (Kind.MEMORY, Level.WARN),
        (Kind.OVERLAY, Level.WARN),
    ],
)
def test_where_the_state_should_not_lie(kind: Kind, level: Level) -> None:
    finding = found(tell_state_place(Path("/state"), Place(kind, SHARE.mount)), "state")
    assert finding.level is level
    assert finding.text.startswith("/state, on ")
    if kind in (Kind.NETWORK, Kind.FUSE, Kind.MEMORY):
        assert "SMUGSYNC_STATE_DIR" in finding.advice


@pytest.mark.parametrize(
    ("locks", "log", "ids"),
    [
        (Locks(), None, []),
        (Locks(flock=False), None, ["state.locks"]),
        (Locks(fcntl=False), None, ["state.locks"]),
        (Locks(), CatalogueError("no"), ["state.log"]),
        (Locks(flock=False), CatalogueError("no"), ["state.locks", "state.log"]),
    ],
)
def test_locks_that_do_not_hold_are_a_failure(
    locks: Locks, log: CatalogueError | None, ids: list[str]
) -> None:
    findings = list(tell_locks(locks, log))
    assert [one.id for one in findings if one.level is Level.FAIL] == ids
    assert exit_code(findings) == (1 if ids else 0)
    assert findings


def test_a_state_directory_is_tried_out_and_left_as_it_was(tmp_path: Path) -> None:
    findings = list(look_at_state(tmp_path))
    assert level_of(findings, "state.locks") is Level.OK
    assert list(tmp_path.iterdir()) == []


def test_a_state_directory_that_is_yet_to_be_made(tmp_path: Path) -> None:
    findings = list(look_at_state(tmp_path / "state" / "default"))
    assert level_of(findings, "state.made") is Level.NOTE
    assert list(tmp_path.iterdir()) == []


def test_a_state_directory_that_cannot_be_written_to() -> None:
    """sysfs refuses even root."""
    if not Path("/sys/kernel").is_dir():
        pytest.skip("there is no sysfs here")
    finding = found(look_at_state(Path("/sys/kernel")), "state")
    assert (finding.level, finding.code) == (Level.FAIL, 1)
    assert "SMUGSYNC_STATE_DIR" in finding.advice


# -- the catalogue ---------------------------------------------------------------------------------


@pytest.fixture
def config(tmp_path: Path) -> Config:
    (tmp_path / "state").mkdir()
    remote = RemoteConfig(api_key=Secret("key-value"))
    return Config(
        profile="default", path=None, state_dir=tmp_path / "state", mirror=tmp_path / "m", remote=remote
    )


def run_at(catalogue: Catalogue, finished: float, *, code: int) -> None:
    with catalogue.transaction():
        run = catalogue.begin_run("everything", int(finished) - 5)
        catalogue.end_run(run, now=int(finished), exit_code=code, summary="{}")


def test_before_the_first_run_there_is_no_catalogue(config: Config) -> None:
    findings, known = look_at_catalogue(config)
    assert level_of(findings, "catalogue") is Level.NOTE
    assert known == Known()
    assert list(config.state_dir.iterdir()) == []


def test_a_catalogue_that_was_only_begun_is_no_failure(config: Config) -> None:
    config.catalogue.touch()
    findings, known = look_at_catalogue(config)
    assert (level_of(findings, "catalogue"), known) == (Level.NOTE, Known())
    assert "is empty" in found(findings, "catalogue").text


def test_a_catalogue_that_cannot_be_looked_at_is_a_failure(config: Config) -> None:
    config.catalogue.symlink_to(config.catalogue)
    findings, known = look_at_catalogue(config)
    assert (level_of(findings, "catalogue"), known) == (Level.FAIL, Known())


def test_what_the_catalogue_remembers(config: Config) -> None:
    with closing(Catalogue.open(config.catalogue)) as catalogue, catalogue.transaction():
        catalogue.remember("mirror", "id")
        catalogue.remember("account", "root")
    assert look_at_catalogue(config)[1] == Known("id", "root", "")


@pytest.mark.parametrize(
    ("runs", "level", "words"),
    [
        ([], Level.WARN, "no run has ended well yet"),
        ([(3600, 75)], Level.WARN, "no run has ended well yet"),
        ([(3600, 0)], Level.OK, "1 h ago"),
        ([(7200, 0), (60, 3)], Level.OK, "2 h ago"),
        ([(8 * 86_400, 0), (60, 75)], Level.WARN, "8 d ago"),
    ],
)
def test_when_a_run_last_ended_well(
    config: Config, runs: list[tuple[int, int]], level: Level, words: str
) -> None:
    now = datetime.now(UTC).timestamp()
    with closing(Catalogue.open(config.catalogue)) as catalogue:
        for ago, code in runs:
            run_at(catalogue, now - ago, code=code)
    finding = found(look_at_catalogue(config)[0], "catalogue.run")
    assert (finding.level, words in finding.text) == (level, True), finding


def test_directories_that_cannot_be_written_to_are_told_by_what_is_theirs() -> None:
    findings = list(tell_tree(Tree(unwritable=(".smugsync/tmp", "Travel"))))
    assert level_of(findings, "mirror.owner") is Level.FAIL
    assert found(findings, "mirror.owner").text.startswith(".smugsync/tmp: ")
    assert level_of(findings, "mirror.unwritable") is Level.WARN
    assert found(findings, "mirror.unwritable").text.startswith("Travel: ")


def test_a_damaged_catalogue_is_a_failure(config: Config) -> None:
    with closing(Catalogue.open(config.catalogue)) as catalogue, catalogue.transaction():
        for number in range(2000):
            catalogue.remember(f"key {number}", "value")
    with config.catalogue.open("r+b") as file:
        file.seek(8192)
        file.write(os.urandom(16_384))
    finding = found(look_at_catalogue(config)[0], "catalogue")
    assert (finding.level, finding.code) == (Level.FAIL, 1)
    assert "is damaged" in finding.text


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        ("PRAGMA user_version = 99", "was written by a newer smugsync"),
        ("PRAGMA application_id = 1", "belongs to another program"),
    ],
)
def test_a_catalogue_that_is_not_for_us(config: Config, spoil: str, words: str) -> None:
    Catalogue.open(config.catalogue).close()
    with closing(sqlite3.connect(config.catalogue)) as database:
        database.execute(spoil)
    finding = found(look_at_catalogue(config)[0], "catalogue")
    assert (finding.level, words in finding.text) == (Level.FAIL, True), finding


def test_somebody_elses_file_is_no_catalogue(config: Config) -> None:
    config.catalogue.write_text("somebody's shopping list\n" * 1000)
    assert level_of(look_at_catalogue(config)[0], "catalogue") is Level.FAIL
    assert config.catalogue.read_text().startswith("somebody's")


def test_an_older_catalogue_is_read_and_not_brought_up_to_date(config: Config) -> None:
    script = FIRST.read_text()
    with closing(sqlite3.connect(config.catalogue)) as database:
        database.executescript(f"{script}; PRAGMA user_version = 1;")
    before = config.catalogue.read_bytes()
    findings, _ = look_at_catalogue(config)
    assert "of an older version" in found(findings, "catalogue").text
    assert config.catalogue.read_bytes() == before


def test_a_catalogue_is_looked_at_while_a_run_writes_to_it(config: Config) -> None:
    with closing(Catalogue.open(config.catalogue)) as catalogue:
        run_at(catalogue, 1_700_000_000, code=0)
        with catalogue.transaction():
            catalogue.remember("mirror", "not yet")
            with inspected(config.catalogue) as other:
                assert other.recall("mirror") is None
                last = other.last_run()
                assert last is not None
                with pytest.raises(sqlite3.OperationalError, match="readonly"):
                    other.remember("mirror", "x")


def test_a_catalogue_that_another_program_keeps_to_itself(config: Config) -> None:
    Catalogue.open(config.catalogue).close()
    with closing(sqlite3.connect(config.catalogue)) as database:
        database.execute("PRAGMA journal_mode = DELETE")
        database.execute("BEGIN EXCLUSIVE")
        finding = found(look_at_catalogue(config, patience=0)[0], "catalogue")
    assert finding.level is Level.NOTE
    assert "another program is writing" in finding.text


# -- the service -----------------------------------------------------------------------------------

NOW = datetime(2026, 5, 1, tzinfo=UTC)
VIEWER = Seen("demo", "Demo", "https://demo.smugmug.com", "root", "Full")


@pytest.mark.parametrize(
    ("ahead", "level", "words"),
    [
        (None, Level.NOTE, "does not say"),
        (0.9, Level.OK, "agrees"),
        (-4.9, Level.OK, "agrees"),
        (30.0, Level.WARN, "30 s ahead of the service's"),
        (-30.0, Level.WARN, "30 s behind the service's"),
        (86_400.0, Level.WARN, "24 h ahead of the service's: requests are refused"),
    ],
)
def test_what_a_clock_means(ahead: float | None, level: Level, words: str) -> None:
    finding = tell_clock(ahead)
    assert (finding.level, words in finding.text) == (level, True), finding


@pytest.mark.parametrize(("days", "level"), [(90, Level.OK), (13, Level.WARN)])
def test_certificates_that_run_out(days: int, level: Level) -> None:
    contact = Contact("api.smugmug.com", 0.0421, "TLSv1.3", "Some CA", NOW + timedelta(days=days))
    finding = tell_contact("network.api", contact, roles="API, sign-in", proxy=None, now=NOW)
    assert finding.level is level
    day = f"{contact.expires:%Y-%m-%d}"
    text = f"API, sign-in: api.smugmug.com reached in 42 ms, TLSv1.3, a certificate by Some CA until {day}"
    assert finding.text.startswith(text)


def test_a_host_behind_a_proxy_is_told_as_such() -> None:
    contact = Contact("api.smugmug.com", 0.1)
    finding = tell_contact("network.api", contact, roles="API", proxy="http://proxy:3128", now=NOW)
    assert "through the proxy http://proxy:3128, not encrypted" in finding.text


def report_of(config: Config, **fields: Any) -> Report:
    report = Report(config)
    for name, value in {"viewer": VIEWER, **fields}.items():
        setattr(report, name, value)
    return report


def test_an_account_that_shows_too_little(config: Config) -> None:
    signed_in = replace(
        config,
        remote=replace(config.remote, access_token=Secret("token-value"), access_token_secret=Secret("s")),
    )
    narrow = replace(VIEWER, access="Public")
    finding = found(tell_account(report_of(signed_in, viewer=narrow)), "account")
    assert finding.level is Level.WARN
    assert "private albums are not mirrored" in finding.text
    assert level_of(tell_account(report_of(signed_in)), "account") is Level.OK
    anonymous = replace(config, remote=replace(config.remote, user="demo"))
    assert level_of(tell_account(report_of(anonymous, viewer=narrow)), "account") is Level.OK


@pytest.mark.parametrize(
    ("permissions", "writing", "level"),
    [
        ("Read", None, Level.WARN),
        ("Modify", None, Level.NOTE),
        ("Modify", Writing.ALLOWED, Level.OK),
    ],
)
def test_uploads_that_the_grant_does_not_reach_for_are_told(
    config: Config, permissions: Permissions, writing: Writing | None, level: Level
) -> None:
    record = Record("Full", permissions, "2026-11-01T00:00:00", writing)
    on = replace(config, upload=UploadConfig(enabled=True))
    assert level_of(tell_account(report_of(on, record=record)), "account.uploads") is level
    ids = [finding.id for finding in tell_account(report_of(config, record=record))]
    assert "account.uploads" not in ids


@pytest.mark.parametrize(("left", "level"), [(1, Level.OK), (0, Level.WARN)])
def test_what_is_left_of_the_rate_limit(config: Config, left: int, level: Level) -> None:
    report = report_of(config, remaining=left, resets=NOW.timestamp())
    assert level_of(tell_account(report), "account.rate_limit") is level


@pytest.fixture(scope="module")
def served() -> Iterator[Running]:
    with running(Settings()) as server:
        yield server


@pytest.fixture
def account(served: Running, config: Config) -> Iterator[Config]:
    """The configuration of the account that is served."""
    secrets = ("api_key", "api_secret", "access_token", "access_token_secret")
    remote = RemoteConfig(
        **{name: Secret(served.ready[name]) for name in secrets},  # type: ignore[arg-type]
        api_url=served.url,
        upload_url=f"{served.url}/upload/",
        oauth_url=served.url,
    )
    yield replace(config, remote=remote)
    served.emulator.faults.clear()


def test_an_account_as_it_should_be(account: Config) -> None:
    service = Service(account, proxies={})
    findings = list(service.look())
    assert [one.id for one in findings] == [
        "account",
        "account.grants",
        "account.rate_limit",
        "clock",
        "network.api",
    ]
    assert {one.level for one in findings} == {Level.OK}
    assert found(findings, "network.api").text.startswith("API, uploads, sign-in: 127.0.0.1 reached in ")
    assert service.viewer is not None


def test_nobody_is_signed_in_and_the_rest_is_looked_at_all_the_same(account: Config) -> None:
    remote = replace(account.remote, access_token=None, access_token_secret=None)
    findings = list(Service(replace(account, remote=remote), proxies={}).look())
    finding = found(findings, "account")
    assert (finding.level, finding.code) == (Level.FAIL, 77)
    assert "`smugsync auth login`" in finding.advice
    assert level_of(findings, "clock") is Level.OK
    assert level_of(findings, "network.api") is Level.OK


def test_a_token_that_is_not_accepted(account: Config) -> None:
    remote = replace(account.remote, access_token=Secret("another-token"))
    findings = list(Service(replace(account, remote=remote), proxies={}).look())
    finding = found(findings, "account")
    assert (finding.level, finding.code) == (Level.FAIL, 77)
    assert level_of(findings, "clock") is Level.OK


def test_an_api_that_cannot_be_reached_is_one_failure_and_the_other_hosts_are_tried(
    account: Config, served: Running
) -> None:
    remote = replace(account.remote, api_url="https://127.0.0.1:1", upload_url="http://127.0.0.1:1/")
    findings = list(Service(replace(account, remote=remote), proxies={}).look())
    assert {one.id: one.level for one in findings} == {
        "account": Level.NOTE,
        "clock": Level.NOTE,
        "network.api": Level.FAIL,
        "network.upload": Level.FAIL,
        "network.oauth": Level.OK,
    }
    assert exit_code(findings) == 75


@pytest.mark.parametrize("url", ["https://192.168.1.300", "https://\u2603.net"])
def test_an_address_that_makes_no_sense_is_one_failure(account: Config, url: str) -> None:
    findings = list(Service(replace(account, remote=replace(account.remote, api_url=url)), proxies={}).look())
    assert {one.id: one.level for one in findings} == {
        "account": Level.NOTE,
        "clock": Level.NOTE,
        "network": Level.FAIL,
    }
    assert exit_code(findings) == 78


def test_a_clock_a_day_behind(account: Config, served: Running) -> None:
    served.emulator.faults.add("skew")
    findings = list(Service(account, proxies={}).look())
    finding = found(findings, "clock")
    assert finding.level is Level.WARN
    assert finding.text.startswith("24 h behind the service's")
    assert level_of(findings, "account") is Level.OK, "the session corrects it"
    assert exit_code(findings) == 0


def test_a_ca_file_that_holds_nothing_is_one_failure(account: Config, tmp_path: Path) -> None:
    file = tmp_path / "ca.pem"
    file.write_text("nothing")
    remote = replace(account.remote, ca_file=file)
    findings = list(Service(replace(account, remote=remote), proxies={}).look())
    finding = found(findings, "network")
    assert (finding.level, finding.code) == (Level.FAIL, 78)


def test_a_service_that_does_not_let_itself_be_asked(account: Config, served: Running) -> None:
    """The host is there, and wants us to come back later than anybody waits."""
    served.emulator.faults.add("429:retry=2000")
    findings = list(Service(account, proxies={}).look())
    finding = found(findings, "account")
    assert (finding.level, finding.code) == (Level.FAIL, 75)
    assert "rate limit" in finding.text
    assert level_of(findings, "network.api") is Level.OK


# -- the environment -------------------------------------------------------------------------------


def test_the_surroundings_in_one_line(tmp_path: Path) -> None:
    plain = tell_environment({}, root=tmp_path).text
    assert plain.startswith("smugsync ")
    assert all(f", {word} " in plain for word in ("Python", "SQLite"))
    assert "container" not in plain
    (tmp_path / ".dockerenv").touch()
    text = tell_environment({"INVOCATION_ID": "1"}, root=tmp_path).text
    assert text.endswith(", under systemd, in a container")


# -- the configuration, however broken -------------------------------------------------------------


def write(tmp_path: Path, text: str) -> dict[str, str]:
    file = tmp_path / "home" / ".config" / "smugsync" / "config.toml"
    file.parent.mkdir(parents=True)
    file.write_text(text)
    file.chmod(0o600)
    return {"HOME": str(tmp_path / "home")}


GOOD = '[remote]\napi_key = "key-value"\napi_secret = "secret-value"\n'


@pytest.mark.parametrize(
    ("text", "usable"),
    [
        ('mirror = "/m"\n' + GOOD, {"mirror", "state_dir", "remote"}),
        ('mirror = "m"\n' + GOOD, {"state_dir", "remote"}),
        ("mirror = 3\n" + GOOD, {"state_dir", "remote"}),
        (GOOD, {"state_dir", "remote"}),
        ('mirror = "/"\n' + GOOD, {"state_dir", "remote"}),
        ('mirror = "/m"\nstate_dir = "s"\n' + GOOD, {"mirror", "remote"}),
        ('mirror = "/m"\n[remote]\napi_key = "key-value"', {"mirror", "state_dir"}),
        ('mirror = "/m"\nremote = 5', {"mirror", "state_dir"}),
        (
            'mirror = "/m"\n[remote]\nuser = "demo"\napi_key = "key-value"\napi_url = "x"',
            {"mirror", "state_dir"},
        ),
        ('mirror = "/m"\nreserve = "x"\n' + GOOD, {"mirror", "state_dir", "remote"}),
        ('mirror = "/m', set()),
    ],
)
def test_what_is_left_of_a_broken_configuration(tmp_path: Path, text: str, usable: set[str]) -> None:
    environ = write(tmp_path, text)
    examined = examine(None, "default", environ, secrets=tmp_path / "none")
    assert {key for key in ("mirror", "state_dir", "remote") if examined.can_use(key)} == usable
    assert bool(examined.problems) == (text != 'mirror = "/m"\n' + GOOD)


def doctor(
    capsys: pytest.CaptureFixture[str], environ: dict[str, str], *options: str
) -> tuple[int, list[str]]:
    code = main(["doctor", "--offline", *options], environ)
    shown = capsys.readouterr()
    assert shown.err == ""
    return code, shown.out.splitlines()


def test_without_a_configuration_only_that_is_said(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, lines = doctor(capsys, {"HOME": str(tmp_path)})
    assert code == 78
    assert lines[0].startswith("FAIL  configuration  no configuration at ")
    assert lines[1].startswith("ok    environment    smugsync ")
    assert lines[2].startswith("1 failure: ")
    assert list(tmp_path.iterdir()) == []


def test_one_broken_setting_does_not_hide_the_rest(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    environ = write(tmp_path, f'mirror = "{tmp_path}/absent"\nmode = "x"\nnope = 1\n' + GOOD)
    code, lines = doctor(capsys, environ)
    assert code == 78
    subjects = [(one[:4], one[6:20].strip()) for one in lines]
    assert subjects[:2] == [("FAIL", "configuration")] * 2
    assert ("note", "catalogue") in subjects
    assert ("FAIL", "mirror") in subjects, "the disk was looked at all the same"
    assert "does not exist: is the disk mounted?" in "\n".join(lines)


def test_warnings_of_the_configuration_are_findings_and_not_logged(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    environ = write(tmp_path, f'mirror = "{tmp_path}/absent"\n' + GOOD) | {"SMUGSYNC_NONSENSE": "1"}
    _, lines = doctor(capsys, environ)
    (warning,) = [one for one in lines if one.startswith("warn  configuration")]
    assert "SMUGSYNC_NONSENSE is not a setting" in warning


def test_who_asks_for_quiet_hears_only_what_is_wrong(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    environ = write(tmp_path, f'mirror = "{tmp_path}/absent"\n' + GOOD)
    code, lines = doctor(capsys, environ, "--quiet")
    assert code == 5
    assert lines == [
        f"FAIL  mirror         the mirror {tmp_path}/absent does not exist: is the disk mounted?"
    ]


def test_no_secret_is_shown(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    environ = write(tmp_path, f'mirror = "{tmp_path}/key-value"\n' + GOOD)
    for options in ((), ("--json",)):
        code, lines = doctor(capsys, environ, *options)
        assert code == 5
        assert "key-value" not in "\n".join(lines)
        assert "***" in "\n".join(lines)
    assert load(None, "default", environ).mirror.name == "key-value"


def test_programs_are_told_the_same(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    environ = write(tmp_path, f'mirror = "{tmp_path}/absent"\n' + GOOD)
    code, lines = doctor(capsys, environ, "--json")
    told = json.loads("\n".join(lines))
    assert (code, told["exit_code"], told["schema"]) == (5, 5, 1)
    assert [one["id"] for one in told["findings"] if one["level"] == "fail"] == ["mirror"]


# -- what runs beside the mirror -------------------------------------------------------------------


def stands(**changes: Any) -> Standing:
    return replace(Standing("default"), **changes)


@pytest.mark.parametrize(
    ("standing", "level", "words"),
    [
        (None, Level.NOTE, "none runs"),
        (stands(), Level.OK, "it runs"),
        (stands(watching="polling every 60 s (NFS)"), Level.OK, "polling every 60 s (NFS)"),
        (stands(paused=True), Level.NOTE, "paused"),
        (stands(held=Hindrance("full", "the disk is full", 0.0, 0.0)), Level.WARN, "the disk is full"),
    ],
)
def test_how_the_daemon_is(config: Config, standing: Standing | None, level: Level, words: str) -> None:
    (finding,) = look_at_daemon(config, ask=lambda socket: standing)
    assert finding.level is level
    assert words in finding.text


def test_a_daemon_that_does_not_answer_is_told(config: Config) -> None:
    def silent(socket: Path) -> Standing | None:
        raise Busy("the daemon does not answer")

    assert level_of(look_at_daemon(config, ask=silent), "daemon") is Level.WARN


def test_that_nobody_would_hear_of_trouble_is_told(config: Config) -> None:
    assert level_of(tell_notified(config), "notify") is Level.NOTE
    told = replace(config, notify=NotifyConfig(ping=Secret("https://hc-ping.com/s3cret")))
    finding = found(tell_notified(told), "notify")
    assert (finding.level, finding.text) == (Level.OK, "by notify.ping")


def test_a_program_to_tell_that_cannot_be_run_is_told(config: Config, tmp_path: Path) -> None:
    program = tmp_path / "tell-me"
    program.write_text("#!/bin/sh\n")
    told = replace(config, notify=NotifyConfig(command=(str(program),)))
    assert level_of(tell_notified(told), "notify.command") is Level.WARN
    program.chmod(0o755)
    assert [finding.level for finding in tell_notified(told)] == [Level.OK]


def test_a_directory_for_figures_that_is_not_there_is_told(config: Config, tmp_path: Path) -> None:
    told = replace(config, status=StatusConfig(textfile=tmp_path / "collector" / "smugsync.prom"))
    assert level_of(tell_notified(told), "status.textfile") is Level.WARN
    (tmp_path / "collector").mkdir()
    assert [finding.level for finding in tell_notified(told)] == [Level.OK]


def test_a_drop_folder_that_is_not_there_is_told(config: Config, tmp_path: Path) -> None:
    route = RouteConfig(folder=tmp_path / "drop", album="/Inbox")
    on = replace(config, upload=UploadConfig(enabled=True, routes=(route,)))
    assert level_of(tell_drop_folders(on), "upload.route") is Level.WARN
    route.folder.mkdir()
    assert level_of(tell_drop_folders(on), "upload.route") is Level.OK
    assert not list(tell_drop_folders(replace(on, upload=UploadConfig(routes=(route,)))))


def test_a_service_that_does_not_fit_the_configuration_any_more_is_told(
    config: Config, tmp_path: Path
) -> None:
    assert not list(tell_service(config, units=tmp_path))
    needs = Needs("default", "smugsync", late=(Path("/srv/my photos"),))
    drop_in = tmp_path / "smugsync@default.service.d" / "10-smugsync.conf"
    drop_in.parent.mkdir()
    drop_in.write_text(system_drop_in(needs, DAEMON, ()))
    fitting = replace(config, mirror=Path("/srv/my photos"))
    assert level_of(tell_service(fitting, units=tmp_path), "service.paths") is Level.OK
    moved = found(tell_service(replace(config, mirror=Path("/srv/my")), units=tmp_path), "service.paths")
    assert moved.level is Level.WARN
    assert "may not write /srv/my:" in moved.text
