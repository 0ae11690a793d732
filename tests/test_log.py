"""Log lines: their form, their redaction, their destination."""

from __future__ import annotations

import io
import json
import logging
from datetime import UTC, datetime

import pytest
import structlog

from smugsync import log
from smugsync.secret import Redactor, Secret

pytestmark = pytest.mark.usefixtures("restored_logging")

CANARY = "k4n4rien-secret"
NOW = datetime(2026, 2, 3, 4, 5, 6, 789_999, tzinfo=UTC)


def start(*, level: str = "debug", **options: object) -> io.StringIO:
    stream, redact = io.StringIO(), Redactor()
    redact.add(Secret(CANARY))
    log.configure(log.Output(stream), redact, level=level, clock=lambda: NOW, **options)  # type: ignore[arg-type]
    return stream


def test_json_lines_have_the_agreed_fields() -> None:
    stream = start(format="json")
    structlog.get_logger("smugsync.cycle").info(
        "album.listed", msg="listed /Travel", album_key="Gx8Q", bytes=3
    )
    assert json.loads(stream.getvalue()) == {
        "ts": "2026-02-03T04:05:06.789Z",
        "level": "info",
        "event": "album.listed",
        "msg": "listed /Travel",
        "album_key": "Gx8Q",
        "bytes": 3,
    }
    assert list(json.loads(stream.getvalue())) == ["ts", "level", "event", "msg", "album_key", "bytes"]


def test_the_standard_library_logs_the_same_way() -> None:
    stream = start(format="json")
    logging.getLogger("smugsync.remote.session").warning("waiting %d s", 5, extra={"attempt": 2})
    line = json.loads(stream.getvalue())
    assert (line["level"], line["event"], line["msg"]) == (
        "warning",
        "smugsync.remote.session",
        "waiting 5 s",
    )
    assert line["attempt"] == 2


@pytest.mark.parametrize("form", ["text", "json"])
def test_no_secret_passes(form: str) -> None:
    stream = start(format=form)
    logger = structlog.get_logger("x")
    logger.info("a", msg=f"sent {CANARY}", url=f"https://x/?oauth_token={CANARY}", deep={"x": [CANARY]})
    logger.info("b", secret=Secret(CANARY), other=ValueError(CANARY))
    logging.getLogger("y").debug("Authorization: OAuth oauth_token=%s", "unregistered-token")
    try:
        raise RuntimeError(f"with {CANARY}")
    except RuntimeError:
        logging.getLogger("y").exception("failed with %s", CANARY)
        logger.exception("c")
    text = stream.getvalue()
    assert CANARY not in text
    assert "unregistered-token" not in text
    assert "Traceback" in text


@pytest.mark.parametrize("form", ["text", "json"])
def test_a_remote_name_cannot_forge_a_line(form: str) -> None:
    stream = start(format=form)
    structlog.get_logger().info("x", msg="album \x1b[2J\nsmugsync: error: forged", path="a\nb\u2028c")
    assert len(stream.getvalue().splitlines()) == 1
    assert "\x1b" not in stream.getvalue()


@pytest.mark.parametrize(
    ("options", "line"),
    [
        ({}, "2026-02-03T04:05:06.789Z warning: clock off (seconds=9)\n"),
        ({"terminal": True}, "smugsync: warning: clock off (seconds=9)\n"),
        ({"environ": {"JOURNAL_STREAM": "8:1"}}, "<4>clock off (seconds=9)\n"),
        (
            {"environ": {"JOURNAL_STREAM": "8:1"}, "terminal": True},
            "smugsync: warning: clock off (seconds=9)\n",
        ),
    ],
)
def test_text_suits_its_reader(options: dict[str, object], line: str) -> None:
    stream = start(level="warning", **options)
    structlog.get_logger().info("not.this")
    structlog.get_logger().warning("clock.off", msg="clock off", seconds=9)
    assert stream.getvalue() == line


def test_chatty_libraries_wait_for_debug() -> None:
    stream = start(level="info")
    logging.getLogger("httpx").info("HTTP Request: GET https://x")
    assert stream.getvalue() == ""
    stream = start(level="debug")
    logging.getLogger("httpx").info("HTTP Request: GET https://x")
    assert "HTTP Request" in stream.getvalue()


def test_lines_can_go_through_the_bars() -> None:
    stream, notes = io.StringIO(), list[str]()
    output = log.Output(stream)
    log.configure(output, Redactor(), level="warning", terminal=True)
    with output.diverted(notes.append):
        logging.getLogger("x").warning("inside")
    logging.getLogger("x").warning("outside")
    assert notes == ["smugsync: warning: inside"]
    assert stream.getvalue() == "smugsync: warning: outside\n"


def test_a_closed_stderr_stops_nobody() -> None:
    stream = start()
    stream.close()
    logging.getLogger("x").warning("into the void")
