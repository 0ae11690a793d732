"""What people type for `verify`, and what they read."""

from __future__ import annotations

import hashlib
import os
from fractions import Fraction
from pathlib import Path

import pytest

from smugsync.cli import main
from smugsync.cli.amounts import ago, moment, rate, share
from smugsync.cli.status.proofs import NO_PROOFS, patience, proof_lines
from smugsync.cli.verify.words import Outcome
from smugsync.errors import UsageError
from smugsync.local.handles import Root
from smugsync.local.reading import Obstacle, Reading, Unread, read
from smugsync.stop import Stop
from smugsync.sync.proving.audit import Wish
from smugsync.sync.proving.checksums import listed
from smugsync.sync.proving.verification import Verification
from smugsync.sync.report import Report

DAY = 86_400


class TestShare:
    @pytest.mark.parametrize(
        ("text", "part"),
        [
            ("1/30", Fraction(1, 30)),
            ("2/30", Fraction(1, 15)),
            ("30/30", Fraction(1)),
            ("5%", Fraction(1, 20)),
            ("0.5%", Fraction(1, 200)),
            (" 100 % ", Fraction(1)),
        ],
    )
    def test_part_of_the_whole(self, text: str, part: Fraction) -> None:
        assert share(text) == part

    @pytest.mark.parametrize(
        "text",
        ["", "0", "1", "30", "0/30", "31/30", "1/0", "-1/30", "0%", "101%", "1/30/2", "half"],
    )
    def test_what_is_none_is_refused_with_an_example(self, text: str) -> None:
        with pytest.raises(UsageError, match="write it as 1/30 or as 5%"):
            share(text)


class TestRate:
    @pytest.mark.parametrize(
        ("text", "expected"),
        [
            ("20M", 20 * 1024**2),
            ("20m", 20 * 1024**2),
            ("20MiB", 20 * 1024**2),
            ("20MB", 20_000_000),
            ("20M/s", 20 * 1024**2),
            ("1.5k", 1536.0),
            ("1G", 1024**3),
            ("500", 500.0),
        ],
    )
    def test_units_of_other_tools(self, text: str, expected: float) -> None:
        assert rate(text) == expected

    def test_zero_is_no_limit(self) -> None:
        assert rate("0") is None

    @pytest.mark.parametrize("text", ["", "fast", "-5M", "5X", "M", "5 M B"])
    def test_what_is_none_is_refused_with_an_example(self, text: str) -> None:
        with pytest.raises(UsageError, match="write it as 20M"):
            rate(text)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--subset", "31/30"], "no part of the whole"),
        (["--bwlimit", "fast"], "is no rate"),
        (["--due", "--subset", "1/30"], "contradict each other"),
    ],
)
def test_slip_of_the_keyboard_is_told_before_anything_is_opened(
    arguments: list[str], words: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["verify", *arguments], {"HOME": str(tmp_path)}) == 2
    assert words in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_online_and_rebuild_contradict_each_other(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["fsck", "--online", "--rebuild"], {"HOME": str(tmp_path)}) == 2
    assert "contradict" in capsys.readouterr().err


class TestWords:
    def lines(self, *, oldest: int | None = 5 * DAY, never: int = 0, **counts: int) -> list[str]:
        report = Report(scope="verify")
        for name, value in counts.items():
            setattr(report, name, value)
        outcome = Outcome(Verification(Wish()), report, Path("/photos"), oldest, never, 10.0 * DAY)
        return list(outcome.lines("smugsync verify --repair"))

    def test_sound_mirror_is_told_with_numbers_and_the_oldest_proof(self) -> None:
        found = self.lines(files_proven=1234, bytes_proven=56_000_000_000)
        assert found[0] == "/photos: every file that was read is right."
        assert found[1] == "  proven    1,234 files, 56 GB in under a second"
        assert found[2] == f"  oldest    proof from {moment(5 * DAY)}, 5 d ago"

    def test_nothing_due_is_not_called_proven(self) -> None:
        assert self.lines()[0] == "/photos: nothing was due."

    def test_files_that_never_were_proven_are_counted(self) -> None:
        assert any("3 files not proven since" in line for line in self.lines(files_proven=1, never=3))

    def test_damage_elsewhere_explains_the_exit_code(self) -> None:
        lines = self.lines(files_proven=1, files_damaged=2)
        assert any(line.startswith("  elsewhere 2 files known to be damaged") for line in lines)


class TestStatus:
    def test_nothing_mirrored_says_nothing(self) -> None:
        assert proof_lines(NO_PROOFS, 0.0) == []

    def test_damage_is_named_with_its_dates_and_the_command(self) -> None:
        facts = NO_PROOFS | {
            "oldest_proof": DAY,
            "files_damaged": 3,
            "damaged": [{"path": "Rome/a.jpg", "since": 5 * DAY, "last_good": 2 * DAY}],
        }
        lines = proof_lines(facts, 10.0 * DAY)
        assert lines[0] == f"  oldest proof {ago(DAY, 10 * DAY)}"
        assert moment(5 * DAY) in lines[1]
        assert moment(2 * DAY) in lines[1]
        assert lines[2].startswith("  and 2 more damaged; `smugsync verify --repair`")

    def test_quarantine_says_when_it_ends_and_how_to_end_it(self) -> None:
        assert moment(9 * DAY) in patience("quarantined", 9 * DAY, 8.0 * DAY)
        assert "at the next run" in patience("quarantined", 7 * DAY, 8.0 * DAY)
        assert "sync --full" in patience("quarantined", 9 * DAY, 8.0 * DAY)

    def test_others_are_tried_again_without_a_word(self) -> None:
        assert patience("failed", 9 * DAY, 8.0 * DAY) == ""


class TestList:
    def test_is_sorted_by_bytes_and_ends_each_line(self) -> None:
        sums = [("é", "2"), ("a b", "1"), ("z", "3"), ("Z", "0")]
        assert listed(sums) == "0  Z\n1  a b\n3  z\n2  é\n".encode()

    def test_what_would_break_a_line_is_escaped_as_gnu_does(self) -> None:
        assert listed([("a\nb\\c\rd", "0")]) == b"\\0  a\\nb\\\\c\\rd\n"

    def test_file_called_like_the_standard_input_is_none(self) -> None:
        assert listed([("-", "0")]) == b"0  ./-\n"


class TestRead:
    @pytest.fixture
    def root(self, tmp_path: Path) -> Root:
        (tmp_path / "a.jpg").write_bytes(b"x" * 600_000)
        return Root(tmp_path)

    def test_takes_both_digests_in_one_pass_and_tells_every_chunk(self, root: Root) -> None:
        chunks: list[int] = []
        found = read(root, "a.jpg", Stop(), sha256=True, pace=chunks.append)
        assert isinstance(found, Reading)
        assert found.md5 == hashlib.md5(b"x" * 600_000).hexdigest()
        assert found.sha256 == hashlib.sha256(b"x" * 600_000).hexdigest()
        assert (sum(chunks), len(chunks)) == (600_000, 3)

    @pytest.mark.parametrize("path", ["b.jpg", "no/such.jpg", "a.jpg/b.jpg"])
    def test_what_is_not_there_is_missing(self, root: Root, path: str) -> None:
        found = read(root, path, Stop())
        assert isinstance(found, Unread)
        assert found.obstacle is Obstacle.MISSING

    def test_pipe_is_no_file_and_holds_nothing_up(self, root: Root, tmp_path: Path) -> None:
        os.mkfifo(tmp_path / "pipe.jpg")
        found = read(root, "pipe.jpg", Stop())
        assert isinstance(found, Unread)
        assert found.obstacle is Obstacle.REFUSED

    def test_link_is_not_followed(self, root: Root, tmp_path: Path) -> None:
        (tmp_path / "link.jpg").symlink_to("a.jpg")
        found = read(root, "link.jpg", Stop())
        assert isinstance(found, Unread)
        assert found.obstacle is Obstacle.REFUSED
