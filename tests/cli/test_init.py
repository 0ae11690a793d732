"""`smugsync init` for every kind of remote: by options and by questions."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from click.shell_completion import ShellComplete
from click.testing import CliRunner, Result

from smugsync.cli import COMMANDS, main
from smugsync.cli.answers import Answers
from smugsync.cli.frame import make_app
from smugsync.cli.invocation import Invocation
from smugsync.config import Config, load
from smugsync.config.remotes import KINDS, REMOTES, Way
from smugsync.errors import ConfigError

pytestmark = pytest.mark.usefixtures("restored_logging")

KEY = ["--api-key", "key-value"]
OAUTH = [*KEY, "--api-secret", "secret-value"]
TOKENS = ["--access-token", "token-value", "--access-token-secret", "token-secret-value"]
LOGIN = ["--email", "me@example.org", "--password", "pass word"]
PAIR = ["--public-key", "public-value", "--private-key", "private-value"]
SITE = ["--site-url", "http://127.0.0.1:8093/"]
API = ["--api-url", "http://127.0.0.1:8000"]
NICK = ["--user", "nick"]
#: What each kind can be given, and what comes of it.
GIVEN: dict[str, list[tuple[list[str], Way]]] = {
    "smugmug-v2": [([*OAUTH, *TOKENS], Way.OAUTH), ([*KEY, *NICK], Way.KEY)],
    "smugmug-1.3.0": [([*OAUTH, *TOKENS], Way.OAUTH), ([*KEY, *NICK], Way.KEY)],
    "smugmug-1.2.2": [
        ([*OAUTH, *TOKENS], Way.OAUTH),
        ([*KEY, *LOGIN], Way.PASSWORD),
        ([*KEY, *NICK], Way.KEY),
    ],
    "smugmug-1.2.1": [([*KEY, *LOGIN], Way.PASSWORD), ([*KEY, *NICK], Way.KEY)],
    "smugmug-1.2.0": [([*KEY, *LOGIN], Way.PASSWORD), ([*KEY, *NICK], Way.KEY)],
    "pixelpost": [([*SITE, *PAIR], Way.PAIR), (SITE, Way.NOBODY)],
}
SECRETS = [word for words in (OAUTH, TOKENS, LOGIN, PAIR) for word in words[1::2]]
CASES = [
    pytest.param(kind, options, way, id=f"{kind}-{way}")
    for kind, ways in GIVEN.items()
    for options, way in ways
]


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    return {"HOME": str(tmp_path / "home")}


@pytest.fixture
def mirror(tmp_path: Path) -> Path:
    return tmp_path / "photos"


def config_of(environ: dict[str, str]) -> Path:
    return Path(environ["HOME"]) / ".config/smugsync/config.toml"


def init(environ: dict[str, str], mirror: Path, *options: str) -> int:
    return main(["init", "--no-input", "--mirror", str(mirror), *options], environ)


def written(environ: dict[str, str]) -> Config:
    return load(None, "default", environ)


def answer(environ: dict[str, str], *answers: str, options: tuple[str, ...] = ()) -> Result:
    text = "\n".join([*answers, ""])
    return CliRunner().invoke(make_app(COMMANDS), ["init", *options], input=text, obj=Invocation(environ))


# By options


def test_every_kind_is_tried_in_every_way() -> None:
    assert {kind: tuple(way for _, way in ways) for kind, ways in GIVEN.items()} == {
        kind: REMOTES[kind].ways for kind in KINDS
    }


@pytest.mark.parametrize(("kind", "options", "way"), CASES)
def test_by_options(environ: dict[str, str], mirror: Path, kind: str, options: list[str], way: Way) -> None:
    words = ("init", "--no-input", "--mirror", str(mirror), "--remote", kind, *options)
    done = CliRunner().invoke(make_app(COMMANDS), words, obj=Invocation(environ))
    assert done.stderr == ""
    assert done.stdout.splitlines()[-1] == "Next: smugsync sync"
    remote = written(environ).remote
    assert (remote.kind, remote.way, remote.signed_out) == (kind, way, False)
    assert (mirror / ".smugsync/mirror.json").is_file()


@pytest.mark.parametrize("kind", ["smugmug-v2", "smugmug-1.3.0", "smugmug-1.2.2"])
def test_a_token_may_come_by_a_sign_in(
    environ: dict[str, str], mirror: Path, capsys: pytest.CaptureFixture[str], kind: str
) -> None:
    assert init(environ, mirror, "--remote", kind, *OAUTH) == 0
    assert capsys.readouterr().out.splitlines()[-1] == "Next: smugsync auth login"


@pytest.mark.parametrize("kind", KINDS[1:-1])
def test_one_address_is_enough_for_a_test_server(environ: dict[str, str], mirror: Path, kind: str) -> None:
    assert init(environ, mirror, "--remote", kind, *GIVEN[kind][0][0], *API) == 0
    remote = written(environ).remote
    assert (remote.api_url, remote.upload_url) == ("http://127.0.0.1:8000", "http://127.0.0.1:8000/")


EVERYTHING = [*OAUTH, *TOKENS, *LOGIN, *PAIR, *SITE, *API]


@pytest.mark.parametrize(
    ("kind", "told"),
    [
        (
            "smugmug-v2",
            ["--email, --password, --public-key, --private-key, --site-url not needed with --remote KIND"],
        ),
        (
            "smugmug-1.3.0",
            ["--email, --password, --public-key, --private-key, --site-url not needed with --remote KIND"],
        ),
        (
            "smugmug-1.2.2",
            [
                "--email, --password not needed with --access-token",
                "--public-key, --private-key, --site-url not needed with --remote KIND",
            ],
        ),
        (
            "smugmug-1.2.0",
            [
                "--api-secret, --access-token, --access-token-secret, --public-key, --private-key, "
                "--site-url not needed with --remote KIND"
            ],
        ),
        (
            "pixelpost",
            [
                "--api-key, --api-secret, --access-token, --access-token-secret, --email, --password, "
                "--api-url not needed with --remote KIND"
            ],
        ),
    ],
)
def test_what_is_too_much_is_said_once_and_not_written(
    environ: dict[str, str], mirror: Path, capsys: pytest.CaptureFixture[str], kind: str, told: list[str]
) -> None:
    assert init(environ, mirror, "--remote", kind, *EVERYTHING) == 0
    assert capsys.readouterr().err.splitlines() == [
        f"smugsync: {one.replace('KIND', kind)}, and ignored" for one in told
    ]
    takes = REMOTES[kind].takes
    text = config_of(environ).read_text()
    for options in (OAUTH, TOKENS, LOGIN, PAIR):
        for option, value in zip(options[::2], options[1::2], strict=True):
            if option[2:].replace("-", "_") not in takes:
                assert value not in text


def test_a_nickname_wants_no_password(
    environ: dict[str, str], mirror: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert init(environ, mirror, "--remote", "smugmug-1.2.0", *KEY, *LOGIN, *NICK) == 0
    assert capsys.readouterr().err == "smugsync: --email, --password not needed with --user, and ignored\n"
    assert written(environ).remote.way is Way.KEY


def test_passwords_of_protected_albums(environ: dict[str, str], mirror: Path) -> None:
    albums = ["--album-password", "Abc=open, sesame", "--album-password", "51343_k8W1aR=x=y"]
    options = ["--remote", "smugmug-1.3.0", *KEY, *NICK, "--site-password", " blank", *albums]
    assert init(environ, mirror, *options) == 0
    remote = written(environ).remote
    assert remote.site_password is not None
    assert remote.site_password.reveal() == " blank"
    assert {one.album: one.password.reveal() for one in remote.album_passwords} == {
        "Abc": "open, sesame",
        "51343_k8W1aR": "x=y",
    }


@pytest.mark.parametrize(
    ("kind", "options", "lacking"),
    [
        ("smugmug-1.3.0", KEY, "--api-secret"),
        ("smugmug-1.2.2", KEY, "--email, --password"),
        ("smugmug-1.2.0", [], "--api-key, --email, --password"),
        ("smugmug-1.2.0", [*KEY, "--email", "me"], "--password"),
        ("smugmug-1.2.1", [*OAUTH, *TOKENS], "--email, --password"),
        ("pixelpost", [], "--site-url"),
        ("pixelpost", [*SITE, "--public-key", "k"], "--private-key"),
    ],
)
def test_what_is_missing_is_said_and_nothing_written(
    environ: dict[str, str], mirror: Path, kind: str, options: list[str], lacking: str
) -> None:
    words = ("init", "--no-input", "--mirror", str(mirror), "--remote", kind, *options)
    error = CliRunner().invoke(make_app(COMMANDS), words, obj=Invocation(environ)).exception
    assert isinstance(error, ConfigError)
    assert error.problems[-1] == f"nothing was written: init was not given {lacking}"
    assert not [secret for secret in SECRETS if secret in str(error)]
    assert not config_of(environ).exists()
    assert not mirror.exists()


def test_what_the_environment_has_is_not_missing_and_not_written(
    environ: dict[str, str], mirror: Path, tmp_path: Path
) -> None:
    (tmp_path / "password").write_text("pass word\n")
    (tmp_path / "password").chmod(0o600)
    environ |= {
        "SMUGSYNC_REMOTE__KIND": "smugmug-1.2.0",
        "SMUGSYNC_REMOTE__EMAIL": "me@example.org",
        "SMUGSYNC_REMOTE__PASSWORD_FILE": str(tmp_path / "password"),
    }
    assert init(environ, mirror, *KEY) == 0
    assert written(environ).remote.way is Way.PASSWORD
    assert "me@example.org" not in config_of(environ).read_text()


def test_a_profile_inherits_no_secret(environ: dict[str, str], mirror: Path, tmp_path: Path) -> None:
    assert init(environ, mirror, "--remote", "smugmug-1.2.2", *KEY, *LOGIN) == 0
    options = ["--profile", "blog", "--remote", "pixelpost", *SITE]
    assert init(environ, tmp_path / "blog", *options) == 0
    other = ["--profile", "old", "--remote", "smugmug-1.2.0", *KEY, *NICK]
    assert init(environ, tmp_path / "old", *other) == 0
    assert load(None, "blog", environ).remote.way is Way.NOBODY
    old = load(None, "old", environ).remote
    assert (old.way, old.email, old.password, old.album_passwords) == (Way.KEY, None, None, ())


# By questions


@pytest.mark.parametrize(
    ("kind", "answers", "way"),
    [
        ("smugmug-1.3.0", ["", "key-value", "secret-value", "token-value", "token-secret-value"], Way.OAUTH),
        ("smugmug-1.3.0", ["nick", "key-value"], Way.KEY),
        ("smugmug-1.2.2", ["", "key-value", "me@example.org", "pass word"], Way.PASSWORD),
        ("smugmug-1.2.2", ["", "key-value", "", "secret-value", ""], Way.OAUTH),
        ("smugmug-1.2.2", ["nick", "key-value"], Way.KEY),
        ("smugmug-1.2.1", ["", "key-value", "me@example.org", "pass word"], Way.PASSWORD),
        ("smugmug-1.2.0", ["", "key-value", "me@example.org", "pass word"], Way.PASSWORD),
        ("smugmug-1.2.0", ["nick", "key-value"], Way.KEY),
        ("pixelpost", ["http://127.0.0.1:8093", "public-value", "private-value"], Way.PAIR),
        ("pixelpost", ["http://127.0.0.1:8093", ""], Way.NOBODY),
    ],
)
def test_by_questions(environ: dict[str, str], mirror: Path, kind: str, answers: list[str], way: Way) -> None:
    done = answer(environ, str(mirror), *answers, options=("--remote", kind))
    assert done.exit_code == 0, done.output
    assert not [one for one in ("secret-value", "pass word", "private-value") if one in done.output]
    remote = written(environ).remote
    assert (remote.kind, remote.way) == (kind, way)
    follow = "auth login" if remote.signed_out else "sync"
    assert done.output.splitlines()[-1] == f"Next: smugsync {follow}"
    if way is Way.PASSWORD:
        assert remote.password is not None
        assert remote.password.reveal() == "pass word"


def test_nothing_of_smugmug_is_asked_for_a_site(environ: dict[str, str]) -> None:
    done = answer(environ, "", "http://127.0.0.1:8093", "", options=("--remote", "pixelpost"))
    assert "API key" not in done.output
    assert written(environ).mirror == Path(environ["HOME"]) / "Pixelpost"


def test_what_was_given_is_not_asked_for(environ: dict[str, str], mirror: Path) -> None:
    options = ("--remote", "smugmug-1.2.0", "--mirror", str(mirror), "--email", "me", *KEY)
    done = answer(environ, "pass word", options=options)
    assert done.exit_code == 0, done.output
    assert "Nickname, to read" not in done.output
    assert written(environ).remote.way is Way.PASSWORD


def test_nothing_is_asked_for_a_kind_that_is_none(environ: dict[str, str]) -> None:
    done = answer(environ, options=("--remote", "flickr"))
    assert "Where shall" not in done.output
    assert not config_of(environ).exists()


# Completion


@pytest.mark.parametrize(
    ("begun", "kinds"), [("", list(KINDS)), ("smugmug-1.2", list(KINDS[2:5])), ("x", [])]
)
def test_kinds_are_completed(begun: str, kinds: list[str]) -> None:
    app: Any = make_app(COMMANDS)
    found = ShellComplete(app, {}, "smugsync", "_SMUGSYNC_COMPLETE").get_completions(
        ["init", "--remote"], begun
    )
    assert [one.value for one in found] == kinds


def test_every_answer_is_an_option() -> None:
    """An answer can be given without a person."""
    app: Any = make_app(COMMANDS)
    options = {one.name for one in app.get_command(None, "init").params}
    assert options >= set(Answers.__dataclass_fields__)
