"""The commented configuration that `init` writes, and that lies as an example in `config/`."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from smugsync.config.loading import DEFAULT_PROFILE
from smugsync.config.remotes import DEFAULT_KIND, KINDS
from smugsync.records import dataclass


@dataclass(frozen=True, slots=True)
class Entry:
    """One setting: what it does, its default, and what stands there when it has none."""

    key: str
    comment: str
    default: Any = None
    example: Any = ""


_TOP = (
    Entry("mirror", "Where the photos go: an absolute path, ~/ allowed.", example="/srv/photos"),
    Entry(
        "mode",
        'What becomes of photos deleted online. "archive" keeps and marks them; "mirror" moves them to\n'
        ".smugsync/trash, where they stay for [keep] trash_days.",
        "archive",
    ),
    Entry(
        "layout",
        '"url-path": folders are called as in the web addresses; "names": as people named them.',
        "url-path",
    ),
    Entry(
        "links",
        'A photo in several albums is stored once. "auto": by reflink where the disk can, else by hard\n'
        'link (an editor that writes in place changes both names), else a copy; "reflink": never by hard\n'
        'link; "none": a file of its own in each album.',
        "auto",
    ),
    Entry(
        "include",
        'Only these albums: gitignore patterns on web paths, such as "/Travel/". Empty: all.',
        (),
    ),
    Entry("exclude", "Not these albums; has the last word.", ()),
    Entry("downloads", 'Parallel downloads, 1 to 32; "auto" adapts to disk and line.', "auto"),
    Entry(
        "durability",
        'What a power cut may cost. "batch": nothing that was recorded, fsync in groups; "file": one\n'
        'fsync per file; "none": leave it to the operating system.',
        "batch",
    ),
    Entry("full_every_days", "Every so many days a sync compares everything, not only what changed.", 7),
    Entry("reserve", "Space to leave free on the mirror's disk.", "1GiB"),
    Entry(
        "bwlimit",
        'Bytes a second, "10MB", or "2MB:10MB" for sending and receiving; "off"; or a timetable,\n'
        '"08:00,1MB 18:00,10MB 23:00,off", also with days, "mon-08:00,1MB sat-00:00,off".',
        "off",
    ),
    Entry("timezone", 'Zone of the cameras\' clocks: "local", or a name such as "Europe/Madrid".', "local"),
    Entry(
        "state_dir",
        "Where the catalogue lives, a directory per profile. On a local disk, never inside the mirror.",
        example="~/.local/state/smugsync",
    ),
)
_REMOTE = (
    Entry(
        "kind",
        "The service and its interface: "
        + ", ".join(f'"{kind}"' for kind in KINDS[:3])
        + ",\n"
        + ", ".join(f'"{kind}"' for kind in KINDS[3:-1])
        + f' or "{KINDS[-1]}". What one does not take is\n'
        "ignored: docs/remotes.md says what each of them needs.",
        DEFAULT_KIND,
    ),
    Entry(
        "user", "Read the public albums of this nickname; only api_key is needed then.", example="nickname"
    ),
    Entry(
        "api_key",
        'Secrets. Each may lie in a file of its own instead: api_key_file = "/path", and so on; or in the\n'
        "environment, SMUGSYNC_REMOTE__API_KEY; or among the credentials of systemd or Docker.\n"
        '"smugsync auth login" writes the last two.',
        example="...",
    ),
    Entry("api_secret", "", example="..."),
    Entry("access_token", "", example="..."),
    Entry("access_token_secret", "", example="..."),
    Entry(
        "email",
        "A sign-in by password, for smugmug-1.2.0 to 1.2.2. Files and variables as above.",
        example="...",
    ),
    Entry("password", "", example="..."),
    Entry(
        "site_password",
        "What opens albums of somebody else's that are protected, for smugmug-1.2.0 to 1.3.0: the\n"
        "password of the whole site, and those of single albums by their keys.",
        example="...",
    ),
    Entry("album_passwords", "", example=("8RxVQ3=...",)),
    Entry(
        "site_url",
        "Pixelpost: where the site is, and the keys of an entity of its that may read. Without keys what\n"
        "the site shows to everybody.",
        example="https://photos.example.org",
    ),
    Entry("public_key", "", example="..."),
    Entry("private_key", "", example="..."),
    Entry(
        "site_form",
        'Where a web server lets nothing but addresses through, "get" puts questions to Pixelpost there;\n'
        "and the word that its API goes by, if its own configuration names another one.",
        "json",
    ),
    Entry("site_api", "", "api"),
    Entry(
        "site_pictures",
        "Pixelpost draws its pictures itself, so that one that cannot be decoded has not come whole and is\n"
        'asked for again and again. With "any" it is taken as it is: for a site whose own disk lost a part.',
        "whole",
    ),
    Entry(
        "upload_form",
        'How files go to smugmug-1.2.0 to 1.2.2: "raw", or "base64" inside a form, which needs memory\n'
        "for three times the file and is for new photos alone.",
        "raw",
    ),
    Entry(
        "api_url",
        "Addresses of SmugMug; others only for a test server. Where api_url is another one, the other two\n"
        "follow it for smugmug-1.2.0 to 1.3.0.",
        "https://api.smugmug.com",
    ),
    Entry("upload_url", "", example="https://upload.smugmug.com/"),
    Entry("oauth_url", "", example="https://api.smugmug.com"),
    Entry(
        "ca_file",
        "A private certificate authority to trust as well (PEM).",
        example="/etc/ssl/private-ca.pem",
    ),
    Entry("media_hosts", "Hosts besides *.smugmug.com that photos may come from: HOST or HOST:PORT.", ()),
    Entry("allow_http", "Send credentials unencrypted, beyond this machine.", default=False),
)
_GUARD = (
    Entry(
        "max_files",
        "More than so many files, and more than so many percent of all, are never given up within a day;\n"
        "`smugsync sync --accept-loss` lets one run do it.",
        20,
    ),
    Entry("max_percent", "", 5),
    Entry("max_album", "Nor is a whole album of so many files or more.", 3),
)
_KEEP = (
    Entry(
        "versions_days",
        "For how many days old versions, the trash, damaged files that were replaced, and the history of\n"
        "runs are kept. 0: for good.",
        365,
    ),
    Entry("trash_days", "", 30),
    Entry("damaged_days", "", 90),
    Entry("history_days", "", 730),
)
_VERIFY = (
    Entry("every_days", "`smugsync verify --due` reads every file once in so many days,", 30),
    Entry("rate", "at most so many bytes a second; 0: as fast as the disk.", "50MiB"),
)
_LOG = (
    Entry("format", '"text" or "json".', "text"),
    Entry("level", '"debug", "info", "warning" or "error".', "warning"),
)
_UPLOAD = (
    Entry(
        "enabled",
        "Send new local files: those that appear in an album's folder from now on. `smugsync upload\n"
        "--existing` sends older ones. A deletion here is never sent.",
        default=False,
    ),
    Entry("replace", "Replace a photo online when you edit it here.", default=False),
    Entry(
        "create",
        'Albums made for new folders are "Private", "Unlisted" or "Public"; "never" makes none.',
        "Private",
    ),
    Entry(
        "ignore",
        'Never send these: gitignore patterns on paths in the mirror, such as "*.tif" or "/Drafts/".\n'
        "Hidden files, sidecars and what systems leave behind (@eaDir, Thumbs.db) are never sent anyway.",
        (),
    ),
    Entry("stable", "A file is sent when it has not changed for so long,", "5s"),
    Entry("parallel", "and so many at once, 1 to 8.", 3),
    Entry(
        "routes",
        "What lies in a drop folder outside the mirror is moved into an album's folder, and sent.",
        example=({"folder": "/srv/drop", "album": "/Inbox", "keywords": ("drop",), "privacy": "Unlisted"},),
    ),
)
_SCHEDULE = (
    Entry(
        "poll",
        'What the daemon does and when: an interval ("15m"), a cron expression of five fields, or "off".\n'
        "It asks what changed,",
        "15m",
    ),
    Entry("full", "compares everything,", "0 3 * * *"),
    Entry("verify", "reads files again that were not for [verify] every_days;", "0 4 * * sun"),
    Entry("quiet", 'and begins nothing of this in the quiet hours, such as "08:00-18:00".', ()),
)
_WATCH = (
    Entry(
        "mode",
        'How new local files are seen: "inotify"; "poll" where the kernel tells nothing (NFS, SMB, some\n'
        'Docker mounts); "auto" tries; "off".',
        "auto",
    ),
    Entry("poll", "How often to look when polling,", "1m"),
    Entry("scan", "and how often to look at everything in any case.", "6h"),
)
_NOTIFY = (
    Entry(
        "ping",
        "A healthchecks.io address, or one like it: told of the start, the end and the failure of each run.\n"
        "Whoever knows it can use it. It may lie in a file of its own, ping_file, and so may the next two.",
        example="https://hc-ping.com/...",
    ),
    Entry("ntfy", "An ntfy topic,", example="https://ntfy.sh/..."),
    Entry("ntfy_token", "and its token if it wants one.", example="..."),
    Entry(
        "command",
        "A program that gets each notification as JSON on its standard input.",
        example=("/usr/local/bin/tell-me",),
    ),
    Entry("apprise", "Apprise addresses; needs smugsync[apprise].", ()),
    Entry("stale_days", "Remind when no run was good for so many days; 0: never.", 3),
)
_STATUS = (
    Entry(
        "listen",
        "A page with albums, progress and failures, /metrics and /healthz.",
        example="127.0.0.1:8765",
    ),
    Entry("token", "Who asks from another machine must know this; token_file names a file.", example="..."),
    Entry(
        "textfile",
        "A file for the textfile collector of Prometheus' node_exporter.",
        example="/var/lib/node_exporter/smugsync.prom",
    ),
)
_TABLES = (
    ("remote", _REMOTE),
    ("guard", _GUARD),
    ("keep", _KEEP),
    ("verify", _VERIFY),
    ("upload", _UPLOAD),
    ("schedule", _SCHEDULE),
    ("watch", _WATCH),
    ("notify", _NOTIFY),
    ("status", _STATUS),
    ("log", _LOG),
)

_HEADER = """\
# smugsync configuration. "smugsync config check" says whether it can be used.
# Every setting may also come from the environment: remote.user is SMUGSYNC_REMOTE__USER.
# The settings at the top are those of the profile "default"; [profile.NAME] overrides them for another.
"""


def render(values: Mapping[str, Any], *, profile: str = DEFAULT_PROFILE, defaults: bool = False) -> str:
    """The text of a configuration with `values` (by dotted key) set and the other settings as comments.

    With `defaults` the defaults are written out too. For another profile than `default` it is that
    profile's part alone. Raises ValueError for text that TOML cannot hold.
    """
    own = profile != DEFAULT_PROFILE
    prefix = f"profile.{key_part(profile)}" if own else ""
    parts = [f"[{prefix}]\n" if own else f"{_HEADER}\n", _entries(_TOP, "", values, defaults=defaults)]
    for table, entries in _TABLES:
        parts.append(f"\n[{prefix}.{table}]\n" if own else f"\n[{table}]\n")
        parts.append(_entries(entries, f"{table}.", values, defaults=defaults))
    return "".join(parts)


def _entries(entries: tuple[Entry, ...], prefix: str, values: Mapping[str, Any], *, defaults: bool) -> str:
    blocks: list[str] = []
    for entry in entries:
        value = values.get(prefix + entry.key)
        if value is None and defaults:
            value = entry.default
        if value is not None:
            line = f"{entry.key} = {toml_value(value)}\n"
        else:
            line = (
                f"# {entry.key} = {toml_value(entry.example if entry.default is None else entry.default)}\n"
            )
        if entry.comment or not blocks:
            blocks.append("".join(f"# {part}\n" for part in entry.comment.splitlines()) + line)
        else:  # it belongs to the comment of the setting before it
            blocks[-1] += line
    return "\n".join(blocks)


def toml_value(value: object) -> str:
    """Text, a number, a truth, or tuples and tables of them, as TOML writes it.

    Raises ValueError for text that is no Unicode.
    """
    if isinstance(value, tuple):
        return f"[{', '.join(map(toml_value, value))}]"
    if isinstance(value, dict):
        return f"{{ {', '.join(f'{key_part(key)} = {toml_value(one)}' for key, one in value.items())} }}"
    if isinstance(value, str):
        try:
            value.encode()
        except UnicodeEncodeError:
            raise ValueError("cannot be written down: it is not valid UTF-8") from None
        # JSON's escapes are TOML's; but TOML wants DEL escaped as well.
        return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
    return json.dumps(value)


def key_part(name: str) -> str:
    return json.dumps(name) if "." in name else name
