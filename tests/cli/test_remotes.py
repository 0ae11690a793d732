"""Every kind of remote as the commands meet it: what answers for it, whose it is, what the doctor says."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator, Mapping
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import httpx
import pytest
from click.testing import CliRunner

from smugsync.cli import COMMANDS, main
from smugsync.cli.auth.status import Report
from smugsync.cli.auth.words import describe_access
from smugsync.cli.doctor.findings import Finding, Level
from smugsync.cli.doctor.service import Service
from smugsync.cli.frame import make_app
from smugsync.cli.invocation import Invocation
from smugsync.cli.remotes import dialect_of, hosts_of, places_of, signer_of
from smugsync.config import Config, RemoteConfig
from smugsync.config.remotes import KINDS, REMOTES, Kind, SitePictures, Way
from smugsync.config.values import AlbumPassword, UploadConfig
from smugsync.core.model import Album
from smugsync.emulator.serve import Running, running
from smugsync.emulator.settings import Settings
from smugsync.errors import ConfigError, NotAuthorised, UsageError
from smugsync.remote.dialect import Span, UploadDialect
from smugsync.remote.signing import FileSigner, KeySigner, Negotiator, OAuth1Signer
from smugsync.secret import Secret
from tests.e2e.record import disguises

pytestmark = pytest.mark.usefixtures("restored_logging")

KEY = {"api_key": Secret("key-value")}
OAUTH = {
    **KEY,
    "api_secret": Secret("secret-value"),
    "access_token": Secret("token-value"),
    "access_token_secret": Secret("token-secret-value"),
}
LOGIN = {**KEY, "email": Secret("me@example.org"), "password": Secret("pass word")}
PAIR = {"public_key": Secret("0" * 32), "private_key": Secret("1" * 32)}
SETTINGS: Mapping[Way, Mapping[str, Any]] = {
    Way.OAUTH: OAUTH,
    Way.PASSWORD: LOGIN,
    Way.KEY: {**KEY, "user": "nick"},
    Way.PAIR: PAIR,
    Way.NOBODY: {},
}
CASES = [(kind, way) for kind in KINDS for way in REMOTES[kind].ways]
LEGACY = [(kind, way) for kind, way in CASES if kind.startswith("smugmug-1")]
WORDS = ["key-value", "secret-value", "token-value", "token-secret-value", "pass word", "0" * 32, "1" * 32]


def remote_of(kind: Kind, way: Way, **more: Any) -> RemoteConfig:
    site = {"site_url": "https://photos.example.org/blog"} if kind == "pixelpost" else {}
    given: dict[str, Any] = {"api_key": Secret(""), **SETTINGS[way], **site, **more}
    remote = RemoteConfig(kind=kind, **given)
    assert remote.way is way
    return remote


# What answers for it


@pytest.mark.parametrize(("kind", "way"), CASES)
def test_a_dialect_goes_by_the_name_of_its_kind(kind: Kind, way: Way) -> None:
    dialect = dialect_of(remote_of(kind, way))
    assert dialect.name == kind
    assert isinstance(dialect, UploadDialect) == REMOTES[kind].writes


@pytest.mark.parametrize(("pictures", "only_whole"), [("whole", True), ("any", False)])
def test_a_site_may_be_taken_at_its_word(pictures: SitePictures, *, only_whole: bool) -> None:
    remote = remote_of("pixelpost", Way.NOBODY, site_pictures=pictures)
    assert dialect_of(remote).only_whole is only_whole


@pytest.mark.parametrize(("kind", "way"), CASES)
def test_what_proves_who_we_are(kind: Kind, way: Way) -> None:
    signer = signer_of(remote_of(kind, way))
    match way:
        case Way.OAUTH:
            assert isinstance(signer, OAuth1Signer)
            assert isinstance(signer, FileSigner)
            assert signer.opens_files == (kind != "smugmug-v2"), "older addresses of photos ask for it"
        case Way.NOBODY:
            assert signer is None
        case Way.KEY if kind in ("smugmug-v2", "smugmug-1.3.0"):
            assert isinstance(signer, KeySigner)
        case _:
            assert isinstance(signer, Negotiator)
            assert signer.serial == (kind == "pixelpost")


@pytest.mark.parametrize("kind", ["smugmug-v2", "smugmug-1.3.0", "smugmug-1.2.2"])
def test_before_a_sign_in_there_is_the_key(kind: Kind) -> None:
    remote = RemoteConfig(kind=kind, api_key=Secret("key-value"), api_secret=Secret("secret-value"))
    assert remote.signed_out
    assert isinstance(signer_of(remote), KeySigner)


@pytest.mark.parametrize(("kind", "way"), CASES)
def test_nothing_that_is_made_of_secrets_shows_one(kind: Kind, way: Way) -> None:
    more = {} if kind in ("smugmug-v2", "pixelpost") else {"site_password": Secret("sesame")}
    remote = remote_of(kind, way, **more)
    shown = repr((remote, signer_of(remote), dialect_of(remote)))
    assert not [word for word in [*WORDS, "me@example.org", "sesame"] if word in shown]


def test_passwords_of_albums_reach_the_questions_about_them() -> None:
    albums = (AlbumPassword("9VoYf", Secret("open")),)
    dialect = dialect_of(remote_of("smugmug-1.3.0", Way.KEY, album_passwords=albums))
    closed, other = (Album(key, "", "Album", "/Album", "") for key in ("3517_9VoYf", "3518_other"))
    assert "Password=open" in dialect.files(closed, Span(1, 100)).url
    assert "Password" not in dialect.files(other, Span(1, 100)).url


@pytest.mark.parametrize(("kind", "way"), CASES)
def test_credentials_go_to_the_configured_places_alone(kind: Kind, way: Way) -> None:
    remote = remote_of(kind, way)
    hosts = hosts_of(remote)
    assert all(hosts.is_trusted(httpx.URL(place.url)) for place in places_of(remote))
    assert not hosts.is_trusted(httpx.URL("https://photos.smugmug.com"))
    assert not hosts.is_trusted(httpx.URL("https://evil.example"))


def test_logins_of_1_2_2_go_to_a_host_of_their_own() -> None:
    remote = remote_of("smugmug-1.2.2", Way.PASSWORD)
    assert places_of(remote)[-1].url == "https://secure.smugmug.com"
    elsewhere = replace(remote, api_url="http://127.0.0.1:8000")
    assert places_of(elsewhere)[-1].url == "http://127.0.0.1:8000"


def test_nothing_of_smugmug_is_asked_for_a_site() -> None:
    assert [place.url for place in places_of(remote_of("pixelpost", Way.NOBODY))] == [
        "https://photos.example.org/blog"
    ]


# Whose it is: a service as the documents of its time have it


class Old(ThreadingHTTPServer):
    """The older API, as far as it says who somebody is. `permissions`: None = it does not say."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.url = f"http://127.0.0.1:{self.server_port}"
        self.asked: list[str] = []
        self.permissions: str | None = "Modify"
        self.access = "Full"
        self.echoes = False  #: refuses everything, and repeats all that it was sent

    def answer(self, path: str, given: Mapping[str, str], authorization: str) -> dict[str, Any]:
        method = given["method"]
        self.asked.append(method.removeprefix("smugmug."))
        if self.echoes:
            sent = " ".join([path, *given.values(), urlencode(given), authorization])
            return {"stat": "fail", "code": 16, "message": f"you sent {sent}"}
        if given.get("APIKey", "key-value") != "key-value":
            return {"stat": "fail", "code": 18, "message": "invalid API key"}
        user = {"id": 303189, "NickName": "nick", "DisplayName": "Nick"}
        match method:
            case "smugmug.login.withPassword":
                if (given["EmailAddress"], given["Password"]) != ("me@example.org", "pass word"):
                    return {"stat": "fail", "code": 1, "message": "invalid login"}
                hashed = {"PasswordHash": "$1$Ou3SzvBQ$abcdefghijklmnopqrstuv", "User": user}
                return {"stat": "ok", "method": method, "Login": {**hashed, "Session": {"id": "0" * 32}}}
            case "smugmug.login.anonymously":
                return {"stat": "ok", "method": method, "Login": {"Session": {"id": "0" * 32}}}
            case "smugmug.auth.checkAccessToken":
                if 'oauth_token="token-value"' not in authorization:
                    return {"stat": "fail", "code": 36, "message": "invalid/expired token"}
                token = {"id": "token-value", "Access": self.access}
                token |= {} if self.permissions is None else {"Permissions": self.permissions}
                return {"stat": "ok", "method": method, "Auth": {"Token": token, "User": user}}
            case "smugmug.albums.get":
                signed = given.get("SessionID") == "0" * 32 or "1.3.0" in path
                if not signed or given.get("NickName") != "nick":
                    return {"stat": "fail", "code": 3, "message": "invalid session"}
                return {"stat": "ok", "method": method, "Albums": []}
        return {"stat": "ok", "method": method}


class _Handler(BaseHTTPRequestHandler):
    server: Old

    def do_HEAD(self) -> None:
        self._send(b"")

    def do_GET(self) -> None:
        self._answer(b"")

    def do_POST(self) -> None:
        self._answer(self.rfile.read(int(self.headers["Content-Length"] or 0)))

    def _answer(self, body: bytes) -> None:
        parts = urlsplit(self.path)
        given = dict(parse_qsl(parts.query)) | dict(parse_qsl(body.decode()))
        found = self.server.answer(parts.path, given, self.headers.get("Authorization", ""))
        self._send(json.dumps(found).encode())

    def _send(self, body: bytes) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the name it has there
        """Nothing."""


@pytest.fixture
def old() -> Iterator[Old]:
    server = Old()
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    yield server
    server.shutdown()
    server.server_close()
    thread.join()


def config_of(tmp_path: Path, remote: RemoteConfig) -> Config:
    (tmp_path / "state").mkdir(exist_ok=True)
    return Config(
        profile="default", path=None, state_dir=tmp_path / "state", mirror=tmp_path / "m", remote=remote
    )


def at(tmp_path: Path, old: Old, kind: Kind, way: Way, **more: Any) -> Config:
    places = {"api_url": old.url, "oauth_url": old.url, "upload_url": f"{old.url}/"}
    return config_of(tmp_path, remote_of(kind, way, **places, **more))


def reported(config: Config) -> Report:
    report = Report(config)
    report.ask()
    return report


@pytest.mark.parametrize(("kind", "way"), LEGACY)
def test_an_account_is_known_by_every_way(tmp_path: Path, old: Old, kind: Kind, way: Way) -> None:
    report = reported(at(tmp_path, old, kind, way))
    assert report.viewer is not None
    assert report.viewer.nickname == "nick"
    assert report.viewer.access == ("Public" if way is Way.KEY else "Full")
    facts = report.facts(None)
    assert (facts["remote"], facts["signed_in"]) == (kind, way is not Way.KEY)
    said = "\n".join(report.words())
    assert said.startswith("nick")
    assert not [word for word in [*WORDS, "$1$"] if word in said + json.dumps(facts)]


@pytest.mark.parametrize(
    ("way", "permissions"),
    [
        (Way.OAUTH, "Modify, as SmugMug says"),
        (Way.PASSWORD, "all that the account's owner has: the sign-in is by password"),
        (Way.KEY, "none: the API key alone, without a sign-in"),
    ],
)
def test_what_may_be_done_is_said_by_each_way(tmp_path: Path, old: Old, way: Way, permissions: str) -> None:
    report = reported(at(tmp_path, old, "smugmug-1.2.2", way))
    assert report.permissions() == permissions


@pytest.mark.parametrize(
    ("granted", "allowed"), [("Modify", True), ("Add", False), ("Read", False), (None, None), ("?", None)]
)
def test_a_grant_that_the_service_tells_is_believed(
    tmp_path: Path, old: Old, granted: str | None, allowed: object
) -> None:
    """`Auth{Token{id,Secret[,Access,Permissions]}}`: two clients read it, and it may be missing."""
    old.permissions = granted
    assert reported(at(tmp_path, old, "smugmug-1.3.0", Way.OAUTH)).may_upload() is allowed


def test_a_password_may_upload_and_a_visitor_may_not(tmp_path: Path, old: Old) -> None:
    assert reported(at(tmp_path, old, "smugmug-1.2.0", Way.PASSWORD)).may_upload() is True
    assert reported(at(tmp_path, old, "smugmug-1.2.0", Way.PASSWORD, user="nick")).may_upload() is False
    assert reported(at(tmp_path, old, "smugmug-1.2.0", Way.KEY)).may_upload() is False


def test_a_token_that_shows_too_little_is_told(tmp_path: Path, old: Old) -> None:
    old.access = "Public"
    finding = found(Service(at(tmp_path, old, "smugmug-1.3.0", Way.OAUTH), proxies={}), "account")
    assert finding.level is Level.WARN
    assert "private albums are not mirrored" in finding.text


@pytest.mark.parametrize(
    ("kind", "way", "wrong"),
    [
        ("smugmug-1.2.0", Way.PASSWORD, {"password": Secret("wrong-word")}),
        ("smugmug-1.2.2", Way.PASSWORD, {"password": Secret("wrong-word")}),
        ("smugmug-1.2.2", Way.OAUTH, {"access_token": Secret("wrong-word")}),
        ("smugmug-1.3.0", Way.OAUTH, {"access_token": Secret("wrong-word")}),
        ("smugmug-1.3.0", Way.KEY, {"api_key": Secret("wrong-word")}),
        ("smugmug-1.2.1", Way.KEY, {"api_key": Secret("wrong-word")}),
    ],
)
def test_what_is_wrong_is_refused(
    tmp_path: Path, old: Old, kind: Kind, way: Way, wrong: Mapping[str, Secret]
) -> None:
    with pytest.raises(NotAuthorised) as caught:
        reported(at(tmp_path, old, kind, way, **wrong))
    assert "wrong-word" not in str(caught.value)
    assert len(old.asked) <= 2, "nobody is locked out by trying again and again"


#: As people choose them: with everything that has to be encoded somewhere.
AWKWARD = {
    "api_key": "Key/with+signs=and%41\u00e4",
    "email": "me+photos&all@example.org",
    "password": " pass'word\"with &all? of#it\u4e2d",
    "site_password": "site;with:colons, and<brackets>",
    "album_passwords": "9VoYf=tok\\en~secret|with*stars!",
    "public_key": "f" * 20 + "&x=y z".replace(" ", "+"),
    "private_key": "0123456789/abc+def=",
}


@pytest.mark.parametrize("kind", ["smugmug-1.2.0", "smugmug-1.2.2", "smugmug-1.3.0"])
@pytest.mark.parametrize(
    "words", ["-vv auth status", "-vv --log-format json auth status --json", "-vv doctor"]
)
def test_a_service_that_repeats_what_it_was_sent_is_not_repeated(
    tmp_path: Path, old: Old, capsys: pytest.CaptureFixture[str], kind: str, words: str
) -> None:
    old.echoes = True
    secrets = {name: value for name, value in AWKWARD.items() if name in REMOTES[kind].takes}
    file = write(tmp_path, f"kind = '{kind}'\napi_url = '{old.url}'\n")
    environ = {f"SMUGSYNC_REMOTE__{name.upper()}": value for name, value in secrets.items()}
    if kind == "smugmug-1.3.0":
        environ["SMUGSYNC_REMOTE__USER"] = "nick"
    environ |= {"HOME": str(tmp_path), "SMUGSYNC_CONFIG": str(file)}
    assert main(words.split(), environ) in (5, 75), "a mirror that is not there is worse"
    shown = capsys.readouterr()
    said = shown.out + shown.err
    assert "you sent" in said
    values = [
        value.partition("=")[2] if name == "album_passwords" else value for name, value in secrets.items()
    ]
    assert not [form for value in values for form in disguises(value) if form in said]


# The doctor


def found(service: Service, key: str) -> Finding:
    return next(one for one in service.look() if one.id == key)


@pytest.mark.parametrize(("kind", "way"), LEGACY)
def test_the_doctor_finds_a_healthy_account(tmp_path: Path, old: Old, kind: Kind, way: Way) -> None:
    findings = {one.id: one for one in Service(at(tmp_path, old, kind, way), proxies={}).look()}
    assert set(findings) == {"account", "account.grants", "clock", "network.api"}
    assert {one.level for one in findings.values()} == {Level.OK}
    roles = findings["network.api"].text.partition(":")[0].split(", ")
    assert roles == ["API", "uploads", "sign-in"], "each of them once"


def test_the_doctor_says_what_keeps_uploads_back(tmp_path: Path, old: Old) -> None:
    old.permissions = "Read"
    config = replace(at(tmp_path, old, "smugmug-1.3.0", Way.OAUTH), upload=UploadConfig(enabled=True))
    assert found(Service(config, proxies={}), "account.uploads").level is Level.WARN
    old.permissions = "Modify"
    assert found(Service(config, proxies={}), "account.uploads").level is Level.OK


# Pixelpost


@pytest.fixture(scope="module")
def served() -> Iterator[Running]:
    with running(Settings()) as server:
        yield server


def site_of(tmp_path: Path, served: Running, *names: str) -> Config:
    keys = {name: Secret(served.ready[name]) for name in names}
    way = Way.PAIR if names else Way.NOBODY
    return config_of(tmp_path, remote_of("pixelpost", way, site_url=served.ready["pixelpost_url"], **keys))


def test_a_site_is_known_by_its_keys(tmp_path: Path, served: Running) -> None:
    config = site_of(tmp_path, served, "public_key", "private_key")
    report = reported(config)
    assert report.viewer is not None
    assert report.viewer.size
    assert describe_access(report.viewer) == f"Full: everything, {report.viewer.size} photos"
    assert report.permissions() == "to read; whatever else the keys may do is not used"
    assert report.may_upload() is False
    findings = {one.id: one.level for one in Service(config, proxies={}).look()}
    assert findings == dict.fromkeys(("account", "account.grants", "clock", "network.site"), Level.OK)


def test_a_site_that_grants_nothing_to_nobody_says_which_keys_it_takes(
    tmp_path: Path, served: Running
) -> None:
    finding = found(Service(site_of(tmp_path, served), proxies={}), "account")
    assert (finding.level, finding.code) == (Level.FAIL, 77)
    assert "read" in finding.text
    assert "auth login" not in finding.sentence


# What is shown


def test_what_is_shown_of_a_configuration_holds_no_secret(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["email-canary", "pass canary", "site canary", "open-sesame"]
    file = write(
        tmp_path,
        f"kind = 'smugmug-1.2.0'\napi_key = 'key-canary'\nemail = '{words[0]}'\npassword = '{words[1]}'\n"
        f"site_password = '{words[2]}'\nalbum_passwords = ['9VoYf={words[3]}']\n",
    )
    environ = {"HOME": str(tmp_path), "SMUGSYNC_CONFIG": str(file)}
    assert main(["config", "show", "--json"], environ) == 0
    shown = capsys.readouterr().out
    remote = json.loads(shown)["remote"]
    assert {remote[name] for name in ("api_key", "email", "password", "site_password")} == {"***"}
    assert remote["album_passwords"] == [{"album": "9VoYf", "password": "***"}]
    assert main(["config", "show"], environ) == 0
    shown += capsys.readouterr().out
    assert not [word for word in [*words, "key-canary"] if word in shown]


@pytest.mark.parametrize("kind", KINDS)
def test_a_configuration_of_every_kind_is_ok(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], kind: Kind
) -> None:
    remote = remote_of(kind, REMOTES[kind].ways[0])
    given = {name: value for name in REMOTES[kind].takes if (value := getattr(remote, name))}
    lines = [
        f"{name} = '{value.reveal() if isinstance(value, Secret) else value}'"
        for name, value in given.items()
    ]
    file = write(tmp_path, "\n".join([f"kind = '{kind}'", *lines, ""]))
    assert main(["config", "check"], {"HOME": str(tmp_path), "SMUGSYNC_CONFIG": str(file)}) == 0
    assert capsys.readouterr().out == f"ok: {file}, profile default\n"


# What has no sign-in


@pytest.mark.parametrize("command", ["login", "logout"])
@pytest.mark.parametrize(
    ("kind", "settings", "instead"),
    [
        ("smugmug-1.2.0", "api_key = 'k'\nemail = 'e'\npassword = 'p'", "remote.email and remote.password"),
        ("smugmug-1.2.1", "api_key = 'k'\nuser = 'nick'", "remote.email and remote.password"),
        ("pixelpost", "public_key = 'a'\nprivate_key = 'b'", "remote.public_key and remote.private_key"),
        ("pixelpost", "", "remote.public_key and remote.private_key"),
    ],
)
def test_a_remote_without_a_browsers_sign_in_says_what_to_do_instead(
    tmp_path: Path, command: str, kind: str, settings: str, instead: str
) -> None:
    site = "site_url = 'http://127.0.0.1:1'" if kind == "pixelpost" else ""
    file = write(tmp_path, f"kind = '{kind}'\n{settings}\n{site}\n")
    before = file.read_bytes()
    done = CliRunner().invoke(make_app(COMMANDS), ["auth", command], obj=invocation_of(tmp_path, file))
    assert isinstance(done.exception, UsageError)
    assert str(done.exception).startswith(f"{kind} has no sign-in by a browser")
    assert instead in str(done.exception)
    assert file.read_bytes() == before


def test_a_sign_in_needs_the_secret_of_the_key(tmp_path: Path) -> None:
    """1.2.2 can be signed in to by password without one."""
    file = write(tmp_path, "kind = 'smugmug-1.2.2'\napi_key = 'k'\nemail = 'e'\npassword = 'p'\n")
    done = CliRunner().invoke(make_app(COMMANDS), ["auth", "login"], obj=invocation_of(tmp_path, file))
    assert isinstance(done.exception, ConfigError)
    assert "remote.api_secret is missing" in str(done.exception)


def write(tmp_path: Path, remote: str) -> Path:
    file = tmp_path / "config.toml"
    file.write_text(f"mirror = '{tmp_path}/m'\n[remote]\n{remote}")
    file.chmod(0o600)
    return file


def invocation_of(tmp_path: Path, file: Path) -> Invocation:
    return Invocation({"HOME": str(tmp_path)}, config_path=file)
