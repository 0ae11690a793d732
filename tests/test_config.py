"""The configuration: what counts, what is refused, and in which words."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
import trustme
from hypothesis import given
from hypothesis import strategies as st

from smugsync.config import Config, load, selector
from smugsync.config.places import config_file, state_base
from smugsync.config.template import render, toml_value
from smugsync.config.writing import write_private
from smugsync.errors import ConfigError, UsageError
from smugsync.secret import Secret

KEYS = """
[remote]
api_key = "key-value"
api_secret = "secret-value"
access_token = "token-value"
access_token_secret = "token-secret-value"
"""
VALUES = ("key-value", "secret-value", "token-value", "token-secret-value")
EXAMPLE = Path(__file__).parents[1] / "config" / "smugsync.toml"


def put(path: Path, data: bytes, mode: int = 0o600) -> None:
    path.write_bytes(data)
    path.chmod(mode)


class Desk:
    """A home directory, a configuration in it, and the environment of a process."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.file = root / "config.toml"
        self.environ: dict[str, str] = {"HOME": str(root / "home")}
        self.secrets = root / "run-secrets"

    def write(self, text: str, *, mode: int = 0o600) -> None:
        self.file.write_text(text)
        self.file.chmod(mode)

    def load(self, profile: str = "default", *, file: bool = True) -> Config:
        return load(self.file if file else None, profile, self.environ, secrets=self.secrets)

    def problems(self, profile: str = "default", *, file: bool = True) -> list[str]:
        with pytest.raises(ConfigError) as caught:
            self.load(profile, file=file)
        assert caught.value.exit_code == 78
        assert not any(value in str(caught.value) for value in VALUES)
        return [problem.replace(str(self.file), "FILE") for problem in caught.value.problems]

    def secret(self, name: str, text: str, *, mode: int = 0o600) -> Path:
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        path.chmod(mode)
        return path


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


# What counts


def test_the_least_that_is_needed(desk: Desk) -> None:
    desk.write(f'mirror = "/srv/photos"\n{KEYS}')
    config = desk.load()
    assert config.mirror == Path("/srv/photos")
    assert config.path == desk.file
    assert config.state_dir == desk.root / "home/.local/state/smugsync/default"
    assert config.catalogue.parent == config.lock.parent == config.state_dir
    assert [secret.reveal() for secret in config.remote.secrets()] == list(VALUES)
    assert not config.remote.anonymous
    assert (config.remote.api_url, config.remote.upload_url, config.remote.oauth_url) == (
        "https://api.smugmug.com",
        "https://upload.smugmug.com/",
        "https://api.smugmug.com",
    )
    assert (config.mode, config.layout, config.durability) == ("archive", "url-path", "batch")
    assert (config.downloads, config.full_every_days, config.reserve) == (None, 7, 1 << 30)
    assert (config.log.format, config.log.level, config.timezone) == ("text", "warning", "local")
    assert (config.include, config.exclude, config.warnings) == ((), (), ())


def test_no_secret_is_shown(desk: Desk) -> None:
    desk.write(f'mirror = "/srv/photos"\n{KEYS}')
    assert not any(value in repr(desk.load()) for value in VALUES)


def test_everything_at_once(desk: Desk) -> None:
    desk.write(
        f"""
        mirror = "~/Photos"
        layout = "names"
        include = ["/Travel/", "**/2019"]
        exclude = ["/Travel/Private"]
        downloads = 12
        durability = "file"
        full_every_days = 30
        reserve = "500MB"
        timezone = "Europe/Madrid"
        state_dir = "{desk.root}/state"
        {KEYS}
        user = "somebody"
        api_url = "http://127.0.0.1:8000/"
        upload_url = "http://127.0.0.1:8000/upload/"
        oauth_url = "http://localhost:8000"
        media_hosts = ["CDN.example.com", "127.0.0.1:8001", "[::1]:80"]
        allow_http = true
        [log]
        format = "json"
        level = "debug"
        [upload]
        enabled = false
        """
    )
    config = desk.load()
    assert config.mirror == desk.root / "home/Photos"
    assert config.state_dir == desk.root / "state/default"
    assert (config.downloads, config.reserve) == (12, 500_000_000)
    assert config.remote.api_url == "http://127.0.0.1:8000"
    assert config.remote.upload_url == "http://127.0.0.1:8000/upload/"
    assert config.remote.media_hosts == ("cdn.example.com", "127.0.0.1:8001", "[::1]:80")
    assert config.remote.user == "somebody"
    assert (config.log.format, config.log.level) == ("json", "debug")


def test_anonymous_needs_the_key_alone(desk: Desk) -> None:
    desk.write('mirror = "/srv/photos"\n[remote]\nuser = "nick"\napi_key = "key-value"\n')
    assert desk.load().remote.anonymous


def test_a_profile_overrides_and_inherits(desk: Desk) -> None:
    desk.write(
        f"""
        mirror = "/srv/photos"
        downloads = 4
        {KEYS}
        [profile.wedding]
        mirror = "/srv/wedding"
        [profile.wedding.remote]
        user = "wedding"
        access_token = ""
        access_token_secret = ""
        """
    )
    assert desk.load().remote.user is None
    config = desk.load("wedding")
    assert (config.mirror, config.downloads, config.profile) == (Path("/srv/wedding"), 4, "wedding")
    assert config.state_dir.name == "wedding"
    assert config.remote.user == "wedding"
    assert config.remote.anonymous
    assert config.remote.api_key.reveal() == "key-value"


def test_precedence(desk: Desk) -> None:
    """Defaults, other tools' names, the file, credential directories, the environment."""
    credentials = desk.root / "credentials"
    desk.environ |= {"SMUGSYNC_MIRROR": "/srv/photos", "SMUGSYNC_REMOTE__USER": "nick"}

    def key() -> str:
        return desk.load().remote.api_key.reveal()

    desk.write("")
    desk.environ["SMUGMUG_API_KEY"] = "from-another-tool"
    assert key() == "from-another-tool"
    desk.write('[remote]\napi_key = "from-file"')
    assert key() == "from-file"
    desk.secret("run-secrets/smugsync_remote__api_key", "from-docker\n", mode=0o444)
    assert key() == "from-docker"
    desk.environ["CREDENTIALS_DIRECTORY"] = str(credentials)
    desk.secret("credentials/api_key", " from-systemd ", mode=0o440)
    assert key() == "from-systemd"
    desk.secret("credentials/default.api_key", "from-systemd-for-this-profile")
    assert key() == "from-systemd-for-this-profile"
    desk.environ["SMUGSYNC_REMOTE__API_KEY_FILE"] = str(desk.secret("key", "from-environment-file"))
    assert key() == "from-environment-file"
    desk.environ["SMUGSYNC_REMOTE__API_KEY"] = "from-environment"
    assert key() == "from-environment"
    desk.environ["SMUGSYNC_REMOTE__API_KEY"] = ""  # says nothing
    assert key() == "from-environment-file"


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("notify_ping", ("notify", "ping")),
        ("notify_ntfy", ("notify", "ntfy")),
        ("notify_ntfy_token", ("notify", "ntfy_token")),
        ("status_token", ("status", "token")),
    ],
)
def test_what_notifies_and_the_page_s_token_may_lie_in_files_too(
    desk: Desk, name: str, key: tuple[str, str]
) -> None:
    table, setting = key

    def value() -> str:
        found = getattr(getattr(desk.load(), table), setting)
        assert isinstance(found, Secret)
        return found.reveal()

    desk.secret("secrets/mine", "https://example.com/beside")
    desk.write(f'mirror = "/srv/photos"\n{KEYS}\n[{table}]\n{setting}_file = "secrets/mine"')
    assert value() == "https://example.com/beside"
    desk.secret(f"run-secrets/{name}", "https://example.com/docker", mode=0o444)
    assert value() == "https://example.com/docker"
    desk.environ[f"SMUGSYNC_{table}__{setting}_FILE".upper()] = str(
        desk.secret("named", "https://example.com/named")
    )
    assert value() == "https://example.com/named"


@pytest.mark.parametrize(
    "line",
    [
        'notify.ping = "https://hc-ping.com/uuid"',
        'notify.ntfy = "https://ntfy.sh/topic"',
        'notify.ntfy_token = "tk_secret"',
        'notify.apprise = ["mailto://me:password@example.org"]',
        'status.token = "0123456789abcdef"',
    ],
)
def test_what_notifies_is_for_the_owner_s_eyes_alone(desk: Desk, line: str) -> None:
    desk.environ |= {"SMUGSYNC_REMOTE__API_KEY": "key-value", "SMUGSYNC_REMOTE__USER": "nick"}
    desk.write(f'mirror = "/srv/photos"\n{line}', mode=0o644)
    with pytest.raises(ConfigError, match="holds secrets and can be read by others"):
        desk.load()


def test_an_address_to_ping_may_hold_a_query_and_no_user_name(desk: Desk) -> None:
    line = 'notify.ping = "https://{}kuma.example/api/push/T?status=up"'
    desk.write(f'mirror = "/srv/photos"\n{line.format("")}\n{KEYS}')
    assert desk.load().notify.ping is not None
    desk.write(f'mirror = "/srv/photos"\n{line.format("me:s3cret@")}\n{KEYS}')
    assert desk.problems() == ["FILE: notify.ping must be an address without user name or fragment"]


def test_a_token_that_cannot_be_read_is_told_with_its_setting(desk: Desk) -> None:
    desk.write(f'mirror = "/srv/photos"\n{KEYS}\n[status]\nlisten = "127.0.0.1:8765"\ntoken_file = "nowhere"')
    with pytest.raises(ConfigError, match=r"status\.token_file: .*nowhere: No such file"):
        desk.load()


def test_secrets_may_lie_in_files_beside_the_configuration(desk: Desk) -> None:
    desk.secret("keys/api", "\ufefffrom-beside\r\n")
    desk.write('mirror = "/srv/photos"\n[remote]\nuser = "nick"\napi_key_file = "keys/api"')
    assert desk.load().remote.api_key.reveal() == "from-beside"


def test_the_environment_alone_is_enough(desk: Desk) -> None:
    desk.environ |= {
        "SMUGSYNC_MIRROR": "/srv/photos",
        "SMUGSYNC_DOWNLOADS": "6",
        "SMUGSYNC_RESERVE": "2 GiB",
        "SMUGSYNC_REMOTE__USER": "nick",
        "SMUGSYNC_REMOTE__API_KEY": "key-value",
        "SMUGSYNC_REMOTE__MEDIA_HOSTS": "a.example.com, b.example.com:81",
        "SMUGSYNC_REMOTE__ALLOW_HTTP": "true",
        "SMUGSYNC_INCLUDE": '["/Travel/, with a comma"]',
        "SMUGSYNC_LOG__LEVEL": "info",
        "SMUGSYNC_STATE_DIR": str(desk.root / "state"),
    }
    config = desk.load(file=False)
    assert config.path is None
    assert (config.downloads, config.reserve, config.log.level) == (6, 2 << 30, "info")
    assert config.remote.media_hosts == ("a.example.com", "b.example.com:81")
    assert config.include == ("/Travel/, with a comma",)
    assert config.remote.allow_http is True
    assert config.state_dir == desk.root / "state" / "default"


def test_a_stray_variable_is_a_warning(desk: Desk) -> None:
    desk.write(f'mirror = "/srv/photos"\n{KEYS}')
    desk.environ["SMUGSYNC_MIROR"] = "/srv/other"
    assert "SMUGSYNC_MIROR" in " ".join(desk.load().warnings)


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o604, 0o620])
def test_a_file_with_secrets_that_others_can_read_or_change_is_refused(desk: Desk, mode: int) -> None:
    desk.write(f'mirror = "/srv/photos"\n{KEYS}', mode=mode)
    (problem,) = desk.problems()
    assert f"by others (mode {mode:04o}): chmod 600 it" in problem


def test_a_file_without_secrets_may_be_read_by_others(desk: Desk) -> None:
    desk.write('mirror = "/srv/photos"\n', mode=0o644)
    desk.environ |= {"SMUGSYNC_REMOTE__API_KEY": "key-value", "SMUGSYNC_REMOTE__API_SECRET": "secret-value"}
    assert desk.load().warnings == ()


# What is refused


def case(text: str, *expected: str) -> object:
    return pytest.param(text, expected, id=expected[0][:60])


GOOD = f'mirror = "/srv/photos"\n{KEYS}'


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        case("mirror = ", "FILE, line 1, column 10: not valid TOML"),
        case('a = 1\nb = "open', "FILE, line 2, column"),
        case(f"downlaods = 3\n{GOOD}", 'FILE: unknown setting "downlaods"; did you mean "downloads"?'),
        case(f'{GOOD}usr = "x"', 'FILE: unknown setting "remote.usr"; did you mean "remote.user"?'),
        case(f'api_url = "x"\n{GOOD}', 'unknown setting "api_url"; did you mean "remote.api_url"?'),
        case(f"full-every-days = 1\n{GOOD}", 'did you mean "full_every_days"?'),
        case(f"{GOOD}[zzqq]\nx = 1", 'unknown setting "zzqq": remove it'),
        case(f"downloads = 0\n{GOOD}", 'FILE: downloads must be a number from 1 to 32, or "auto"'),
        case(f"downloads = true\n{GOOD}", "FILE: downloads must be a number from 1 to 32"),
        case(f'downloads = "four"\n{GOOD}', "FILE: downloads must be a number from 1 to 32"),
        case(f"full_every_days = 4.5\n{GOOD}", "FILE: full_every_days must be a number from 1 to 366"),
        case(f'reserve = "5 lemons"\n{GOOD}', 'FILE: reserve must be a size such as "1GiB"'),
        case(f"reserve = -1\n{GOOD}", "FILE: reserve must be a size"),
        case(f'layout = "flat"\n{GOOD}', 'FILE: layout must be "url-path" or "names"'),
        case(f'mode = "move"\n{GOOD}', 'FILE: mode must be "archive" or "mirror"'),
        case(f'links = "soft"\n{GOOD}', 'FILE: links must be "auto", "reflink" or "none"'),
        case(f"{GOOD}[guard]\nmax_percent = 101", "FILE: guard.max_percent must be a number from 0 to 100"),
        case(f"{GOOD}[keep]\ntrash_days = -1", "FILE: keep.trash_days must be a number from 0 to 36500 days"),
        case(f'{GOOD}[verify]\nrate = "fast"', 'FILE: verify.rate must be a size such as "1GiB"'),
        case(f"{GOOD}[guard]\naccept_loss = true", 'unknown setting "guard.accept_loss"'),
        case(
            'mirror = "/srv/photos"\n[remote]\nuser = "nick"\napi_key = "k"\n[upload]\nenabled = true',
            "upload.enabled is true, but with remote.user the albums are a visitor's",
        ),
        case(f'{GOOD}[upload]\nstable = "0s"', "FILE: upload.stable must be a time such as"),
        case(f'{GOOD}[upload]\ncreate = "Hidden"', "FILE: upload.create must be"),
        case(
            f'{GOOD}[[upload.routes]]\nfolder = "drop"\nalbum = "/A"',
            'upload.routes has the folder "drop": it must be an absolute path',
        ),
        case(
            f'{GOOD}[[upload.routes]]\nfolder = "/srv/photos/drop"\nalbum = "/A"',
            "upload.routes has the folder /srv/photos/drop, which overlaps with the mirror",
        ),
        case(
            f'{GOOD}[[upload.routes]]\nfolder = "/drop"\nalbum = "A/../B"',
            'upload.routes has the album "A/../B": write its path',
        ),
        case(f'{GOOD}[[upload.routes]]\nfolder = "/drop"', "FILE: upload.routes.album is missing"),
        case(f'{GOOD}[schedule]\npoll = "often"', "FILE: schedule.poll must be an interval"),
        case(f'{GOOD}[schedule]\nfull = "0 25 * * *"', "FILE: schedule.full is no cron expression"),
        case(f'{GOOD}[schedule]\nquiet = ["8-18"]', 'FILE: schedule.quiet holds "8-18"'),
        case(f'bwlimit = "fast"\n{GOOD}', "FILE: bwlimit must be a speed"),
        case(f'{GOOD}[notify]\nping = "hc-ping.com"', "FILE: notify.ping must be a web address"),
        case(f'{GOOD}[status]\nlisten = "all"', "FILE: status.listen must be HOST:PORT"),
        case(
            f'{GOOD}[status]\nlisten = "0.0.0.0:80"', 'status.listen is "0.0.0.0:80", which others can reach'
        ),
        case(f'{GOOD}[status]\ntextfile = "/tmp/x.txt"', "it must be the absolute path of a .prom"),
        case(f'{GOOD}user = "/srv/photos"', "FILE: remote.user must be a nickname"),
        case(f'{GOOD}kind = "flickr"', 'remote.kind must be "smugmug-v2", "smugmug-1.3.0", '),
        case(f'include = "/Travel"\n{GOOD}x = 1', 'unknown setting "remote.x"'),
        case(f"include = 3\n{GOOD}", "FILE: include must be a list of strings"),
        case(f'include = ["/a", 3]\n{GOOD}', "FILE: include must be a list of strings"),
        case(f'reserve = "{"9" * 400}.5TB"\n{GOOD}', "FILE: reserve must be a size such as"),
        case(f'exclude = ["!"]\n{GOOD}', 'FILE: exclude holds "!", which is no gitignore pattern'),
        case(f'timezone = "Mars/Olympus"\n{GOOD}', 'FILE: timezone must be "local" or a time zone'),
        case(f"log = 3\n{GOOD}", "FILE: log must be a table, written [log]"),
        case(f'{GOOD}[log]\nlevel = "loud"', "FILE: log.level must be"),
        case(f"{GOOD}allow_http = 3", "FILE: remote.allow_http must be true or false"),
        case(f"{GOOD}user = 3", "FILE: remote.user must be a string"),
        case(f'{GOOD}api_url = "ftp://x"', "FILE: remote.api_url must be a web address"),
        case(f'{GOOD}api_url = "https://x/path"', "FILE: remote.api_url must be a bare origin"),
        case(f'{GOOD}api_url = "https://me:pw@x"', "FILE: remote.api_url must be an address without user"),
        case(f'{GOOD}api_url = "https://x:99999"', "FILE: remote.api_url is not a web address"),
        case(f'{GOOD}api_url = "http://example.com"', "FILE: remote.api_url would send the credentials"),
        case(f'{GOOD}media_hosts = ["http://x"]', "FILE: remote.media_hosts must be HOST or HOST:PORT"),
        case(f'{GOOD}media_hosts = ["x:99999"]', "FILE: remote.media_hosts must be HOST or HOST:PORT"),
        case(f'{GOOD}ca_file = "/nonexistent.pem"', "remote.ca_file is /nonexistent.pem, which cannot be"),
        case(f'{GOOD}ca_file = "config.toml"', "which holds no certificates in PEM form"),
        case("[profile]\nx = 1", 'FILE: "profile" must hold tables such as [profile.NAME]'),
        case(KEYS, 'FILE: mirror is missing: write mirror = "/where/the/photos/go", or set SMUGSYNC_MIRROR'),
        case(f"mirror = 3\n{KEYS}", "FILE: mirror must be a string"),
        case(f'mirror = "Photos"\n{KEYS}', 'FILE: mirror is "Photos": it must be an absolute path'),
        case(f'mirror = "/"\n{KEYS}', 'FILE: mirror is "/", the whole machine'),
        case(f'mirror = "/srv/.."\n{KEYS}', 'FILE: mirror is "/", the whole machine'),
        case(f'mirror = "~"\n{KEYS}', "the whole home directory"),
        case(f'mirror = "~/.local/state/smugsync/default/x"\n{KEYS}', "inside the state directory"),
        case(f'mirror = "~/.local"\n{KEYS}', "which holds the state directory"),
        case(f'mirror = "/srv/a\\u0000b"\n{KEYS}', "FILE: mirror holds a NUL character"),
        case(f'state_dir = "state"\n{GOOD}', 'FILE: state_dir is "state": it must be an absolute path'),
        case(
            'mirror = "/srv/photos"\n[remote]\napi_key = "key-value"',
            "FILE: remote.api_secret is missing: write api_secret (or api_secret_file) below [remote], "
            "or set SMUGSYNC_REMOTE__API_SECRET (or SMUGSYNC_REMOTE__API_SECRET_FILE)",
        ),
        case(
            f"{GOOD.replace('access_token =', '# access_token =')}",
            "FILE: remote.access_token is missing: write access_token (or access_token_file) below [remote], "
            "or set SMUGSYNC_REMOTE__ACCESS_TOKEN (or SMUGSYNC_REMOTE__ACCESS_TOKEN_FILE), "
            "or run `smugsync auth login`",
        ),
        case(
            'mirror = "/srv/photos"\n[remote]\nuser = "nick"\napi_key = "key-value"\naccess_token = "abc"',
            "remote.api_secret is missing",
            "remote.access_token_secret is missing",
        ),
        case('mirror = "/srv/photos"\n[remote]\nuser = "nick"', "remote.api_key is missing"),
    ],
)
def test_refused_in_one_sentence(desk: Desk, text: str, expected: tuple[str, ...]) -> None:
    desk.write(text)
    problems = desk.problems()
    assert len(problems) == len(expected), problems
    for problem, words in zip(problems, expected, strict=True):
        assert words in problem
        assert "\n" not in problem


def test_what_the_daemon_does_and_when(desk: Desk) -> None:
    desk.write(
        'bwlimit = "08:00,1MB sat-00:00,2MB:off"\n'
        + GOOD
        + """[schedule]
poll = "90s"
full = "0 3 * * mon"
verify = "off"
quiet = ["22:00-06:30"]
[status]
listen = 8765
token = "xyzzy"
[notify]
ping = "https://hc-ping.com/secret"
apprise = ["mailto://user:pw@host"]
[[upload.routes]]
folder = "/drop"
album = "/Inbox/"
keywords = ["a", "b"]
"""
    )
    loaded = desk.load()
    day = 24 * 60
    assert [(r.minute, r.up, r.down) for r in loaded.bwlimit] == sorted(
        [(n * day + 480, 1_000_000, 1_000_000) for n in range(7)] + [(5 * day, 2_000_000, None)]
    )
    assert (loaded.schedule.poll, loaded.schedule.full, loaded.schedule.verify) == (90, "0 3 * * mon", None)
    assert loaded.schedule.quiet == ((22 * 60, 6 * 60 + 30),)
    assert loaded.status.listen == "127.0.0.1:8765"
    assert [(str(r.folder), r.album, r.keywords, r.privacy) for r in loaded.upload.routes] == [
        ("/drop", "/Inbox", ("a", "b"), None)
    ]
    assert "hc-ping" not in repr(loaded)
    assert "pw" not in repr(loaded)
    assert {secret.reveal() for secret in loaded.secrets()} >= {
        "https://hc-ping.com/secret",
        "mailto://user:pw@host",
        "xyzzy",
    }


def test_every_problem_is_told_at_once(desk: Desk) -> None:
    desk.write(
        'mirorr = "/x"\ndownloads = 99\nlayout = "x"\nmirror = "y"\n[remote]\nusr = "z"\nca_file = "none.pem"'
    )
    desk.environ["SMUGSYNC_RESERVE"] = "much"
    problems = desk.problems()
    for words in (
        '"mirorr"',
        "downloads must",
        "layout must",
        "mirror is",
        '"remote.usr"',
        "ca_file is",
        "api_key is missing",
        "environment variable SMUGSYNC_RESERVE must be a size",
    ):
        assert sum(words in problem for problem in problems) == 1, words


def test_no_secret_reaches_a_syntax_error(desk: Desk) -> None:
    desk.write('[remote]\napi_secret = "secret-value\n')
    assert "line 2" in desk.problems()[0]  # `problems` looks for the values


def test_no_configuration(desk: Desk) -> None:
    assert desk.problems() == ['no configuration at FILE: run "smugsync init", or name another with --config']
    assert "/home/.config/smugsync/config.toml" in desk.problems(file=False)[0]


def test_unusable_files(desk: Desk) -> None:
    desk.file.write_bytes(b'mirror = "\xff"')
    assert desk.problems() == ["FILE: is not UTF-8 text (byte 10)"]
    desk.file.unlink()
    desk.file.mkdir()
    assert desk.problems() == ["FILE: cannot be read: Is a directory"]


def test_profiles_that_are_not_there(desk: Desk) -> None:
    desk.write(f"{GOOD}[profile.wedding]\nmirror = '/srv/w'")
    assert desk.problems("weding") == ['FILE has no profile "weding"; did you mean "wedding"?']
    assert desk.problems("zoo") == ['FILE has no profile "zoo"; it has default, wedding']
    assert "cannot be the name of a profile" in desk.problems("../x")[0]


def test_a_profile_never_shares_the_mirror_of_the_default(desk: Desk) -> None:
    desk.write(f"{GOOD}[profile.wedding]\ndownloads = 4")
    assert "give [profile.wedding] a mirror of its own" in desk.problems("wedding")[0]
    desk.environ["SMUGSYNC_MIRROR"] = "/srv/wedding"
    assert desk.load("wedding").mirror == Path("/srv/wedding")


def test_a_mistake_in_another_profile_is_not_ours(desk: Desk) -> None:
    desk.write(f"{GOOD}[profile.wedding]\nmirror = '/srv/w'\ndownlaods = 4")
    desk.load()
    assert 'unknown setting "downlaods"' in desk.problems("wedding")[0]


def test_the_mirror_is_a_file(desk: Desk) -> None:
    target = desk.secret("photos", "")
    desk.write(f'mirror = "{target}"\n{KEYS}')
    assert desk.problems() == [f"FILE: mirror is {target}, which is a file: name a directory"]


def test_a_link_to_home_is_home(desk: Desk) -> None:
    (desk.root / "home").mkdir()
    (desk.root / "link").symlink_to(desk.root / "home")
    desk.write(f'mirror = "{desk.root}/link"\n{KEYS}')
    assert "the whole home directory" in desk.problems()[0]


def test_a_mirror_whose_disk_is_missing_is_for_the_run_to_judge(desk: Desk) -> None:
    (desk.root / "link").symlink_to(desk.root / "not-mounted")
    desk.write(f'mirror = "{desk.root}/link"\n{KEYS}')
    assert desk.load().mirror == desk.root / "link"


@pytest.mark.parametrize(
    ("prepare", "words"),
    [
        (lambda path: None, "No such file or directory"),
        (lambda path: path.mkdir(), "is not a regular file"),
        (lambda path: os.mkfifo(path, 0o600), "is not a regular file"),
        (lambda path: put(path, b"secret-value", 0o644), "can be read by others (mode 0644): chmod 600"),
        (lambda path: put(path, b"secret-value", 0o640), "can be read by others (mode 0640)"),
        (lambda path: put(path, b" \n"), "is empty"),
        (lambda path: put(path, b"secret-value b"), "holds more than one word"),
        (lambda path: put(path, b"\xff\xfe"), "is not UTF-8 text"),
    ],
)
def test_secret_files_that_cannot_be_used(desk: Desk, prepare: Callable[[Path], object], words: str) -> None:
    path = desk.root / "secret"
    prepare(path)
    desk.write(f'mirror = "/srv/photos"\n[remote]\nuser = "nick"\napi_key_file = "{path}"')
    (problem,) = desk.problems()
    assert problem.startswith(f"FILE: remote.api_key_file: {path}: ")
    assert words in problem


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads everything")
def test_an_unreadable_secret_file(desk: Desk) -> None:
    path = desk.secret("secret", "secret-value", mode=0)
    desk.write(f'mirror = "/srv/photos"\n[remote]\nuser = "nick"\napi_key_file = "{path}"')
    assert desk.problems() == [f"FILE: remote.api_key_file: {path}: Permission denied"]


def test_an_empty_credential_names_its_file(desk: Desk) -> None:
    path = desk.secret("run-secrets/api_key", "")
    desk.write('mirror = "/srv/photos"\n[remote]\nuser = "nick"')
    assert desk.problems() == [f"{path}: is empty"]


def test_a_store_of_credentials_that_cannot_be_looked_into_gives_a_warning(desk: Desk) -> None:
    desk.write(GOOD)
    desk.secrets.symlink_to(desk.secrets)
    (warning,) = desk.load().warnings
    assert warning.startswith(f"{desk.secrets} cannot be looked into for credentials: ")


def test_a_state_directory_that_cannot_be_looked_at(desk: Desk) -> None:
    loop = desk.root / "loop"
    loop.symlink_to(loop)
    desk.write(f'state_dir = "{loop}"\n{GOOD}')
    (problem,) = desk.problems()
    assert problem.startswith(f"FILE: state_dir is {loop}, which cannot be looked at: ")


@pytest.mark.parametrize(
    ("value", "words"),
    [("key-value b", "holds more than one word"), ("key-\udcffvalue", "is not UTF-8 text")],
    ids=["two-words", "no-text"],
)
def test_a_secret_that_cannot_be_one(desk: Desk, value: str, words: str) -> None:
    desk.write(GOOD)
    desk.environ["SMUGSYNC_REMOTE__API_KEY"] = value
    (problem,) = desk.problems()
    assert problem.startswith(f"environment variable SMUGSYNC_REMOTE__API_KEY {words}")


@pytest.mark.parametrize(
    "other", ["/srv/photos", "/srv/photos/", "/srv", "/srv/photos/two", "/srv/x/../photos"]
)
def test_two_profiles_share_no_mirror(desk: Desk, other: str) -> None:
    desk.write(f'mirror = "/srv/photos"\n{KEYS}\n[profile.two]\nmirror = "{other}"')
    told = "give each profile a mirror of its own"
    assert [problem.endswith(told) for problem in desk.problems()] == [True]
    assert [problem.endswith(told) for problem in desk.problems("two")] == [True]


def test_mirrors_of_two_profiles_may_lie_beside_each_other(desk: Desk) -> None:
    desk.write(f'mirror = "/srv/photos"\n{KEYS}\n[profile.two]\nmirror = "/srv/photos-two"')
    assert desk.load("two").mirror == Path("/srv/photos-two")


def test_a_table_in_the_environment_must_be_json(desk: Desk) -> None:
    desk.write(GOOD)
    desk.environ["SMUGSYNC_REMOTE"] = "nick"
    assert "SMUGSYNC_REMOTE must be a JSON object" in desk.problems()[0]


def test_single_variables_add_to_a_table_in_the_environment(desk: Desk) -> None:
    desk.write(GOOD)
    desk.environ["SMUGSYNC_WATCH"] = '{"mode": "poll", "poll": "20s"}'
    desk.environ["SMUGSYNC_WATCH__POLL"] = "30s"
    watch = desk.load().watch
    assert (watch.mode, watch.poll) == ("poll", 30)


def test_routes_may_come_from_the_environment(desk: Desk) -> None:
    desk.write(GOOD)
    desk.environ["SMUGSYNC_UPLOAD__ROUTES"] = '[{"folder": "/drop", "album": "/A", "keywords": ["x"]}]'
    (route,) = desk.load().upload.routes
    assert (str(route.folder), route.album, route.keywords) == ("/drop", "/A", ("x",))


def test_routes_of_the_environment_must_be_json(desk: Desk) -> None:
    desk.write(GOOD)
    desk.environ["SMUGSYNC_UPLOAD__ROUTES"] = "/drop"
    (problem,) = desk.problems()
    assert "SMUGSYNC_UPLOAD__ROUTES" in problem
    assert "must be JSON like" in problem


def test_a_private_ca_is_tried(desk: Desk) -> None:
    trustme.CA().cert_pem.write_to_path(desk.root / "ca.pem")
    desk.write(f'{GOOD}ca_file = "ca.pem"')
    assert desk.load().remote.ca_file == desk.root / "ca.pem"


# Places


@pytest.mark.parametrize(
    ("environ", "config", "state"),
    [
        ({"HOME": "/h"}, "/h/.config/smugsync/config.toml", "/h/.local/state/smugsync"),
        ({"HOME": "/h", "XDG_CONFIG_HOME": "/c"}, "/c/smugsync/config.toml", "/h/.local/state/smugsync"),
        ({"HOME": "/h", "XDG_STATE_HOME": "/s"}, "/h/.config/smugsync/config.toml", "/s/smugsync"),
        (
            {"HOME": "/h", "XDG_CONFIG_HOME": "rel", "XDG_STATE_HOME": ""},
            "/h/.config/smugsync/config.toml",
            "/h/.local/state/smugsync",
        ),
        ({"HOME": "/h", "SMUGSYNC_CONFIG": "~/x.toml"}, "/h/x.toml", "/h/.local/state/smugsync"),
    ],
)
def test_places(environ: Mapping[str, str], config: str, state: str) -> None:
    assert config_file(None, environ) == Path(config)
    assert state_base(environ) == Path(state)


def test_without_home_the_account_has_one() -> None:
    assert config_file(None, {}).is_absolute()
    assert state_base({"HOME": "relative"}).is_absolute()


# Selection


@pytest.mark.parametrize(
    ("include", "exclude", "path", "wanted"),
    [
        ((), (), "/Anything", True),
        (("/Travel/",), (), "/Travel", True),
        (("/Travel/",), (), "/Travel/Iceland", True),
        (("/Travel/",), (), "/Work/Travel", False),
        (("Travel",), (), "/Work/Travel", True),
        (("/Travel/Iceland",), (), "/Travel", False),
        ((), ("/Travel/*", "!/Travel/Iceland"), "/Travel/Iceland", True),
        ((), ("/Travel/*", "!/Travel/Iceland"), "/Travel/Norway", False),
        (("/Travel/",), ("**/Private",), "/Travel/Private", False),
        (("**/2019*",), (), "/Family/2019-Summer", True),
    ],
)
def test_selection(include: tuple[str, ...], exclude: tuple[str, ...], path: str, *, wanted: bool) -> None:
    assert selector(include, exclude)(path) is wanted


# The template


def test_the_example_is_what_the_template_writes() -> None:
    assert EXAMPLE.read_text() == render({}, defaults=True)


def test_the_example_says_the_defaults(desk: Desk) -> None:
    desk.environ |= {
        "SMUGSYNC_MIRROR": "/srv/photos",
        "SMUGSYNC_REMOTE__USER": "nick",
        "SMUGMUG_API_KEY": "key-value",
    }
    desk.write("")
    empty = desk.load()
    desk.write(EXAMPLE.read_text())
    assert desk.load() == empty
    desk.write(render({}))
    assert desk.load() == empty


@given(st.text(), st.lists(st.text(min_size=1).filter(str.strip), max_size=3))
def test_what_is_written_is_read_back(text: str, items: list[str]) -> None:
    import tomllib  # noqa: PLC0415 - only here

    try:
        written = f"a = {toml_value(text)}\nb = {toml_value(tuple(items))}\nc = {toml_value(True)}"
    except ValueError:
        assert any("\ud800" <= one <= "\udfff" for one in text + "".join(items))
        return
    assert tomllib.loads(written) == {"a": text, "b": items, "c": True}


def test_a_written_configuration_is_private(tmp_path: Path) -> None:
    path = tmp_path / "new" / "config.toml"
    write_private(path, "a = 1\n", replace=False)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    with pytest.raises(UsageError, match="exists already"):
        write_private(path, "a = 2\n", replace=False)
    write_private(path, "a = 3\n", replace=True)
    assert (path.read_text(), path.with_name("config.toml.bak").read_text()) == ("a = 3\n", "a = 1\n")
    assert sorted(one.name for one in path.parent.iterdir()) == ["config.toml", "config.toml.bak"]


def test_a_place_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ConfigError, match="cannot be written: "):
        write_private(tmp_path / "file" / "config.toml", "", replace=False)
