"""The command line's frame, and the commands that need no account."""

from __future__ import annotations

import importlib
import json
import os
import pty
import signal
import socket
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from smugsync import errors
from smugsync.cli import COMMANDS, main
from smugsync.cli.frame import Command, make_app
from smugsync.cli.invocation import Invocation
from smugsync.config import load

pytestmark = pytest.mark.usefixtures("restored_logging")

SECRETS = {
    "--api-key": "key-value",
    "--api-secret": "secret-value",
    "--access-token": "token-value",
    "--access-token-secret": "token-secret-value",
}
OPTIONS = [word for pair in SECRETS.items() for word in pair]


@click.command(cls=Command)
@click.argument("what")
@click.pass_obj
def explode(invocation: Invocation, /, what: str) -> int:
    """Fail in a chosen way."""
    invocation.redact.add(None)
    match what:
        case "bug":
            raise KeyError("APIKey=abc123 and more\nin two lines ?apikey=abc123")
        case "several":
            raise errors.ConfigError(["first", "second"])
        case "interrupt":
            raise KeyboardInterrupt
        case "partial":
            return 3
        case "options":
            click.echo(
                f"{invocation.profile} {invocation.verbosity} {invocation.quiet} {invocation.config_path}"
            )
            return 0
    raise {one.__name__: one for one in every(errors.SmugsyncError)}[what](f"about {what}")


def every(kind: type[errors.SmugsyncError]) -> Iterator[type[errors.SmugsyncError]]:
    yield kind
    for child in kind.__subclasses__():
        yield from every(child)


BOOM = {"explode": (f"{__name__}:explode", "Fail.")}


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    return {"HOME": str(tmp_path / "home"), "PATH": os.environ["PATH"]}


@pytest.fixture
def mirror(tmp_path: Path) -> Path:
    return tmp_path / "photos"


def config_of(environ: dict[str, str]) -> Path:
    return Path(environ["HOME"]) / ".config/smugsync/config.toml"


# The frame


def test_help_names_every_command(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--help"]) == 0
    shown = capsys.readouterr().out
    assert all(f"\n  {name} " in shown for name in COMMANDS)


@pytest.mark.parametrize("name", COMMANDS)
def test_the_table_of_commands_is_true(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    module, _, attribute = COMMANDS[name][0].partition(":")
    command = getattr(importlib.import_module(module), attribute)
    assert isinstance(command, click.Command)
    assert command.name == name
    assert main([name, "--help"]) == 0
    assert "Usage: smugsync" in capsys.readouterr().out


def test_help_fits_a_terminal_of_eighty_columns() -> None:
    """But for the emulator's, which lists switches and faults."""

    def pages(command: click.Command, words: list[str]) -> Iterator[tuple[str, str]]:
        shown = CliRunner().invoke(
            make_app(COMMANDS), [*words, "--help"], obj=Invocation({}), terminal_width=80
        )
        assert shown.exit_code == 0
        yield " ".join(words), shown.output
        if isinstance(command, click.Group):
            for name in command.list_commands(click.Context(command)):
                below = command.get_command(click.Context(command), name)
                assert below is not None
                yield from pages(below, [*words, name])

    found = dict(pages(make_app(COMMANDS), []))
    assert {"", "sync", "trash restore", "emulator"} <= found.keys()
    del found["emulator"]
    wide = {(name, line) for name, page in found.items() for line in page.splitlines() if len(line) > 80}
    assert wide == set()


def test_help_loads_nothing_heavy() -> None:
    heavy = {
        "pydantic",
        "pydantic_settings",
        "httpx",
        "structlog",
        "tqdm",
        "uvicorn",
        "sqlite3",
        "apscheduler",
    }
    script = (
        "import sys; from smugsync.cli import main; main(['--help']); main(['--version'])\n"
        f"print(sorted(set(sys.modules) & {heavy!r}), file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stderr == "[]\n"


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--version"]) == 0
    assert capsys.readouterr().out.startswith("smugsync ")


def test_nothing_at_all_shows_the_help(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 2
    assert "Commands:" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["inti"], 'there is no command "inti"; did you mean "init"?'),
        (["config", "check", "--nope"], "--nope"),
        (["--log-format", "xml", "config", "check"], "--log-format"),
        (["emulator", "--port", "70000"], "--port"),
        (["emulator", "/nonexistent/library"], "/nonexistent/library"),
        (["emulator", "--fault", "gremlins"], "gremlins"),
    ],
)
def test_usage_errors(arguments: list[str], words: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(arguments) == 2
    shown = capsys.readouterr()
    assert shown.out == ""
    assert shown.err.startswith("smugsync: error: ")
    assert shown.err.count("\n") == 1
    assert words in shown.err


@pytest.mark.parametrize("kind", sorted({one.__name__ for one in every(errors.SmugsyncError)}))
def test_every_error_is_one_line_and_its_code(kind: str, capsys: pytest.CaptureFixture[str]) -> None:
    expected = next(one.exit_code for one in every(errors.SmugsyncError) if one.__name__ == kind)
    assert main(["explode", kind], commands=BOOM) == expected
    assert capsys.readouterr().err == f"smugsync: error: about {kind}\n"


def test_every_problem_has_its_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explode", "several"], commands=BOOM) == 78
    assert capsys.readouterr().err == "smugsync: error: first\nsmugsync: error: second\n"


def test_a_bug_is_one_sentence_and_the_traceback_is_there_for_who_asks(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["explode", "bug"], commands=BOOM) == 1
    shown = capsys.readouterr().err
    assert shown.startswith("smugsync: error: unexpected KeyError: ")
    assert shown.endswith("; run with -vv for the traceback\n")
    assert shown.count("\n") == 1
    assert main(["explode", "bug", "-vv"], commands=BOOM) == 1
    shown = capsys.readouterr().err
    assert "Traceback" in shown
    assert "?apikey=***" in shown
    assert "?apikey=abc123" not in shown


def test_interrupted_and_partial(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explode", "interrupt"], commands=BOOM) == 130
    assert capsys.readouterr().err == "smugsync: error: interrupted\n"
    assert main(["explode", "partial"], commands=BOOM) == 3


@pytest.mark.parametrize(
    ("arguments", "shown"),
    [
        (["explode", "options"], "default 0 False None"),
        (["-v", "explode", "options", "-v"], "default 2 False None"),
        (["--profile", "a", "explode", "options"], "a 0 False None"),
        (["explode", "options", "--profile", "b", "-q", "--config", "/x"], "b 0 True /x"),
        (["--profile", "a", "explode", "--profile", "b", "options"], "b 0 False None"),
    ],
)
def test_common_options_go_anywhere(
    arguments: list[str], shown: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(arguments, {}, commands=BOOM) == 0
    assert capsys.readouterr().out == f"{shown}\n"


def test_the_profile_may_come_from_the_environment(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explode", "options"], {"SMUGSYNC_PROFILE": "c"}, commands=BOOM) == 0
    assert capsys.readouterr().out.startswith("c ")


def test_a_reader_that_left_is_no_error(environ: dict[str, str]) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    done = subprocess.run(
        [sys.executable, "-m", "smugsync", "--help"],
        stdout=writer,
        stderr=subprocess.PIPE,
        env=environ,
        check=False,
    )
    os.close(writer)
    assert (done.returncode, done.stderr) == (141, b"")


def test_completion(capsys: pytest.CaptureFixture[str], environ: dict[str, str]) -> None:
    assert main(["completion", "bash"]) == 0
    assert "_SMUGSYNC_COMPLETE=bash_complete" in capsys.readouterr().out
    done = subprocess.run(
        [sys.executable, "-m", "smugsync"],
        env=environ
        | {"_SMUGSYNC_COMPLETE": "bash_complete", "COMP_WORDS": "smugsync conf", "COMP_CWORD": "1"},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.stdout == "plain,config\n"


def test_log_lines_do_not_tear_the_bars(environ: dict[str, str]) -> None:
    script = """
import logging, os, sys
from smugsync.cli.invocation import Invocation
invocation = Invocation({"TERM": "xterm"})
invocation.start_logging()
with invocation.display() as progress:
    progress.start("listing")
    progress.refresh()
    logging.getLogger("x").warning("inside")
logging.getLogger("x").warning("outside")
"""
    leader, follower = pty.openpty()
    done = subprocess.run([sys.executable, "-c", script], stderr=follower, env=environ, check=True)
    os.close(follower)
    shown = os.read(leader, 65536).decode()
    os.close(leader)
    assert done.returncode == 0
    assert "listing" in shown
    assert "smugsync: warning: inside\r\n" in shown
    assert shown.endswith("smugsync: warning: outside\r\n")


# init


def test_init_writes_a_private_configuration_and_a_mirror(
    environ: dict[str, str], mirror: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    where = ["--api-url", "http://127.0.0.1:8000", "--oauth-url", "http://127.0.0.1:8000"]
    where += [
        "--upload-url",
        "http://127.0.0.1:8000/upload/",
        "--media-host",
        "127.0.0.1:8001",
        "--media-host",
        "",
    ]
    arguments = [
        "init",
        "--no-input",
        "--remote",
        "smugmug-v2",
        "--mirror",
        str(mirror),
        "--user",
        "",
        *OPTIONS,
    ]
    assert main([*arguments, *where], environ) == 0
    shown = capsys.readouterr()
    assert shown.err == ""
    assert shown.out.splitlines() == [
        f"Configuration: {config_of(environ)}",
        f"Mirror: {mirror}",
        "Next: smugsync sync",
    ]
    assert stat.S_IMODE(config_of(environ).stat().st_mode) == 0o600
    config = load(None, "default", environ)
    assert config.mirror == mirror
    assert [one.reveal() for one in config.remote.secrets()] == list(SECRETS.values())
    assert config.remote.upload_url == "http://127.0.0.1:8000/upload/"
    assert config.remote.media_hosts == ("127.0.0.1:8001",)
    marker = json.loads((mirror / ".smugsync/mirror.json").read_text())
    assert marker["account"] == ""
    assert len(marker["mirror"]) == 32


def test_init_leaves_what_is_there(environ: dict[str, str], mirror: Path) -> None:
    (mirror / "2019").mkdir(parents=True)
    photo = mirror / "2019" / "a.jpg"
    photo.write_bytes(b"mine")
    before = photo.stat()
    arguments = ["init", "--no-input", "--mirror", str(mirror), *OPTIONS]
    assert main(arguments, environ) == 0
    marker = (mirror / ".smugsync/mirror.json").read_bytes()
    assert main([*arguments, "--force"], environ) == 0
    assert (photo.read_bytes(), photo.stat().st_mtime_ns) == (b"mine", before.st_mtime_ns)
    assert (mirror / ".smugsync/mirror.json").read_bytes() == marker


def test_init_overwrites_only_when_forced(
    environ: dict[str, str], mirror: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["init", "--no-input", "--mirror", str(mirror), *OPTIONS]
    assert main(arguments, environ) == 0
    written = config_of(environ).read_bytes()
    assert main(arguments, environ) == 2
    assert "exists already: edit it, or overwrite it with --force" in capsys.readouterr().err
    assert main([*arguments, "--force", "--user", "nick", "-q"], environ) == 0
    assert load(None, "default", environ).remote.anonymous
    assert config_of(environ).with_name("config.toml.bak").read_bytes() == written


def test_init_for_public_albums_needs_the_key_alone(
    environ: dict[str, str], mirror: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["init", "--no-input", "--mirror", str(mirror), "--user", "nick", *OPTIONS]
    assert main(arguments, environ) == 0
    assert capsys.readouterr().err == (
        "smugsync: --api-secret, --access-token, --access-token-secret not needed with --user, and ignored\n"
    )
    text = config_of(environ).read_text()
    assert "key-value" in text
    assert "secret-value" not in text


def test_init_says_what_is_missing_and_writes_nothing(
    environ: dict[str, str], mirror: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["init", "--no-input", "--mirror", str(mirror), "--api-key", "key-value"], environ) == 78
    shown = capsys.readouterr().err
    assert shown.endswith("nothing was written: init was not given --api-secret\n")
    assert "key-value" not in shown
    assert not config_of(environ).exists()
    assert not mirror.exists()


def test_init_without_a_token_leaves_the_sign_in_for_later(
    environ: dict[str, str], mirror: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["init", "--no-input", "--mirror", str(mirror), *OPTIONS[:4]]
    assert main(arguments, environ) == 0
    assert capsys.readouterr().out.splitlines()[-1] == "Next: smugsync auth login"
    config = load(None, "default", environ)
    assert config.remote.signed_out
    assert [one.reveal() for one in config.remote.secrets()] == ["key-value", "secret-value"]
    assert main(["config", "check"], environ) == 0
    assert capsys.readouterr().out.splitlines()[-1] == "not signed in yet: run `smugsync auth login`"
    assert main(["config", "show"], environ) == 0
    for command in ("sync", "plan"):
        assert main([command], environ) == 77
        complaint = "smugsync: error: not signed in to SmugMug: run `smugsync auth login`\n"
        assert capsys.readouterr().err == complaint


def test_init_wants_a_whole_token_or_none(
    environ: dict[str, str], mirror: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["init", "--no-input", "--mirror", str(mirror), *OPTIONS[:6]], environ) == 78
    shown = capsys.readouterr().err
    assert shown.endswith("nothing was written: init was not given --access-token-secret\n")
    assert not config_of(environ).exists()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--remote", "flickr", "--mirror", "{mirror}"], 'remote.kind must be "smugmug-v2", '),
        (["--remote", "pixelpost", "--mirror", "{mirror}"], "init was not given --site-url"),
        (["--mirror", "/"], "the whole machine"),
        (["--mirror", "{file}"], "which is a file"),
        (["--mirror", "{mirror}", "--api-url", "nonsense"], "remote.api_url must be a web address"),
        (["--mirror", "{mirror}", "--media-host", "http://x/"], "remote.media_hosts must be HOST"),
        (["--mirror", "{mirror}", "--ca-file", "{file}"], "which holds no certificates"),
        (["--mirror", "{mirror}", "--user", "\udcff"], "is not valid UTF-8"),
    ],
)
def test_init_refuses_before_it_writes(
    arguments: list[str],
    words: str,
    environ: dict[str, str],
    mirror: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    file = mirror.parent / "file"
    file.write_text("x")
    filled = [one.format(mirror=mirror, file=file) for one in arguments]
    assert main(["init", "--no-input", *OPTIONS, *filled], environ) == 78
    assert words in capsys.readouterr().err
    assert not config_of(environ).exists()
    assert not mirror.exists()


def test_init_takes_secrets_from_the_environment_and_does_not_copy_them(
    environ: dict[str, str], mirror: Path
) -> None:
    environ |= {
        f"SMUGSYNC_REMOTE__{name[2:].replace('-', '_').upper()}": value for name, value in SECRETS.items()
    }
    assert main(["init", "--no-input", "--mirror", str(mirror), "-q"], environ) == 0
    assert "value" not in config_of(environ).read_text()


def test_init_asks(environ: dict[str, str], mirror: Path) -> None:
    answers = "\n".join([str(mirror), "", *SECRETS.values(), ""])
    done = CliRunner().invoke(make_app(COMMANDS), ["init"], input=answers, obj=Invocation(environ))
    assert done.exit_code == 0, done.output
    assert "secret-value" not in done.output
    config = load(None, "default", environ)
    assert config.mirror == mirror
    assert [one.reveal() for one in config.remote.secrets()] == list(SECRETS.values())


def test_init_asks_for_no_token(environ: dict[str, str], mirror: Path) -> None:
    answers = "\n".join([str(mirror), "", "key-value", "secret-value", "", ""])
    done = CliRunner().invoke(make_app(COMMANDS), ["init"], input=answers, obj=Invocation(environ))
    assert done.exit_code == 0, done.output
    assert "Access token secret" not in done.output
    assert done.output.splitlines()[-1] == "Next: smugsync auth login"
    assert load(None, "default", environ).remote.signed_out


def test_init_asks_less_for_public_albums(environ: dict[str, str]) -> None:
    done = CliRunner().invoke(
        make_app(COMMANDS), ["init"], input="\nnick\nkey-value\n", obj=Invocation(environ)
    )
    assert done.exit_code == 0, done.output
    config = load(None, "default", environ)
    assert config.mirror == Path(environ["HOME"]) / "SmugMug"
    assert config.remote.user == "nick"
    assert config.remote.anonymous


def test_init_with_nobody_to_ask(environ: dict[str, str]) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "smugsync", "init"],
        stdin=subprocess.DEVNULL, capture_output=True, text=True, env=environ, check=False,
    )  # fmt: skip
    assert done.returncode == 2
    assert done.stderr.splitlines()[-1].startswith("smugsync: error: there is nobody to ask")


def test_init_adds_a_profile(
    environ: dict[str, str], mirror: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["init", "--no-input", "--mirror", str(mirror), *OPTIONS], environ) == 0
    before = load(None, "default", environ)
    other = ["init", "--no-input", "--profile", "b.c", "--user", "nick", "--api-key", "other-key"]
    assert main(other, environ) == 78  # the mirror of the default is not shared
    assert main([*other, "--mirror", str(mirror.with_name("other"))], environ) == 0
    assert capsys.readouterr().out.splitlines()[-1] == "Next: smugsync sync --profile b.c"
    assert load(None, "default", environ) == before
    added = load(None, "b.c", environ)
    assert (added.mirror, added.remote.user, added.remote.anonymous) == (
        mirror.with_name("other"),
        "nick",
        True,
    )
    assert added.remote.api_key.reveal() == "other-key"
    assert main([*other, "--mirror", str(mirror.with_name("third")), "--force"], environ) == 2
    assert 'has a profile "b.c" already' in capsys.readouterr().err


def test_a_new_profile_signs_in_by_itself(
    environ: dict[str, str], mirror: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """It never inherits a token."""
    assert main(["init", "--no-input", "--mirror", str(mirror), *OPTIONS], environ) == 0
    other = [
        "init",
        "--no-input",
        "--profile",
        "b.c",
        "--mirror",
        str(mirror.with_name("other")),
        *OPTIONS[:4],
    ]
    assert main(other, environ) == 0
    assert capsys.readouterr().out.splitlines()[-1] == "Next: smugsync auth login --profile b.c"
    assert load(None, "b.c", environ).remote.signed_out
    assert main(["sync", "--profile", "b.c"], environ) == 77
    assert "run `smugsync auth login --profile b.c`" in capsys.readouterr().err


def test_init_goes_where_it_is_told(
    environ: dict[str, str], mirror: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "elsewhere" / "my config.toml"
    assert (
        main(["init", "--no-input", "--mirror", str(mirror), *OPTIONS, "--config", str(path)], environ) == 0
    )
    assert path.exists()
    assert capsys.readouterr().out.splitlines()[-1] == f"Next: smugsync sync --config '{path}'"


def test_init_on_a_home_that_cannot_be_written(
    environ: dict[str, str], mirror: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    Path(environ["HOME"]).write_text("a file")
    assert main(["init", "--no-input", "--mirror", str(mirror), *OPTIONS], environ) == 78
    assert "cannot be" in capsys.readouterr().err


# config


@pytest.fixture
def configured(environ: dict[str, str], mirror: Path, capsys: pytest.CaptureFixture[str]) -> dict[str, str]:
    assert main(["init", "--no-input", "--mirror", str(mirror), *OPTIONS], environ) == 0
    capsys.readouterr()
    return environ


def test_config_show(configured: dict[str, str], mirror: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["config", "show"], configured) == 0
    shown = capsys.readouterr().out
    assert f'mirror = "{mirror}"' in shown
    assert 'remote.api_secret = "***"' in shown
    assert main(["config", "show", "--json"], configured) == 0
    values = json.loads(capsys.readouterr().out)
    assert (values["schema"], values["profile"], values["mirror"]) == (1, "default", str(mirror))
    assert values["remote"]["access_token"] == "***"
    assert not any(secret in shown + json.dumps(values) for secret in SECRETS.values())


def test_config_check(configured: dict[str, str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["config", "check"], configured) == 0
    assert capsys.readouterr().out == f"ok: {config_of(configured)}, profile default\n"
    with config_of(configured).open("a") as file:
        file.write("[lgo]\n")
    assert main(["config", "check"], configured) == 78
    assert 'unknown setting "lgo"; did you mean "log"?' in capsys.readouterr().err


def test_config_path(configured: dict[str, str], mirror: Path, capsys: pytest.CaptureFixture[str]) -> None:
    state = Path(configured["HOME"]) / ".local/state/smugsync/default"
    assert main(["config", "path"], configured) == 0
    assert capsys.readouterr().out.splitlines() == [
        f"config: {config_of(configured)}",
        f"state: {state}",
        f"mirror: {mirror}",
        f"lock: {state}/lock",
        f"catalogue: {state}/catalogue.db",
    ]
    config_of(configured).unlink()
    assert main(["config", "path"], configured) == 78
    shown = capsys.readouterr()
    assert shown.out.splitlines() == [f"config: {config_of(configured)}", f"state: {state}"]
    assert 'run "smugsync init"' in shown.err


def test_warnings_are_logged_and_quiet_is_quiet(
    configured: dict[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    configured["SMUGSYNC_MIROR"] = "x"
    assert main(["config", "check"], configured) == 0
    assert "SMUGSYNC_MIROR" in capsys.readouterr().err
    assert main(["config", "check", "--log-format", "json"], configured) == 0
    assert json.loads(capsys.readouterr().err)["level"] == "warning"
    assert main(["config", "check", "-q"], configured) == 0
    assert capsys.readouterr().err == ""


# emulator


def test_the_emulator_announces_itself_in_one_line(environ: dict[str, str]) -> None:
    with subprocess.Popen(
        [sys.executable, "-m", "smugsync", "emulator", "--albums", "2", "--nickname", "nick"],
        stdout=subprocess.PIPE, text=True, env=environ,
    ) as server:  # fmt: skip
        try:
            assert server.stdout is not None
            values = json.loads(server.stdout.readline())
            assert set(values) == {
                "api_url", "oauth_url", "upload_url", "nickname",
                "api_key", "api_secret", "access_token", "access_token_secret",
                "legacy_url", "email", "password", "pixelpost_url", "public_key", "private_key",
            }  # fmt: skip
            assert values["nickname"] == "nick"
            server.send_signal(signal.SIGTERM)
            assert server.wait(5) == 0
            assert server.stdout.read() == ""
        finally:
            server.kill()


def test_a_port_that_is_taken(capsys: pytest.CaptureFixture[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        assert main(["emulator", "--albums", "1", "--port", str(port)]) == 1
    shown = capsys.readouterr().err
    assert shown.startswith(f"smugsync: error: the emulator cannot serve port {port}: Address already in use")
    assert shown.count("\n") == 1
