"""The pieces of `smugsync auth` that need no service: the browser's address, the typed code, the record."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import re
import socket
import stat
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest

from smugsync.cli import main
from smugsync.cli.auth.browser import Callback, Visit, has_browser
from smugsync.cli.auth.login import Login
from smugsync.cli.auth.record import Record, forget, recall
from smugsync.cli.auth.seen import Seen
from smugsync.cli.auth.typed import read_line
from smugsync.cli.auth.words import describe, describe_permissions, describe_uploads, may_upload
from smugsync.cli.invocation import Invocation
from smugsync.config import load
from smugsync.emulator.serve import Running, running
from smugsync.emulator.settings import Settings
from smugsync.errors import NotAuthorised
from smugsync.remote.sign_in import Permissions
from smugsync.remote.smugmug_v2.viewer import Writing
from smugsync.secret import Secret

#: Longer than anything here may take.
LONG = 20.0


# The address that a browser comes back to


class Browser(threading.Thread):
    """Asks for an address and keeps what it got; it waits while the command makes up its mind."""

    def __init__(self, address: str) -> None:
        super().__init__(daemon=True)
        self.address = address
        self.response: httpx.Response | None = None
        self.start()

    def run(self) -> None:
        self.response = httpx.get(self.address, trust_env=False, timeout=LONG)

    def shown(self) -> httpx.Response:
        self.join(LONG)
        assert self.response is not None
        return self.response


def soon() -> float:
    return time.monotonic() + LONG


def test_a_visit_brings_its_fields_and_gets_its_page() -> None:
    with Callback() as callback:
        browser = Browser(f"{callback.address}?oauth_token=a%2Fb&oauth_verifier=1")
        visit = callback.wait(soon())
        assert visit.fields == {"oauth_token": "a/b", "oauth_verifier": "1"}
        visit.answer("Signed in", "All is <well> & good")
        page = browser.shown()
    assert (page.status_code, page.headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert "All is &lt;well&gt; &amp; good" in page.text
    assert "You may close this window." in page.text
    assert page.headers["cache-control"] == "no-store"
    assert page.headers["referrer-policy"] == "no-referrer"


def test_the_address_is_localhost_at_a_path_that_nobody_guesses() -> None:
    with Callback() as one, Callback() as other:
        first, second = urlsplit(one.address), urlsplit(other.address)
    assert (first.scheme, first.hostname) == ("http", "localhost")
    assert first.path != second.path
    assert len(first.path) > 16


def test_only_this_computer_is_listened_to() -> None:
    """The port is free for others on every address but the loopback's."""
    with Callback() as callback:
        port = urlsplit(callback.address).port
        assert port is not None
        with socket.create_server(("127.0.0.2", port)):
            pass
        with pytest.raises(OSError, match="in use"):
            socket.create_server(("127.0.0.1", port))


def test_both_loopbacks_are_listened_to() -> None:
    """To a browser `localhost` may be either."""
    if not socket.has_ipv6:
        pytest.skip("this machine has no IPv6")
    with Callback() as callback:
        port = urlsplit(callback.address).port
        for host in ("127.0.0.1", "[::1]"):
            try:
                answer = httpx.get(f"http://{host}:{port}/", trust_env=False, timeout=LONG)
            except httpx.ConnectError:
                if host == "[::1]":
                    pytest.skip("this machine has no IPv6 loopback")
                raise
            assert answer.status_code == 404


@pytest.mark.parametrize("path", ["/", "/favicon.ico", "/signed-in/", "//[", "/signed-in/ü"])
def test_other_paths_are_nothing(path: str) -> None:
    with Callback() as callback:
        port = urlsplit(callback.address).port
        with socket.create_connection(("127.0.0.1", port or 0), timeout=LONG) as sock:
            sock.sendall(f"GET {path} HTTP/1.0\r\n\r\n".encode())
            head = sock.recv(100)
        assert head[:12] in {b"HTTP/1.0 404", b"HTTP/1.0 400", b""}
        with pytest.raises(TimeoutError):
            callback.wait(time.monotonic())


def test_only_questions_are_answered() -> None:
    with Callback() as callback:
        parts = urlsplit(callback.address)
        line = http.client.HTTPConnection("127.0.0.1", parts.port, timeout=LONG)
        line.request("POST", f"{parts.path}?oauth_verifier=1", body=b"x")
        assert line.getresponse().status == 501
        line.close()
        with pytest.raises(TimeoutError):
            callback.wait(time.monotonic())


def test_connections_that_are_opened_and_not_used_hold_nothing_up() -> None:
    """Browsers open some in advance."""
    with contextlib.ExitStack() as stack:
        callback = stack.enter_context(Callback())
        parts = urlsplit(callback.address)
        for _ in range(5):
            stack.enter_context(socket.create_connection(("127.0.0.1", parts.port or 0), timeout=LONG))
        browser = Browser(f"{callback.address}?oauth_token=a")
        callback.wait(soon()).answer("Signed in", "Well")
        assert browser.shown().status_code == 200
        began = time.monotonic()
    assert time.monotonic() - began < 2


def test_nothing_is_logged(capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture) -> None:
    with Callback() as callback:
        parts = urlsplit(callback.address)
        browser = Browser(f"{callback.address}?oauth_verifier=1")
        visit: Visit = callback.wait(soon())
        visit.answer("Signed in", "Well")
        browser.shown()
        with socket.create_connection(("127.0.0.1", parts.port or 0), timeout=LONG) as sock:
            sock.sendall(b"\x16\x03\x01 no HTTP at all\r\n\r\n")
            sock.recv(1000)
    assert capfd.readouterr() == ("", "")
    assert caplog.text == ""


@pytest.mark.parametrize(
    ("environ", "expected"),
    [
        ({}, False),
        ({"DISPLAY": ":0"}, True),
        ({"WAYLAND_DISPLAY": "wayland-0"}, True),
        ({"DISPLAY": ":0", "SSH_CONNECTION": "a b c d"}, False),
        ({"DISPLAY": "localhost:10", "SSH_TTY": "/dev/pts/0"}, False),
        ({"BROWSER": "/usr/bin/opener", "SSH_CONNECTION": "a b c d"}, True),
    ],
)
def test_where_a_browser_can_be_expected(environ: dict[str, str], expected: object) -> None:
    assert has_browser(environ) is expected


# A code that is typed


@pytest.fixture
def pipe() -> Iterator[tuple[int, int]]:
    reader, writer = os.pipe()
    yield reader, writer
    os.close(reader)
    with contextlib.suppress(OSError):
        os.close(writer)


def test_lines_are_read_one_by_one(pipe: tuple[int, int], capsys: pytest.CaptureFixture[str]) -> None:
    os.write(pipe[1], b"first\r\nsecond\n")
    assert read_line("Code: ", LONG, handle=pipe[0]) == "first"
    assert read_line("Code: ", LONG, handle=pipe[0]) == "second"
    assert capsys.readouterr().err == "Code: \nCode: \n"


def test_nobody_types_for_too_long(pipe: tuple[int, int]) -> None:
    with pytest.raises(TimeoutError):
        read_line("Code: ", 0, handle=pipe[0])


def test_nobody_is_there_to_type(pipe: tuple[int, int]) -> None:
    os.write(pipe[1], b"12")
    os.close(pipe[1])
    with pytest.raises(EOFError):
        read_line("Code: ", LONG, handle=pipe[0])


# What was asked for

TOKEN = Secret("the-token-itself")
RECORD = Record("Full", "Modify", "2026-11-22T08:00:00+00:00", Writing.ALLOWED)


@pytest.mark.parametrize("writing", [None, *Writing])
def test_a_record_is_read_back(tmp_path: Path, writing: Writing | None) -> None:
    record = Record("Full", "Read", "2026-11-22T08:00:00+00:00", writing)
    assert record.keep(tmp_path / "state", TOKEN)
    assert recall(tmp_path / "state", TOKEN) == record


def test_a_record_holds_no_token_and_is_private(tmp_path: Path) -> None:
    RECORD.keep(tmp_path, TOKEN)
    (file,) = tmp_path.iterdir()
    assert TOKEN.reveal() not in file.read_text()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_a_record_speaks_of_its_own_token_only(tmp_path: Path) -> None:
    RECORD.keep(tmp_path, TOKEN)
    assert recall(tmp_path, Secret("another")) is None
    forget(tmp_path)
    assert recall(tmp_path, TOKEN) is None
    forget(tmp_path)


@pytest.mark.parametrize(
    "change", [{"access": "All"}, {"permissions": 3}, {"at": None}, {"writing": "perhaps"}, {"token": None}]
)
def test_a_record_that_makes_no_sense_is_none(tmp_path: Path, change: dict[str, object]) -> None:
    RECORD.keep(tmp_path, TOKEN)
    (file,) = tmp_path.iterdir()
    file.write_text(json.dumps(json.loads(file.read_text()) | change))
    assert recall(tmp_path, TOKEN) is None
    for text in ("", "[]", "{}"):
        file.write_text(text)
        assert recall(tmp_path, TOKEN) is None


def test_a_record_that_cannot_be_kept_is_no_trouble(tmp_path: Path) -> None:
    (tmp_path / "state").write_text("a file")
    assert not RECORD.keep(tmp_path / "state", TOKEN)
    assert recall(tmp_path / "state", TOKEN) is None
    forget(tmp_path / "state")


# In words


@pytest.mark.parametrize(
    ("name", "url", "expected"),
    [
        ("Zoë Demo", "https://z.example", "zoe (Zoë Demo), https://z.example"),
        ("Zoe", "", "zoe"),
        ("", "https://z.example", "zoe, https://z.example"),
    ],
)
def test_an_account_in_words(name: str, url: str, expected: str) -> None:
    assert describe(Seen("zoe", name, url, "root", "Full")) == expected


@pytest.mark.parametrize(
    ("writing", "expected"),
    [
        (None, "Modify was asked for on Monday; SmugMug does not say what it granted"),
        (Writing.ALLOWED, "Modify was asked for on Monday, and a trial was not refused"),
        (
            Writing.UNKNOWN,
            "Modify was asked for on Monday; whether it was granted, the first write will show",
        ),
    ],
)
def test_a_grant_in_words(writing: Writing | None, expected: str) -> None:
    assert describe_permissions(Record("Full", "Modify", "", writing), when=" on Monday") == expected


@pytest.mark.parametrize(
    ("permissions", "writing", "allowed"),
    [
        ("Modify", Writing.ALLOWED, True),
        ("Modify", Writing.UNKNOWN, None),
        ("Modify", None, None),
        ("Add", Writing.ALLOWED, False),
        ("Read", None, False),
    ],
)
def test_uploads_take_a_grant_to_modify(
    permissions: Permissions, writing: Writing | None, allowed: object
) -> None:
    record = Record("Full", permissions, "", writing)
    assert may_upload(record) is allowed
    assert ("revoke the grant on SmugMug" in describe_uploads(may_upload(record))) == (allowed is not True)


def test_of_a_token_from_elsewhere_nobody_knows() -> None:
    assert may_upload(None) is None
    assert "the first will show" in describe_uploads(None)


@pytest.mark.parametrize(
    ("invocation", "expected"),
    [
        (Invocation({}), "smugsync auth login"),
        (Invocation({}, profile="b"), "smugsync auth login --profile b"),
        (
            Invocation({}, config_path=Path("/a b/c.toml"), profile="b"),
            "smugsync auth login --config '/a b/c.toml' --profile b",
        ),
    ],
)
def test_advice_is_about_the_same_profile(
    invocation: Invocation, expected: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert invocation.command("auth login") == expected
    invocation.complain("not signed in: run `smugsync auth login`, or `smugsync init`")
    shown = capsys.readouterr().err
    assert shown == f"smugsync: error: not signed in: run `{expected}`, or `smugsync init`\n"


def test_advice_in_a_report_is_about_the_same_profile() -> None:
    invocation = Invocation({}, profile="b")
    accepted = invocation.told("  if so, `smugsync sync --accept-loss` moves them; `./smugsync x` does not")
    assert accepted == (
        "  if so, `smugsync sync --accept-loss --profile b` moves them; `./smugsync x` does not"
    )
    assert invocation.told(accepted) == accepted


# Signing out, which asks nobody


@pytest.fixture
def signed_in(tmp_path: Path) -> dict[str, str]:
    """The environment of a home whose configuration has a token, and a profile that inherits it."""
    environ = {"HOME": str(tmp_path)}
    names = ("api-key", "api-secret", "access-token", "access-token-secret")
    options = [word for name in names for word in (f"--{name}", f"value-of-{name}")]
    assert main(["init", "-q", "--no-input", "--mirror", str(tmp_path / "photos"), *options], environ) == 0
    with config_of(environ).open("a") as file:
        file.write(f'\n[profile.second]\nmirror = "{tmp_path}/second"\n')
    return environ


def config_of(environ: dict[str, str]) -> Path:
    return Path(environ["HOME"]) / ".config/smugsync/config.toml"


def test_whose_token_it_was_as_well(signed_in: dict[str, str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["auth", "logout"], signed_in) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[:2] == [
        f"Signed out: {config_of(signed_in)} holds no access token any more.",
        "It was that of second as well.",
    ]
    assert "value-of-access-token" not in config_of(signed_in).read_text()
    assert load(None, "second", signed_in).remote.signed_out


def test_an_heir_signs_out_alone(signed_in: dict[str, str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["auth", "logout", "--profile", "second"], signed_in) == 0
    assert "as well" not in capsys.readouterr().out
    assert load(None, "second", signed_in).remote.signed_out
    assert not load(None, "default", signed_in).remote.signed_out


def test_an_old_copy_is_named(signed_in: dict[str, str], capsys: pytest.CaptureFixture[str]) -> None:
    backup = config_of(signed_in).with_name("config.toml.bak")
    backup.write_bytes(config_of(signed_in).read_bytes())
    assert main(["auth", "logout"], signed_in) == 0
    assert f"{backup}, which `smugsync init --force` has left, still holds one." in capsys.readouterr().out
    assert main(["auth", "logout"], signed_in) == 0
    assert capsys.readouterr().out == "Nobody is signed in; nothing was changed.\n"


def test_half_a_token_is_removed_too(signed_in: dict[str, str]) -> None:
    text = config_of(signed_in).read_text()
    config_of(signed_in).write_text(text.replace("access_token_secret =", "# access_token_secret ="))
    assert main(["auth", "logout", "-q"], signed_in) == 0
    assert load(None, "default", signed_in).remote.access_token is None


def test_a_token_in_a_file_of_its_own_is_not_ours_to_remove(
    signed_in: dict[str, str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    secret = tmp_path / "secret"
    secret.touch(0o600)
    secret.write_text("a-token-in-a-file")
    text = config_of(signed_in).read_text()
    line = 'access_token = "value-of-access-token"'
    config_of(signed_in).write_text(text.replace(line, f'access_token_file = "{secret}"'))
    assert main(["auth", "logout", "-q"], signed_in) == 78
    where = f"{secret} ({config_of(signed_in)}: remote.access_token_file)"
    complaint = f"smugsync: error: access_token still comes from {where}: remove it there\n"
    assert capsys.readouterr().err == complaint
    assert secret.read_text() == "a-token-in-a-file"


# Nobody answers


@pytest.fixture
def served() -> Iterator[Running]:
    with running(Settings()) as server:
        yield server


def test_nobody_answers_in_time(served: Running, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    environ = {"HOME": str(tmp_path)}
    options = [f"--{name.replace('_', '-')}={served.ready[name]}" for name in ("api_key", "api_secret")]
    options += [f"--{name}-url={served.url}" for name in ("api", "oauth", "upload")]
    assert main(["init", "-q", "--no-input", "--mirror", str(tmp_path / "photos"), *options], environ) == 0
    before = (tmp_path / ".config/smugsync/config.toml").read_bytes()
    login = Login(Invocation(environ), load(None, "default", environ), "Read", patience=0.0)
    login.check()
    with pytest.raises(NotAuthorised, match=r"no answer .* within five minutes; .* with --oob"):
        login.by_browser(may_open=False)
    assert re.search(r"/services/oauth/1\.0a/authorize\?oauth_token=\w+&", capsys.readouterr().err)
    assert (tmp_path / ".config/smugsync/config.toml").read_bytes() == before


def test_help_says_what_each_command_does(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["auth", "--help"]) == 0
    shown = capsys.readouterr().out
    assert all(f"\n  {name} " in shown for name in ("login", "status", "logout"))
    assert main(["auth", "login", "--help"]) == 0
    shown = capsys.readouterr().out
    assert all(option in shown for option in ("--oob", "--write", "--no-browser"))
