"""The person's side of what runs did: history, undo, trash and resolve as commands."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from filelock import FileLock

from smugsync.catalogue import AlbumRow, Catalogue, ChangeRow
from smugsync.cli import main
from smugsync.cli.amounts import age, length, since
from smugsync.cli.paths import in_mirror
from smugsync.core.model import Fingerprint
from smugsync.errors import UsageError
from smugsync.local.marker import Marker
from smugsync.local.tree import Mirror

NOON = 1_795_348_800  # 2026-11-22 12:00 UTC


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    home = tmp_path / "home"
    config = home / ".config/smugsync/config.toml"
    config.parent.mkdir(parents=True)
    config.write_text(f'mirror = "{tmp_path / "photos"}"\n[remote]\nuser = "demo"\napi_key = "key"\n')
    config.chmod(0o600)
    return {"HOME": str(home), "PATH": os.environ["PATH"]}


@pytest.fixture
def state(environ: dict[str, str]) -> Path:
    path = Path(environ["HOME"]) / ".local/state/smugsync/default"
    path.mkdir(parents=True, mode=0o700)
    return path


@pytest.fixture
def mirror(tmp_path: Path) -> Path:
    path = tmp_path / "photos"
    Mirror.create(path, Marker("a-mirror", "")).close()
    return path


@pytest.fixture
def catalogue(state: Path) -> Iterator[Catalogue]:
    catalogue = Catalogue.open(state / "catalogue.db")
    with catalogue.transaction():
        catalogue.remember("mirror", "a-mirror")
    yield catalogue
    catalogue.close()


@pytest.fixture(autouse=True)
def in_utc(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.fixture
def told(environ: dict[str, str], capsys: pytest.CaptureFixture[str]) -> Callable[..., str]:
    """Runs a command that has to succeed; what it printed."""

    def run(*arguments: str) -> str:
        assert main(arguments, environ) == 0
        captured = capsys.readouterr()
        assert captured.err == ""
        return captured.out

    return run


@pytest.fixture
def refused(environ: dict[str, str], capsys: pytest.CaptureFixture[str]) -> Callable[..., str]:
    """Runs a command that has to end with `code`; its one sentence."""

    def run(*arguments: str, code: int = 2) -> str:
        assert main(arguments, environ) == code
        captured = capsys.readouterr()
        assert captured.out == ""
        (line,) = captured.err.splitlines()
        return line.removeprefix("smugsync: error: ")

    return run


def a_run(
    catalogue: Catalogue,
    *changes: tuple[str, str],
    scope: str = "delta",
    at: int = NOON,
    code: int | None = 0,
    **columns: Any,
) -> int:
    """A run, ended with `code` or killed; its changes are (what, path)."""
    with catalogue.transaction():
        run = catalogue.begin_run(scope, at)
        for what, path in changes:
            catalogue.note(ChangeRow(0, run, at, what, path, **columns))
        if code is not None:
            catalogue.end_run(run, now=at + 5, exit_code=code, summary="{}")
    return run


class TestRuns:
    def test_before_the_first_one(self, told: Callable[..., str]) -> None:
        assert told("history") == "Nothing was mirrored yet: run `smugsync sync`.\n"
        assert json.loads(told("history", "--json")) == {"schema": 1, "runs": []}

    def test_newest_first_with_what_they_did(self, told: Callable[..., str], catalogue: Catalogue) -> None:
        a_run(catalogue, ("new", "a.jpg"), ("new", "b.jpg"), ("gone", "c.jpg"), scope="everything")
        a_run(catalogue, at=NOON + 3600)
        assert told("history").splitlines() == [
            "    2  2026-11-22 13:00  delta: all good; nothing changed",
            "    1  2026-11-22 12:00  everything: all good; 2 new, 1 gone online",
        ]

    @pytest.mark.parametrize(
        ("code", "words"),
        [
            (None, "killed before its end"),
            (3, "incomplete (3)"),
            (5, "a guard withheld something (5)"),
            (1, "failed (1)"),
            (143, "interrupted (143)"),
        ],
    )
    def test_says_how_each_ended(
        self, told: Callable[..., str], catalogue: Catalogue, code: int | None, words: str
    ) -> None:
        a_run(catalogue, code=code)
        assert told("history") == f"    1  2026-11-22 12:00  delta: {words}; nothing changed\n"

    def test_run_that_goes_on_is_not_called_killed(
        self, told: Callable[..., str], catalogue: Catalogue, state: Path
    ) -> None:
        a_run(catalogue, code=None)
        a_run(catalogue, code=None)
        with FileLock(state / "lock"):  # and nobody waits for the one who works
            (state / "pid").write_text(f"{os.getpid()}\n")
            newer, older = told("history").splitlines()
        assert "goes on" in newer
        assert "killed" in older

    def test_the_last_twenty_or_as_many_as_are_asked_for(
        self, told: Callable[..., str], catalogue: Catalogue
    ) -> None:
        for _ in range(25):
            a_run(catalogue)
        lines = told("history").splitlines()
        assert (len(lines), lines[-1]) == (21, "There are older ones: --limit 100")
        assert len(told("history", "--limit", "25").splitlines()) == 25

    def test_says_what_was_taken_back_since(self, told: Callable[..., str], catalogue: Catalogue) -> None:
        first = a_run(catalogue, ("replaced", "a.jpg"))
        (change,) = catalogue.changes(run=first)
        a_run(catalogue, ("put_back", "a.jpg"), scope="undo 1", undoes=change.id)
        assert "1 replaced online; 1 taken back by run 2" in " ".join(told("history").split())

    def test_long_ones_keep_to_the_screen(self, told: Callable[..., str], catalogue: Catalogue) -> None:
        a_run(
            catalogue, *((what, "a") for what in ("new", "replaced", "repaired", "gone", "returned", "moved"))
        )
        assert max(map(len, told("history").splitlines())) <= 80

    def test_as_json(self, told: Callable[..., str], catalogue: Catalogue) -> None:
        a_run(catalogue, ("new", "a.jpg"))
        assert json.loads(told("history", "--json")) == {
            "schema": 1,
            "runs": [
                {
                    "run": 1,
                    "scope": "delta",
                    "started_at": NOON,
                    "finished_at": NOON + 5,
                    "exit_code": 0,
                    "running": False,
                    "counts": {"new": 1},
                    "undone_by": [],
                }
            ],
        }


class TestChanges:
    @pytest.fixture
    def album(self, catalogue: Catalogue) -> AlbumRow:
        with catalogue.transaction():
            return catalogue.put_album(AlbumRow(0, "alb1", "n1", "Rome", "/Rome", "Rome", "rome"))

    def paths(self, told: Callable[..., str], *options: str) -> list[str]:
        found = json.loads(told("history", "--json", *options))
        assert found["schema"] == 1
        return [change["path"] for change in found["changes"]]

    def test_of_one_run(self, told: Callable[..., str], catalogue: Catalogue) -> None:
        a_run(catalogue, ("new", "a.jpg"))
        a_run(catalogue, ("new", "b.jpg"))
        assert self.paths(told, "--run", "1") == ["a.jpg"]

    def test_of_one_album(self, told: Callable[..., str], catalogue: Catalogue, album: AlbumRow) -> None:
        a_run(catalogue, ("new", "Rome/a.jpg"), album_id=album.id)
        a_run(catalogue, ("new", "Best/b.jpg"))
        for name in ("alb1", "Rome", "/Rome"):
            assert self.paths(told, "--album", name) == ["Rome/a.jpg"]

    def test_since_then(self, told: Callable[..., str], catalogue: Catalogue) -> None:
        now = int(time.time())
        a_run(catalogue, ("new", "old.jpg"), at=now - 8 * 86_400)
        a_run(catalogue, ("new", "new.jpg"), at=now - 6 * 86_400)
        assert self.paths(told, "--since", "7d") == ["new.jpg"]

    @pytest.mark.parametrize("spelling", ["Rome/b.jpg", "{mirror}/Rome/b.jpg", "Rome/../Rome/b.jpg"])
    def test_of_one_file_under_its_former_names(
        self, told: Callable[..., str], catalogue: Catalogue, mirror: Path, spelling: str
    ) -> None:
        a_run(catalogue, ("moved", "Rome/b.jpg"), was="Rome/a.jpg")
        a_run(catalogue, ("new", "Rome/b.jpg.jpg"))
        assert self.paths(told, "--path", spelling.format(mirror=mirror)) == ["Rome/b.jpg"]
        assert self.paths(told, "--path", "Rome/a.jpg") == ["Rome/b.jpg"]

    def test_below_a_directory(self, told: Callable[..., str], catalogue: Catalogue) -> None:
        a_run(catalogue, ("new", "Rome/a.jpg"), ("new", "Rome2/b.jpg"))
        assert self.paths(told, "--path", "Rome") == ["Rome/a.jpg"]

    def test_are_grouped_for_people(self, told: Callable[..., str], catalogue: Catalogue) -> None:
        a_run(catalogue, ("gone", "c.jpg"), ("new", "a.jpg"), ("new", "b.jpg"))
        assert told("history", "--run", "1").splitlines() == [
            "run 1, 2026-11-22 12:00",
            " new:",
            "  b.jpg",
            "  a.jpg",
            " gone online:",
            "  c.jpg",
        ]

    def test_words_of_another_version_are_shown(self, told: Callable[..., str], catalogue: Catalogue) -> None:
        a_run(catalogue, ("teleported", "a.jpg"))
        assert " teleported:" in told("history", "--run", "1")

    def test_names_do_not_steer_the_terminal(self, told: Callable[..., str], catalogue: Catalogue) -> None:
        a_run(catalogue, ("new", "a\x1b[2J.jpg"))
        assert "\x1b" not in told("history", "--run", "1")

    def test_none(self, told: Callable[..., str], catalogue: Catalogue) -> None:
        a_run(catalogue)
        assert told("history", "--run", "1") == "No changes.\n"

    @pytest.mark.parametrize(
        ("options", "sentence"),
        [
            (["--run", "9"], "there is no run 9"),
            (["--album", "Nope"], "there is no album 'Nope'"),
            (["--since", "yesterday"], "--since 'yesterday' is no time: write it as 7d"),
            (["--path", "/etc/passwd"], "/etc/passwd is outside the mirror"),
            (["--path", ""], "'' is no path"),
        ],
    )
    def test_that_cannot_be(
        self, refused: Callable[..., str], catalogue: Catalogue, options: list[str], sentence: str
    ) -> None:
        a_run(catalogue)
        assert sentence in refused("history", *options)


class TestWishes:
    """What is refused before anything is touched."""

    @pytest.mark.parametrize(
        ("arguments", "sentence"),
        [
            (["undo", "7"], "there is no run 7: the last one was 1"),
            (["undo", "seven"], "'seven' is no run"),
            (["undo", "0"], "run 0 is no longer in the history"),
            (["resolve", "--keep", "local"], "say which file"),
            (["resolve", "Rome/a.jpg"], "say what is to stay of Rome/a.jpg"),
            (["resolve", "Rome/a.jpg", "--keep", "local"], "there is no Rome/a.jpg in this mirror"),
            (["resolve", "/etc/passwd", "--keep", "both"], "/etc/passwd is outside the mirror"),
            (["trash", "restore"], "say what is to come back"),
            (["trash", "restore", "a.jpg", "--all"], "say what is to come back"),
            (["trash", "restore", "a.jpg", "--at", "noon"], "--at goes with PATH"),
            (["trash", "restore", "--all", "--at", "20261121T214700Z"], "--at goes with PATH"),
            (["trash", "restore", "a\udcff.jpg"], "is no path of a mirrored file"),
            (["trash", "restore", "/etc/passwd"], "/etc/passwd is outside the mirror"),
            (["resolve", "a\udcff.jpg", "--keep", "both"], "is no path of a mirrored file"),
            (["trash", "restore", "a.jpg"], "nothing called a.jpg was set aside"),
            (["trash", "restore", "--all"], "nothing of that lies there"),
            (["trash", "restore", "--run", "9"], "there is no run 9"),
            (["trash", "empty", "--older-than", "soon"], "--older-than 'soon' is no length of time"),
        ],
    )
    @pytest.mark.usefixtures("mirror")
    def test_that_make_no_sense(
        self, refused: Callable[..., str], catalogue: Catalogue, arguments: list[str], sentence: str
    ) -> None:
        a_run(catalogue)
        assert sentence in refused(*arguments)

    def test_near_names_are_offered(
        self, refused: Callable[..., str], catalogue: Catalogue, mirror: Path
    ) -> None:
        (mirror / "Rome").mkdir()
        (mirror / "Rome/IMG_1234.jpg").write_bytes(b"mine")
        with catalogue.transaction():
            stat = (mirror / "Rome/IMG_1234.jpg").stat()
            catalogue.put_local(
                "Rome/IMG_1234.jpg", Fingerprint(stat.st_size, stat.st_mtime_ns), why="diverged"
            )
        sentence = refused("resolve", "Rome/IMG_1243.jpg", "--keep", "both")
        assert sentence.endswith("did you mean Rome/IMG_1234.jpg?")

    def test_mirror_that_is_not_mounted_is_not_called_empty(
        self, refused: Callable[..., str], catalogue: Catalogue, mirror: Path
    ) -> None:
        (mirror / ".smugsync/mirror.json").unlink()
        assert "is it mounted" in refused("trash", "list", code=5)
        assert "is it mounted" in refused("trash", "empty", "--yes", code=5)
        a_run(catalogue)
        assert "is it mounted" in refused("undo", "1", code=5)


def test_status_tells_how_the_mirror_is_not_how_a_wish_came_out(
    told: Callable[..., str], catalogue: Catalogue
) -> None:
    a_run(catalogue, scope="everything")
    for wish in ("resolve a.jpg --keep local", "undo 1", "trash restore a.jpg"):
        a_run(catalogue, scope=wish, code=2)
    assert json.loads(told("status", "--json"))["last_run"]["scope"] == "everything"


class TestEmptying:
    @pytest.fixture
    def full(self, mirror: Path) -> list[Path]:
        files = [
            mirror / f".smugsync/trash/{stamp}/Rome/a.jpg"
            for stamp in ("20200101T000000Z", "20261121T214700Z")
        ]
        for file in files:
            file.parent.mkdir(parents=True)
            file.write_bytes(b"x" * 1500)
        return files

    @pytest.mark.usefixtures("catalogue")
    def test_needs_a_yes_where_nobody_can_be_asked(
        self, refused: Callable[..., str], full: list[Path]
    ) -> None:
        sentence = refused("trash", "empty")
        assert sentence == "2 files, 3.0 kB, in .smugsync/trash: give --yes to delete them for good"
        assert all(file.exists() for file in full)

    @pytest.mark.usefixtures("catalogue")
    def test_deletes(self, told: Callable[..., str], full: list[Path]) -> None:
        assert told("trash", "empty", "--yes") == "deleted for good:\n  .smugsync/trash (2 files, 3.0 kB)\n"
        assert not any(file.exists() for file in full)

    @pytest.mark.usefixtures("catalogue")
    def test_of_some_age_only(self, told: Callable[..., str], full: list[Path]) -> None:
        full[1].parents[1].rename(full[1].parents[2] / "29990101T000000Z")
        told("trash", "empty", "--yes", "--older-than", "30d")
        assert not full[0].exists()
        assert (full[1].parents[2] / "29990101T000000Z/Rome/a.jpg").exists()

    @pytest.mark.usefixtures("catalogue")
    def test_dry_run_deletes_nothing(self, told: Callable[..., str], full: list[Path]) -> None:
        assert (
            told("trash", "empty", "-n")
            == "2 files, 3.0 kB, in .smugsync/trash: would be deleted for good.\n"
        )
        assert all(file.exists() for file in full)

    @pytest.mark.usefixtures("full")
    def test_listed_without_a_catalogue(
        self, environ: dict[str, str], capsys: pytest.CaptureFixture[str]
    ) -> None:
        assert main(["trash", "list"], environ) == 0
        assert capsys.readouterr().out.splitlines() == [
            ".smugsync/trash/20200101T000000Z (2020-01-01 00:00)",
            "    1.5 kB  Rome/a.jpg (gone online)",
            ".smugsync/trash/20261121T214700Z (2026-11-21 21:47)",
            "    1.5 kB  Rome/a.jpg (gone online)",
            "2 files, 3.0 kB",
        ]

    @pytest.mark.usefixtures("full")
    def test_listed_as_json(self, told: Callable[..., str], catalogue: Catalogue) -> None:
        where = ".smugsync/trash/20261121T214700Z/Rome/a.jpg"
        run = a_run(catalogue, ("trashed", "Rome/a.jpg"), was=where)
        found = json.loads(told("trash", "list", "--json"))
        assert found["schema"] == 1
        assert found["files"][1] == {
            "at": 1_795_297_620,
            "stamp": "20261121T214700Z",
            "shelf": "trash",
            "path": "Rome/a.jpg",
            "where": where,
            "size": 1500,
            "why": "gone online",
            "run": run,
        }

    @pytest.mark.usefixtures("full")
    def test_status_says_what_lies_there(self, told: Callable[..., str], catalogue: Catalogue) -> None:
        a_run(catalogue)
        line = "  .smugsync/trash: 2 files, 3.0 kB, the oldest since 2020-01-01 00:00"
        assert line in told("status").splitlines()
        shelves = json.loads(told("status", "--json"))["shelves"]
        assert shelves["trash"] == {"files": 2, "bytes": 3000, "oldest": 1_577_836_800}


class TestWhatPeopleType:
    @pytest.mark.parametrize(
        ("text", "seconds"),
        [("30d", 2_592_000), ("12h", 43_200), ("2W", 1_209_600), ("5 min", 300), ("1y", 31_536_000)],
    )
    def test_length_of_time(self, text: str, seconds: int) -> None:
        assert (age(text), length(text, "--older-than")) == (seconds, seconds)

    @pytest.mark.parametrize("text", ["", "d", "30", "-1d", "1.5d", "30 days", "1e3d", "9999999d"])
    def test_no_length_of_time(self, text: str) -> None:
        assert age(text) is None
        with pytest.raises(UsageError, match="--older-than"):
            length(text, "--older-than")

    @pytest.mark.parametrize(
        ("text", "moment"),
        [
            ("7d", NOON - 604_800),
            ("2026-11-22", NOON - 43_200),
            ("2026-11-22T12:00", NOON),
            ("2026-11-22T12:00+01:00", NOON - 3600),
            ("2026-11-22T12:00:00Z", NOON),
        ],
    )
    def test_moment(self, text: str, moment: int) -> None:
        assert since(text, NOON) == moment

    @pytest.mark.parametrize("text", ["", "yesterday", "2026-13-01", "22.11.2026"])
    def test_no_moment(self, text: str) -> None:
        with pytest.raises(UsageError, match="is no time"):
            since(text, NOON)


class TestPaths:
    @pytest.fixture
    def here(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
        (tmp_path / "photos/Rome/Rome").mkdir(parents=True)
        monkeypatch.chdir(tmp_path / "photos/Rome")
        return tmp_path / "photos"

    def test_absolute(self, here: Path) -> None:
        assert in_mirror(here, f"{here}/Best/a.jpg") == "Best/a.jpg"
        assert in_mirror(here, f"{here}/Best//./x/../a.jpg/") == "Best/a.jpg"

    def test_through_a_link_to_the_mirror(self, here: Path, tmp_path: Path) -> None:
        (tmp_path / "link").symlink_to(here)
        assert in_mirror(here, f"{tmp_path}/link/a.jpg") == "a.jpg"
        assert in_mirror(tmp_path / "link", f"{here}/a.jpg") == "a.jpg"

    def test_relative_to_where_one_is(self, here: Path) -> None:
        assert in_mirror(here, "a.jpg") == "Rome/a.jpg"
        assert in_mirror(here, "../Best/a.jpg") == "Best/a.jpg"

    def test_relative_to_the_mirror_if_that_is_known(self, here: Path) -> None:
        assert in_mirror(here, "Rome/a.jpg", known={"Rome/a.jpg"}.__contains__) == "Rome/a.jpg"
        assert in_mirror(here, "Rome/a.jpg", known={"Rome/Rome/a.jpg"}.__contains__) == "Rome/Rome/a.jpg"

    def test_relative_to_the_mirror_from_elsewhere(
        self, here: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        monkeypatch.chdir(tmp_path)
        assert in_mirror(here, "Rome/a.jpg") == "Rome/a.jpg"

    @pytest.mark.parametrize("text", ["../../etc/passwd", "/etc/passwd", "../..", "..", ".", "/"])
    def test_outside(self, here: Path, monkeypatch: pytest.MonkeyPatch, text: str) -> None:
        monkeypatch.chdir(here)
        with pytest.raises(UsageError, match="outside the mirror"):
            in_mirror(here, text)

    @pytest.mark.parametrize("text", ["", "a\udcff.jpg"])
    def test_no_path(self, here: Path, text: str) -> None:
        with pytest.raises(UsageError, match="is no path"):
            in_mirror(here, text)
