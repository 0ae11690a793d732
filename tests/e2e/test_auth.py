"""Signing in and out, as a person does it: the command on one side, a browser on the other."""

from __future__ import annotations

import html
import json
import os
import re
import signal
import stat
import sys
import tomllib
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import httpx
import pytest

from smugsync.emulator.emulator import Emulator as Service
from smugsync.emulator.serve import running
from smugsync.emulator.settings import Settings
from smugsync.emulator.switches import Switches
from tests.e2e.command import Command, Result, Running, until
from tests.e2e.conftest import Emulator
from tests.e2e.emulated import Emulated
from tests.e2e.test_bad_surroundings import mount, mounted

ADDRESS = re.compile(r"https?://\S+/services/oauth/1\.0a/authorize\?\S+")


@pytest.fixture(scope="module")
def shared(emulator: Emulator) -> Emulated:
    """An account whose page answers by itself, as if somebody had pressed the button."""
    return emulator("--switch", "authorize=approve")


@pytest.fixture
def online(shared: Emulated) -> Iterator[Emulated]:
    """The account, to which nobody has granted anything; afterwards that is so again."""
    yield shared
    shared.calm()
    switch(shared, authorize="approve", terms="accepted")
    for token in grants(shared):
        control(shared, "DELETE", f"tokens/{token['token']}")


@pytest.fixture
def known(online: Emulated, command: Command) -> Command:
    """A configuration with a key and its secret, and no token."""
    prepare(online.ready, command)
    return command


def prepare(ready: dict[str, str], command: Command, *arguments: str) -> None:
    wanted = ("api_key", "api_secret", "api_url", "oauth_url", "upload_url")
    options = [word for name in wanted for word in (f"--{name.replace('_', '-')}", ready[name])]
    done = command.run("init", "--no-input", "--mirror", str(command.mirror), *options, *arguments)
    assert done.code == 0, done
    command.secrets = [ready["api_key"], ready["api_secret"]]


def control(online: Emulated, method: str, path: str, **body: Any) -> dict[str, Any]:
    answer = httpx.request(method, f"{online.origin}/_emulator/{path}", json=body, trust_env=False)
    assert answer.status_code == 200, answer.text
    found = answer.json()
    assert isinstance(found, dict)
    return found


def switch(online: Emulated, **switches: str) -> None:
    control(online, "POST", "switches", **switches)


def grants(online: Emulated) -> list[dict[str, Any]]:
    """The tokens that people granted, in this order."""
    tokens = control(online, "GET", "tokens")["tokens"]
    return [one for one in tokens if not one["announced"] and not one["revoked"]]


def browse(address: str) -> httpx.Response:
    """What a browser does: every redirect is followed, to this computer too."""
    return httpx.get(address, follow_redirects=True, trust_env=False, timeout=20)


def code_at(address: str) -> str:
    """The code that the page shows."""
    found = re.search(r"<output>(\d{6})</output>", browse(address).text)
    assert found
    return found[1]


def read_until(running: Running, enough: Callable[[str], object]) -> str:
    """What the command says, until it has said enough."""
    assert running.process.stderr is not None
    told = ""
    while not enough(told):
        piece = os.read(running.process.stderr.fileno(), 4096).decode()
        assert piece, f"it said no more than: {told}"
        told += piece
    return told


def page_of(running: Running, *, waiting_for: str = "Waiting") -> str:
    """The address that the command asks its person to open."""
    return address_in(read_until(running, lambda text: waiting_for in text))


def address_in(told: str) -> str:
    found = ADDRESS.search(told)
    assert found, told
    return found[0]


def sign_in(command: Command, *arguments: str, **environ: str) -> Result:
    """By a browser on this computer, which somebody opens by hand."""
    with command.start("auth", "login", "--no-browser", *arguments, **environ) as running:
        browse(page_of(running))
        return running.finish()


def by_code(command: Command, *codes: Callable[[str], str]) -> Result:
    """By codes made from the page's address, one after the other."""
    with command.converse("auth", "login", "--oob") as running:
        told = read_until(running, lambda text: "Code: " in text)
        typed = "".join(f"{make(address_in(told))}\n" for make in codes)
        assert running.process.stdin is not None
        running.process.stdin.write(typed)
        running.process.stdin.flush()
        done = running.finish()
    return replace(done, err=told + done.err)


def remote(command: Command) -> dict[str, Any]:
    found = tomllib.loads(command.config.read_text())["remote"]
    assert isinstance(found, dict)
    return found


def status(command: Command, **environ: str) -> dict[str, Any]:
    done = command.run("auth", "status", "--json", **environ)
    assert done.code == 0, done
    return done.json


# -- signing in ------------------------------------------------------------------------------------


def test_before_anybody_is_signed_in(known: Command) -> None:
    """The configuration is sound; what wants an account says what to do."""
    assert known.run("config", "check").out.splitlines() == [
        f"ok: {known.config}, profile default",
        "not signed in yet: run `smugsync auth login`",
    ]
    for arguments in (("sync",), ("plan",), ("auth", "status")):
        sentence = known.run(*arguments).error(77)
        assert sentence == "not signed in to SmugMug: run `smugsync auth login`"
    assert not known.state.exists(), "a run was begun"


def test_a_browser_brings_the_answer(online: Emulated, known: Command) -> None:
    with known.start("auth", "login", "--no-browser") as running:
        address = page_of(running)
        asked = parse_qs(urlsplit(address).query)
        assert (asked["Access"], asked["Permissions"]) == (["Full"], ["Read"])
        page = browse(address)
        done = running.finish()
    assert page.status_code == 200
    assert "smugsync is signed in to the SmugMug account demo." in page.text
    assert "You may close this window." in page.text
    assert done.out.splitlines() == [
        "Signed in as demo, https://demo.smugmug.com",
        "Access: Full, private albums too",
        "Permissions: Read",
        f"Configuration: {known.config}",
        "Next: smugsync sync",
    ]
    (granted,) = grants(online)
    assert (granted["access"], granted["permissions"]) == ("Full", "Read")
    assert remote(known)["access_token"] == granted["token"]
    assert remote(known)["access_token_secret"] == granted["secret"]
    assert granted["token"] not in done.out + done.err
    assert granted["secret"] not in done.out + done.err


def test_what_was_signed_in_can_be_mirrored(online: Emulated, known: Command) -> None:
    assert sign_in(known).code == 0
    known.sync()
    assert known.md5s() == online.md5s()


def test_the_configuration_is_edited_and_nothing_else(known: Command) -> None:
    before = known.config.read_text()
    assert sign_in(known).code == 0
    after = known.config.read_text()
    changed = [
        (old, new) for old, new in zip(before.splitlines(), after.splitlines(), strict=True) if old != new
    ]
    assert [old for old, _ in changed] == ['# access_token = "..."', '# access_token_secret = "..."']
    assert stat.S_IMODE(known.config.stat().st_mode) == 0o600
    assert [path.name for path in known.config.parent.iterdir()] == ["config.toml"], "a copy was left"


def test_a_code_is_typed_in(online: Emulated, known: Command) -> None:
    done = by_code(known, code_at)
    assert done.code == 0, done
    assert done.out.startswith("Signed in as demo, ")
    assert remote(known)["access_token"] == grants(online)[0]["token"]


def test_codes_may_be_mistyped_twice(known: Command) -> None:
    done = by_code(known, lambda _: "12345", lambda _: "nobody knows", code_at)
    assert done.code == 0, done
    assert done.err.count("That is not a code of six digits.") == 2


def test_a_code_may_be_written_with_a_space(known: Command) -> None:
    done = by_code(known, lambda address: f" {(code := code_at(address))[:3]} {code[3:]} ")
    assert done.code == 0, done


def another(code: str) -> str:
    return f"{(int(code) + 1) % 1_000_000:06}"


def test_a_wrong_code_may_be_corrected(known: Command) -> None:
    done = by_code(known, lambda address: another(code_at(address)), code_at)
    assert done.code == 0, done
    assert "SmugMug does not accept this code." in done.err


def test_three_wrong_codes_are_enough(known: Command) -> None:
    done = by_code(known, *[lambda address: another(code_at(address))] * 3)
    assert done.error(77) == "SmugMug does not accept this code; run `smugsync auth login` again"
    assert "access_token" not in remote(known)


def test_a_code_before_the_button_was_pressed(online: Emulated, known: Command) -> None:
    switch(online, authorize="ask")
    done = by_code(known, *[lambda _: "123456"] * 3)
    assert "Nobody has pressed a button on SmugMug's page yet." in done.err
    assert done.code == 77


def test_nobody_types_a_code(known: Command) -> None:
    assert "there is nobody to type in the code" in known.run("auth", "login", "--oob").error(2)


def test_without_a_browser_it_goes_by_code(known: Command) -> None:
    """Nothing here can show a page: no display, or somebody sits at the other end of SSH."""
    for environ in ({}, {"DISPLAY": ":0", "SSH_CONNECTION": "192.0.2.1 1 192.0.2.2 22"}):
        done = known.run("auth", "login", **environ)
        assert "There is no browser to open from here, so this goes by a code." in done.err
        assert done.code == 2


@pytest.fixture
def browser(tmp_path: Path) -> Path:
    """A program that opens addresses."""
    path = tmp_path / "browser"
    script = (
        f"#!{sys.executable}\nimport sys, urllib.request\n"
        "opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))\n"
        "opener.open(sys.argv[1], timeout=20).read()\n"
    )
    path.write_text(script)
    path.chmod(0o755)
    return path


def test_the_browser_is_opened(online: Emulated, known: Command, browser: Path) -> None:
    done = known.run("auth", "login", BROWSER=str(browser), PYTHONWARNINGS="")
    assert done.code == 0, done
    assert ADDRESS.search(done.err), "the address is printed all the same"
    assert len(grants(online)) == 1


def test_a_browser_that_does_not_start(known: Command) -> None:
    with known.start("auth", "login", BROWSER="/nonexistent/browser") as running:
        told = read_until(running, lambda text: "--oob" in text)
        assert "No browser could be opened" in told
        browse(address_in(told))
        assert running.finish().code == 0


def test_a_person_presses_the_button(online: Emulated, known: Command) -> None:
    switch(online, authorize="ask")
    with known.start("auth", "login", "--no-browser") as running:
        address = page_of(running)
        page = browse(address).text
        fields = dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)">', page))
        form = {name: html.unescape(value) for name, value in fields.items()} | {"decision": "approve"}
        answered = httpx.post(
            address.partition("?")[0], data=form, follow_redirects=True, trust_env=False, timeout=20
        )
        assert "You may close this window." in answered.text
        assert running.finish().code == 0


def test_signing_in_anew_replaces_the_token(online: Emulated, known: Command) -> None:
    assert sign_in(known).code == 0
    first = remote(known)["access_token"]
    assert sign_in(known).code == 0
    assert remote(known)["access_token"] != first
    assert len(grants(online)) == 2


def test_half_a_token_is_completed(known: Command) -> None:
    text = known.config.read_text()
    known.config.write_text(text.replace('# access_token = "..."', 'access_token = "half-of-it"'))
    sentence = known.run("sync").error(78)
    assert "remote.access_token_secret is missing" in sentence
    assert sentence.endswith("or run `smugsync auth login`")
    assert sign_in(known).code == 0
    assert status(known)["signed_in"] is True


# -- the right to write ----------------------------------------------------------------------------


def test_the_right_to_write_is_asked_for_and_tried(online: Emulated, known: Command) -> None:
    before = control(online, "GET", "account")
    done = sign_in(known, "--write")
    assert done.code == 0, done
    assert "Permissions: Modify was asked for, and a trial was not refused" in done.out
    assert grants(online)[0]["permissions"] == "Modify"
    assert control(online, "GET", "account") == before, "the trial changed something"
    assert status(known)["asked"]["writing"] == "allowed"


def switch_uploads_on(command: Command) -> None:
    text = command.config.read_text()
    command.config.write_text(text.replace("[upload]\n", "[upload]\nenabled = true\n"))


def test_with_uploads_the_right_to_write_is_asked_for(online: Emulated, known: Command) -> None:
    switch_uploads_on(known)
    done = sign_in(known)
    assert done.code == 0, done
    assert grants(online)[0]["permissions"] == "Modify"
    assert status(known)["uploads"] == {"enabled": True, "allowed": True}
    assert "  uploads      the grant reaches for them" in known.run("auth", "status").out.splitlines()


def test_uploads_that_are_switched_on_later_need_another_grant(online: Emulated, known: Command) -> None:
    assert sign_in(known).code == 0
    assert status(known)["uploads"] == {"enabled": False, "allowed": False}
    assert "  uploads " not in known.run("auth", "status").out
    switch_uploads_on(known)
    (line,) = [one for one in known.run("auth", "status").out.splitlines() if "  uploads " in one]
    assert line.startswith("  uploads      the grant does not reach for them: revoke the grant on SmugMug")
    assert sign_in(known).error(77).startswith("SmugMug lets us read, but not write")
    control(online, "DELETE", f"tokens/{remote(known)['access_token']}")
    assert sign_in(known).code == 0
    assert status(known)["uploads"]["allowed"] is True


def test_a_grant_to_read_cannot_be_widened(online: Emulated, known: Command) -> None:
    """The service keeps the first grant; that has to be noticed, and nothing is spoiled."""
    assert sign_in(known).code == 0
    token = remote(known)["access_token"]
    sentence = sign_in(known, "--write").error(77)
    assert sentence.startswith("SmugMug lets us read, but not write: an earlier authorisation holds")
    assert "revoke it under Account Settings, Privacy, Authorized Services" in sentence
    assert "then run `smugsync auth login --write` again" in sentence
    assert remote(known)["access_token"] == token
    control(online, "DELETE", f"tokens/{token}")
    assert sign_in(known, "--write").code == 0


def test_a_grant_of_public_things_is_not_enough(online: Emulated, known: Command) -> None:
    with known.start("auth", "login", "--no-browser") as running:
        page = browse(page_of(running).replace("Access=Full", "Access=Public"))
        done = running.finish()
    assert "Not signed in" in page.text
    sentence = done.error(77)
    assert sentence.startswith("SmugMug shows only what is public: an earlier authorisation holds")
    assert "access_token" not in remote(known)


def test_a_trial_without_an_answer_is_no_proof(online: Emulated, known: Command) -> None:
    online.fault("503@/api/v2/node/*")
    done = sign_in(known, "--write")
    assert done.code == 0, done
    assert "whether it was granted, the first write will show" in done.out


# -- what goes wrong: 77 ---------------------------------------------------------------------------


def test_somebody_refuses(online: Emulated, known: Command) -> None:
    switch(online, authorize="refuse")
    with known.start("auth", "login", "--no-browser") as running:
        page = browse(page_of(running))
        done = running.finish()
    assert "Not signed in" in page.text
    assert done.error(77) == (
        "access was refused on SmugMug's page; to allow it after all, run `smugsync auth login` again"
    )


def test_somebody_refuses_and_types_a_code(online: Emulated, known: Command) -> None:
    switch(online, authorize="refuse")

    def refuse(address: str) -> str:
        browse(address)
        return "123456"

    assert "access was refused on SmugMug's page" in by_code(known, refuse).error(77)


def test_strangers_at_the_door_change_nothing(known: Command) -> None:
    """Other programs on this computer, and other pages in the browser, may call at our address."""
    with known.start("auth", "login", "--no-browser") as running:
        address = page_of(running)
        # Where the browser will be sent, by asking without following.
        ours = httpx.get(address, trust_env=False).headers["location"].partition("?")[0]
        origin = f"http://{urlsplit(ours).netloc}"
        assert browse(f"{origin}/").status_code == 404
        assert browse(f"{origin}/favicon.ico").status_code == 404
        stranger = browse(f"{ours}?{urlencode({'oauth_token': 'another', 'oauth_verifier': '123456'})}")
        assert "This is not the answer that smugsync is waiting for." in stranger.text
        assert running.process.poll() is None
        assert "is signed in" in browse(address).text
        done = running.finish()
    assert (done.code, done.err) == (0, ""), "nothing is logged"


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ("API_KEY", "SmugMug does not know this API key"),
        ("API_SECRET", "the API secret is not that of this API key"),
    ],
)
def test_a_wrong_key(known: Command, wrong: str, sentence: str) -> None:
    known.secrets.append("not-the-right-one")
    done = known.run("auth", "login", "--oob", **{f"SMUGSYNC_REMOTE__{wrong}": "not-the-right-one"})
    assert sentence in done.error(77)
    assert "`smugsync auth status` says where" in done.error(77)
    assert not ADDRESS.search(done.err), "nobody is sent to a page in vain"


def test_terms_that_were_not_accepted(online: Emulated, known: Command) -> None:
    assert sign_in(known).code == 0
    switch(online, terms="pending")
    sentence = known.run("auth", "status").error(77)
    assert "accept the terms of service at https://api.smugmug.com/api/developer/accept" in sentence


def test_it_takes_too_long(command: Command) -> None:
    """A request token holds for five minutes."""
    late = [0.0]
    settings = Settings(switches=Switches(authorize="approve"))
    service = Service(settings, clock=lambda: 1_700_000_000 + late[0])
    with running(settings, emulator=service) as served:
        prepare(dict(served.ready), command)

        def wait(address: str) -> str:
            code = code_at(address)
            late[0] = 301
            return code

        sentence = by_code(command, wait).error(77)
    assert sentence == (
        "the sign-in took longer than five minutes, or was used already; run `smugsync auth login` again"
    )


def test_a_clock_years_off_is_told_and_mended(command: Command) -> None:
    settings = Settings(switches=Switches(authorize="approve"))
    with running(settings, emulator=Service(settings, clock=lambda: 1_700_000_000)) as served:
        prepare(dict(served.ready), command)
        done = by_code(command, code_at)
        assert done.code == 0, done
    warnings = [line for line in done.err.splitlines() if "warning" in line]
    assert len(warnings) == 1
    assert "this computer's clock is" in warnings[0]


def test_the_account_of_somebody_else(emulator: Emulator, online: Emulated, known: Command) -> None:
    """The browser may be signed in to another account than the one that is mirrored here."""
    assert sign_in(known).code == 0
    known.sync()
    token = remote(known)["access_token"]
    with known.start("auth", "login", "--no-browser") as running:
        browse(page_of(running) + "&username=demo-visitor")
        done = running.finish()
    assert f"but {known.mirror} is the mirror of demo" in done.error(77)
    assert remote(known)["access_token"] == token


# -- what goes wrong: 75 ---------------------------------------------------------------------------


def test_nobody_is_there(known: Command) -> None:
    environ = {"SMUGSYNC_REMOTE__OAUTH_URL": "http://127.0.0.1:1"}
    assert "127.0.0.1 refuses the connection" in known.run("auth", "login", "--oob", **environ).error(75)
    environ = {"SMUGSYNC_REMOTE__API_URL": "http://127.0.0.1:1"}
    assert sign_in(known).code == 0
    assert "refuses the connection" in known.run("auth", "status", **environ).error(75)


def test_the_exchange_is_lost(online: Emulated, known: Command) -> None:
    """The verifier may be used up by then: only a new sign-in helps."""
    online.fault("reset@/services/oauth/1.0a/getAccessToken")
    sentence = sign_in(known).error(75)
    assert sentence.endswith("; run `smugsync auth login` again")


def test_a_portal_in_the_way(online: Emulated, known: Command) -> None:
    online.fault("portal@/services/*")
    assert "a captive portal or sign-in page may be in the way" in known.run("auth", "login", "--oob").error(
        75
    )


# -- what goes wrong: 78 and 2 ---------------------------------------------------------------------


def test_a_token_that_comes_from_elsewhere(known: Command, tmp_path: Path) -> None:
    """What a sign-in would write could not count: that is told before anybody goes to a page."""
    environ = {
        "SMUGSYNC_REMOTE__ACCESS_TOKEN": "shadow-1",
        "SMUGSYNC_REMOTE__ACCESS_TOKEN_SECRET": "shadow-2",
    }
    known.secrets += ["shadow-1", "shadow-2"]
    done = known.run("auth", "login", **environ)
    assert done.error(78).startswith(
        "access_token comes from environment variable SMUGSYNC_REMOTE__ACCESS_TOKEN, and what a sign-in "
        f"writes into {known.config} would not count: remove it there, then run `smugsync auth login` again"
    )
    assert not ADDRESS.search(done.err)
    credentials = tmp_path / "credentials"
    credentials.mkdir()
    for name in ("access_token", "access_token_secret"):
        (credentials / name).write_text("shadow-1")
    sentence = known.run("auth", "login", CREDENTIALS_DIRECTORY=str(credentials)).error(78)
    assert f"access_token comes from {credentials}/access_token" in sentence


def test_a_token_in_a_file_of_its_own(known: Command) -> None:
    for name in ("access_token", "access_token_secret"):
        path = known.root / name
        path.touch(0o600)
        path.write_text("a-token-in-a-file")
        text = known.config.read_text().replace(f'# {name} = "..."', f'{name}_file = "{path}"')
        known.config.write_text(text)
    known.secrets.append("a-token-in-a-file")
    sentence = known.run("auth", "login").error(78)
    assert (
        f"access_token comes from {known.root}/access_token ({known.config}: remote.access_token_file)"
        in sentence
    )


def test_a_configuration_that_cannot_be_written(known: Command) -> None:
    with mounted(known.config.parent, "--bind", str(known.config.parent)):
        mount("-o", "remount,bind,ro", str(known.config.parent))
        done = known.run("auth", "login")
    assert done.error(78) == f"{known.config}: cannot be written: Read-only file system"
    assert not ADDRESS.search(done.err)


def test_a_configuration_that_is_a_link(known: Command) -> None:
    """People keep such files elsewhere, under version control or in a vault."""
    target = known.root / "vault" / "smugsync.toml"
    target.parent.mkdir()
    known.config.rename(target)
    known.config.symlink_to(target)
    assert sign_in(known).code == 0
    assert known.config.is_symlink()
    assert "access_token" in tomllib.loads(target.read_text())["remote"]


def test_a_table_that_nothing_can_be_added_to(known: Command) -> None:
    text = known.config.read_text()
    known.config.write_text(f'{text}\n[profile]\nold = {{ mirror = "{known.root}/old" }}\n')
    sentence = known.run("auth", "login", "--profile", "old").error(78)
    assert "profile.old.remote is written in a way that no program can add to" in sentence


def test_public_albums_take_no_sign_in(online: Emulated, command: Command) -> None:
    prepare(online.ready, command, "--user", "demo")
    sentence = command.run("auth", "login").error(2)
    assert sentence.startswith("this profile reads the public albums of demo (`remote.user`)")


def test_options_that_contradict_each_other(known: Command) -> None:
    sentence = known.run("auth", "login", "--oob", "--no-browser").error(2)
    assert sentence == "--oob opens no browser: leave --no-browser out"


# -- stopping --------------------------------------------------------------------------------------


def test_ctrl_c_while_a_browser_is_waited_for(known: Command) -> None:
    with known.start("auth", "login", "--no-browser") as running:
        page_of(running)
        done = running.signal(signal.SIGINT)
    assert (done.code, done.err) == (130, "smugsync: error: interrupted\n")
    assert done.seconds < 1.5


def test_ctrl_c_while_a_code_is_waited_for(known: Command) -> None:
    with known.converse("auth", "login", "--oob") as running:
        page_of(running, waiting_for="Code: ")
        done = running.signal(signal.SIGINT)
    assert (done.code, done.err) == (130, "smugsync: error: interrupted\n")
    assert done.seconds < 1.5


def test_ctrl_c_while_the_service_is_silent(online: Emulated, known: Command) -> None:
    fault = online.fault("stall@/services/*:at=-1")
    with known.start("auth", "login", "--oob") as running:
        until(lambda: online.struck(fault) == 1)
        done = running.signal(signal.SIGINT)
    assert done.code == 130
    assert done.seconds < 1.5


# -- who is it? ------------------------------------------------------------------------------------


def test_status_for_people(known: Command) -> None:
    assert sign_in(known).code == 0
    done = known.run("auth", "status")
    assert done.code == 0
    lines = done.out.splitlines()
    assert lines[0] == "demo, https://demo.smugmug.com"
    assert lines[1] == "  access       Full: everything, private albums too"
    assert re.fullmatch(
        r"  permissions  Read was asked for on \d{4}-\d\d-\d\d; SmugMug does not say what it granted",
        lines[2],
    )
    assert re.fullmatch(r"  requests     [\d,]+ left until \d\d:\d\d, .+ from now", lines[3])
    assert lines[4:] == [
        f"  credentials  api_key, api_secret, access_token, access_token_secret: {known.config}"
    ]


def test_status_for_programs(online: Emulated, known: Command) -> None:
    assert sign_in(known).code == 0
    found = status(known)
    assert (found["schema"], found["profile"], found["signed_in"]) == (1, "default", True)
    assert found["account"] == {"nickname": "demo", "name": "Demo", "url": "https://demo.smugmug.com"}
    assert (found["access"], found["asked"]["access"], found["asked"]["permissions"]) == (
        "Full",
        "Full",
        "Read",
    )
    assert found["rate_limit"]["remaining"] > 0
    assert found["credentials"]["access_token"] == str(known.config)
    assert found["problem"] is None


def test_status_of_a_token_that_was_pasted(online: Emulated, command: Command) -> None:
    command.init(online)
    assert status(command)["asked"] is None
    assert "not on record" in command.run("auth", "status").out


def test_a_record_is_about_one_token(online: Emulated, known: Command) -> None:
    """Somebody pastes another token: what was asked for with the old one says nothing."""
    assert sign_in(known).code == 0
    text = known.config.read_text()
    for name in ("access_token", "access_token_secret"):
        text = text.replace(remote(known)[name], online.ready[name])
    known.config.write_text(text)
    found = status(known)
    assert (found["signed_in"], found["asked"]) == (True, None)


def test_status_says_where_credentials_come_from(online: Emulated, known: Command) -> None:
    assert sign_in(known).code == 0
    found = status(known, SMUGSYNC_REMOTE__API_KEY=online.ready["api_key"])
    assert found["credentials"]["api_key"] == "environment variable SMUGSYNC_REMOTE__API_KEY"
    assert found["credentials"]["access_token"] == str(known.config)


def test_status_of_a_token_that_was_revoked(online: Emulated, known: Command) -> None:
    assert sign_in(known).code == 0
    control(online, "DELETE", f"tokens/{remote(known)['access_token']}")
    done = known.run("auth", "status", "--json")
    sentence = "the access token was revoked; run `smugsync auth login`"
    assert done.error(77) == sentence
    found = json.loads(done.out)
    assert (found["signed_in"], found["account"], found["problem"]) == (False, None, sentence)
    assert known.run("sync").error(77) == sentence


def test_status_without_a_sign_in(online: Emulated, command: Command) -> None:
    prepare(online.ready, command, "--user", "demo")
    found = status(command)
    assert (found["signed_in"], found["access"]) == (False, "Public")
    assert found["account"]["nickname"] == "demo"
    shown = command.run("auth", "status").out
    assert "  access       Public: only what everybody sees" in shown
    assert "  permissions  none: the API key alone, without a sign-in" in shown


def test_advice_names_the_profile(online: Emulated, known: Command) -> None:
    """With the bare command somebody would sign in to the wrong account."""
    prepare(online.ready, known, "--profile", "second", "--mirror", str(known.root / "second"))
    sentence = known.run("sync", "--profile", "second").error(77)
    assert sentence == "not signed in to SmugMug: run `smugsync auth login --profile second`"


# -- signing out -----------------------------------------------------------------------------------


def test_signing_out(online: Emulated, known: Command) -> None:
    assert sign_in(known).code == 0
    token = remote(known)["access_token"]
    done = known.run("auth", "logout")
    assert done.code == 0
    assert done.out.splitlines() == [
        f"Signed out: {known.config} holds no access token any more.",
        "SmugMug goes on to accept the token until you revoke it there:",
        "Account Settings, Privacy, Authorized Services.",
    ]
    everything = [path.read_text() for path in known.home.rglob("*") if path.is_file()]
    assert not any(token in text for text in everything)
    assert known.run("sync").error(77) == "not signed in to SmugMug: run `smugsync auth login`"
    again = known.run("auth", "logout")
    assert (again.code, again.out) == (0, "Nobody is signed in; nothing was changed.\n")
    assert sign_in(known).code == 0


def test_signing_out_of_one_profile(online: Emulated, known: Command) -> None:
    prepare(online.ready, known, "--profile", "second", "--mirror", str(known.root / "second"))
    assert sign_in(known).code == 0
    assert sign_in(known, "--profile", "second").code == 0
    assert known.run("auth", "logout", "--profile", "second").code == 0
    assert status(known)["signed_in"] is True
    assert known.run("auth", "status", "--profile", "second").code == 77


def test_a_token_that_is_not_ours_to_remove(known: Command) -> None:
    environ = {
        "SMUGSYNC_REMOTE__ACCESS_TOKEN": "shadow-1",
        "SMUGSYNC_REMOTE__ACCESS_TOKEN_SECRET": "shadow-2",
    }
    done = known.run("auth", "logout", **environ)
    assert done.code == 78
    assert "access_token still comes from environment variable SMUGSYNC_REMOTE__ACCESS_TOKEN: " in done.err


# -- secrets ---------------------------------------------------------------------------------------


def test_no_secret_in_the_log_or_the_process_list(online: Emulated, known: Command) -> None:
    """Whatever is asked for, at the most talkative."""
    with known.start("auth", "login", "--no-browser", "-vv", "--log-format", "json") as running:
        told = read_until(running, lambda text: "Waiting" in text)
        address = address_in(told)
        listed = Path(f"/proc/{running.process.pid}/cmdline").read_text()
        browse(address)
        done = running.finish()
    assert done.code == 0, done
    (granted,) = grants(online)
    asked = parse_qs(urlsplit(address).query)["oauth_token"][0]
    said = told.replace(address, "") + done.err + done.out + listed
    for secret in (granted["token"], granted["secret"], asked, *known.secrets):
        assert secret not in said
    assert "oauth_verifier" not in said
