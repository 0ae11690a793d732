"""A program of the user's: what it gets, what it does not get, and that it cannot hold us up."""

from __future__ import annotations

import json
import logging
import sys
import time
from pathlib import Path

import pytest

from smugsync.notify.channel import Undelivered
from smugsync.notify.command import KEPT, Command
from tests.notify.samples import NOTICE, NOW


def python(code: str, **environ: str) -> Command:
    return Command([sys.executable, "-c", code], environ=environ)


def test_it_gets_one_json_object_on_its_standard_input(tmp_path: Path) -> None:
    out = tmp_path / "out"
    python(f"import sys; open({str(out)!r}, 'w').write(sys.stdin.read())").send(NOTICE)
    assert json.loads(out.read_text()) == {
        "schema": 1,
        "kind": "failed",
        "cause": "failed",
        "profile": "default",
        "at": NOW,
        "urgency": "normal",
        "title": "smugsync: 3 photos failed",
        "text": "they broke off",
        "command": "x y",
        "exit_code": None,
    }


def test_our_secrets_are_not_in_its_environment(tmp_path: Path) -> None:
    out = tmp_path / "out"
    command = python(
        f"import os, json; json.dump(dict(os.environ), open({str(out)!r}, 'w'))",
        PATH="/usr/bin",
        SMUGSYNC_REMOTE__API_KEY="s3cret",
        SMUGMUG_API_SECRET="s3cret",
        CREDENTIALS_DIRECTORY="/run/credentials/s3cret",
        NOTIFY_SOCKET="/run/s3cret",
    )
    command.send(NOTICE)
    found = json.loads(out.read_text())
    assert found["PATH"] == "/usr/bin"
    assert "s3cret" not in str(found)


def test_no_shell_reads_its_words(tmp_path: Path) -> None:
    Command(["/bin/echo", f"$(touch {tmp_path}/planted); > {tmp_path}/planted"], environ={}).send(NOTICE)
    assert list(tmp_path.iterdir()) == []


def test_what_it_prints_is_logged_at_debug_and_cut(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    python("print('x' * 1_000_000)").send(NOTICE)
    (record,) = caplog.records
    assert record.levelno == logging.DEBUG
    assert KEPT <= len(record.getMessage()) <= KEPT + 100


def test_an_exit_code_is_a_failure_and_not_repeated() -> None:
    with pytest.raises(Undelivered, match="exit code 4") as refused:
        python("raise SystemExit(4)").send(NOTICE)
    assert not refused.value.again


def test_it_may_ask_to_be_called_again() -> None:
    with pytest.raises(Undelivered) as refused:
        python("raise SystemExit(75)").send(NOTICE)
    assert refused.value.again


@pytest.mark.parametrize("argv", [["/nowhere/at-all"], ["a\0b"], [""]])
def test_a_program_that_cannot_be_run_is_said_to_be_so(argv: list[str]) -> None:
    with pytest.raises(Undelivered, match="cannot be run") as refused:
        Command(argv, environ={}).send(NOTICE)
    assert not refused.value.again


@pytest.mark.parametrize(
    "code", ["while True: pass", "import os, time; os.close(1); os.close(2); time.sleep(60)"]
)
def test_one_that_does_not_end_is_ended_with_all_that_it_started(code: str) -> None:
    began = time.monotonic()
    with pytest.raises(Undelivered, match="not done within"):
        python(code).send(NOTICE, patience=0.3)
    assert time.monotonic() - began < 20


def test_one_that_leaves_a_child_behind_is_done_when_it_ends() -> None:
    began = time.monotonic()
    Command(["/bin/sh", "-c", "sleep 30 & exit 0"], environ={"PATH": "/usr/bin:/bin"}).send(NOTICE)
    assert time.monotonic() - began < 20


def test_one_that_reads_nothing_is_done_when_it_ends() -> None:
    python("pass").send(NOTICE)
