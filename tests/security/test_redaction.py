"""Secrets are said by nobody: whatever is asked for and whatever goes wrong, no output, log, report or file
but the configuration holds one, in whatever form."""

from __future__ import annotations

import signal
import sqlite3
import sys
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from smugsync.cli import COMMANDS
from smugsync.emulator.messages import Request, Response, html_response, json_response
from smugsync.emulator.serve import running
from smugsync.emulator.switches import Switches
from smugsync.secret import Redactor, Secret
from tests.e2e.command import Command, Result, until
from tests.e2e.emulated import OF_OTHERS
from tests.e2e.record import Record, disguises, files_that_hold
from tests.e2e.test_auth import by_code, code_at
from tests.remote.servers import Server
from tests.security.liar import Liar, Lie
from tests.security.tour import set_up

#: As no service issues them: with everything that has to be encoded somewhere.
AWKWARD = {
    "api_key": "Key/with+signs=and%41\u00e4",
    "api_secret": "se'cret\"with&quotes?and#hash",
    "access_token": "token;with:colons,and<brackets>",
    "access_token_secret": "tok\\en~secret|with*stars!and(\u4e2d)",
}

#: The commands of the tour. What stands in none of them is called for its help.
WORDS = (
    "config show",
    "config show --json",
    "config check",
    "-vv auth status --json",
    "-vv --log-format json plan",
    "-vv --log-format json sync",
    "status",
    "ls --json",
    "history --json",
    "-vv verify --repair",
    "fsck --online",
    "resolve --json",
    "undo 1",
    "trash list --json",
    "export checksums",
    "-vv doctor",
    "-vv adopt mirror",
    "-vv fsck --rebuild --yes",
    "completion bash",
    "init",
)


@dataclass
class Scene:
    """An account of two photos that is mirrored, the service behind it, and the command."""

    liar: Liar
    command: Command

    def run(self, *words: str) -> Result:
        return self.command.run(*words)


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    liar, command = Liar(), Command(tmp_path_factory.mktemp("stage"))
    album = liar.account.add_album("Album", parent=liar.account.root)
    for name in ("a.jpg", "b.jpg"):
        liar.account.add_photo(album, name, name.encode())
    with running(liar.settings, emulator=liar) as service:
        set_up(command, service)
        command.sync()
        yield Scene(liar, command)


@pytest.fixture
def scene(stage: Scene) -> Iterator[Scene]:
    """The stage, to be upset."""
    secrets, program, prefix = list(stage.command.secrets), stage.command.program, stage.command.prefix
    yield stage
    stage.liar.lies = []
    stage.liar.faults.clear(None)
    stage.command.environ, stage.command.may_trace = {}, False
    stage.command.secrets, stage.command.program, stage.command.prefix = secrets, program, prefix


def assert_silent(command: Command, *results: Result, secrets: list[str] | None = None) -> None:
    """None of the secrets was said, nor stands in a file that is not the configuration."""
    secrets = secrets or command.secrets
    assert secrets
    forms = [form for secret in secrets for form in disguises(secret)]
    for result in results:
        said = [form for form in forms if form in result.out + result.err]
        assert not said, result
    places = [command.mirror, command.home / ".local", command.home / ".cache"]
    assert list(files_that_hold(secrets, *places)) == []


def test_no_command_says_a_secret(scene: Scene) -> None:
    results = [scene.run(*words.split()) for words in WORDS]
    toured = {word for words in WORDS for word in words.split()}
    results += [scene.run(name, "--help") for name in COMMANDS if name not in toured]
    assert {result.code for result in results} <= {0, 2, 3, 78}, results
    assert_silent(scene.command, *results)
    assert list(files_that_hold(scene.command.secrets, scene.command.root)) == [scene.command.config]


def test_a_sign_in_says_no_secret(tmp_path: Path) -> None:
    liar, command = Liar(), Command(tmp_path)
    liar.turn(replace(Switches(), authorize="approve"))
    with running(liar.settings, emulator=liar) as service:
        known = {name: service.ready[name] for name in ("api_key", "api_secret")}
        places = [
            f"--{name.replace('_', '-')}={service.ready[name]}"
            for name in service.ready
            if "url" in name and name not in OF_OTHERS
        ]
        keys = [f"--{name.replace('_', '-')}={value}" for name, value in known.items()]
        assert command.run("init", "--no-input", f"--mirror={command.mirror}", *places, *keys).code == 0
        before = command.config.read_text()
        signed = by_code(command, code_at)
        assert signed.code == 0, signed
        tokens = [
            line.partition('"')[2].rpartition('"')[0]
            for line in set(command.config.read_text().splitlines()) - set(before.splitlines())
        ]
        assert len(tokens) == 2
        results = [
            signed,
            command.run("-vv", "sync"),
            command.run("auth", "status"),
            command.run("auth", "logout"),
        ]
    assert_silent(command, *results, secrets=[*known.values(), *tokens])
    assert set(files_that_hold(tokens, command.root)) == set()


# Services that say what they were sent


def echo(make: str) -> Lie:
    """Answers of the API hold the Authorization header of their question, in the way that `make` names."""

    def lie(request: Request, response: Response) -> Response:
        if not request.path.startswith(("/api", "/services")):
            return response
        sent = request.headers.get("authorization", "nothing")
        match make:
            case "unauthorised":
                return json_response(401, {"Code": 401, "Message": f"oauth_problem=token_rejected&{sent}"})
            case "forbidden":
                return json_response(403, {"Code": 403, "Message": f"you sent {sent}"})
            case "bad-request":
                return json_response(400, {"Code": 400, "Message": sent})
            case "garbled":
                return Response(200, (("Content-Type", "application/json"),), f"sent: {sent}".encode())
            case "html":
                return html_response(200, sent, sent)
            case "redirect":
                return Response(302, (("Location", f"https://evil.example/?{sent}"),))
            case "header":
                return replace(response, headers=(*response.headers, ("Content-Encoding", sent)))
            case "too-many":
                return json_response(429, {"Code": 429, "Message": sent})
        return response

    return lie


@pytest.mark.parametrize(
    "answer",
    ["unauthorised", "forbidden", "bad-request", "garbled", "html", "redirect", "header", "too-many"],
)
def test_a_service_that_repeats_what_it_was_sent_is_not_repeated(scene: Scene, answer: str) -> None:
    scene.liar.lies = [echo(answer)]
    scene.command.may_trace = True
    results = [scene.run("-vv", "--log-format", "json", "auth", "status")]
    if answer in ("unauthorised", "forbidden", "redirect"):  # the others are asked again, and again
        results.append(scene.run("-vv", "sync"))
    assert all(result.code for result in results)
    assert_silent(scene.command, *results)


@pytest.mark.parametrize("words", ["-vv sync", "-vv --log-format json plan", "-vv auth status", "-vv doctor"])
def test_awkward_secrets_are_not_said_when_they_are_refused_to(scene: Scene, words: str) -> None:
    scene.command.environ = {f"SMUGSYNC_REMOTE__{name.upper()}": value for name, value in AWKWARD.items()}
    scene.command.may_trace = True
    result = scene.run(*words.split())
    assert result.code == 77, result
    assert_silent(scene.command, result, secrets=list(AWKWARD.values()))


def test_the_password_of_a_proxy_is_not_said(scene: Scene) -> None:
    scene.command.secrets.append("proxy-canary")
    scene.command.may_trace = True
    scene.command.environ["SMUGSYNC_REMOTE__API_URL"] = "https://api.smugmug.com"
    refusal = b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n"
    with Server(lambda peer: peer.send(refusal) if peer.request() else None) as proxy:
        scene.command.environ["HTTPS_PROXY"] = f"http://somebody:proxy-canary@127.0.0.1:{proxy.port}"
        results = [scene.run("-vv", "auth", "status"), scene.run("-vv", "doctor")]
        assert proxy.connections > 0
    scene.command.environ["HTTPS_PROXY"] = "http://somebody:proxy-canary@[nonsense"
    results.append(scene.run("-vv", "auth", "status"))
    assert all(result.code for result in results)
    assert_silent(scene.command, *results)


# What goes wrong in us


@pytest.mark.parametrize("options", ["", "-vv --log-format json"], ids=["quiet", "talkative"])
@pytest.mark.parametrize(
    "how", ["exception", "cause", "log", "log-exception", "say", "thread", "configuration"]
)
def test_a_bug_does_not_say_a_secret_by(scene: Scene, how: str, options: str) -> None:
    command = scene.command
    command.environ = {f"SMUGSYNC_REMOTE__{name.upper()}": value for name, value in AWKWARD.items()}
    command.environ["PYTHONPATH"] = str(Path(__file__).parents[2])
    command.may_trace = True
    command.prefix, command.program = (sys.executable, "-m"), Path("tests.security.crashing")
    result = command.run(*options.split(), "crash", how)
    assert result.out + result.err
    assert_silent(command, result, secrets=list(AWKWARD.values()))


@pytest.mark.parametrize("number", [signal.SIGABRT, signal.SIGSEGV], ids=lambda number: number.name)
def test_a_fatal_signal_does_not_say_a_secret(scene: Scene, number: signal.Signals) -> None:
    stall = scene.liar.faults.add("stall@/api/*:at=-1")
    scene.command.may_trace = True
    with scene.command.start("-vv", "sync", PYTHONFAULTHANDLER="1") as going:
        until(lambda: stall.struck > 0)
        result = going.signal(number)
    assert result.code == -number
    assert_silent(scene.command, result)
    assert not list(scene.command.root.rglob("core*"))


def test_the_catalogue_holds_no_secret(scene: Scene) -> None:
    with closing(sqlite3.connect(scene.command.catalogue)) as database:
        everything = "\n".join(database.iterdump())
    assert "Album" in everything
    forms = [form for secret in scene.command.secrets for form in disguises(secret)]
    assert not [form for form in forms if form in everything]


def test_the_record_of_a_test_run_would_notice() -> None:
    record = Record()
    record.hear("sync", "all is well")
    record.hear("status", "signed by c2VjcmV0LXdvcmQ=")
    record.hand_out("secret-word")
    assert record.leaks() == ["status"]


# The sieve itself


@pytest.mark.parametrize("secret", AWKWARD.values(), ids=AWKWARD)
def test_every_disguise_of_a_secret_is_recognised(secret: str) -> None:
    redact = Redactor()
    redact.add(Secret(secret))
    for form in disguises(secret):
        assert redact(f"before {form} and more") == "before *** and more", form
