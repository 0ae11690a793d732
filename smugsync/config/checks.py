"""What types and ranges cannot tell: paths that lose photos, credentials that do not make a set.

Each check returns the finished value and adds a sentence to the problems when it cannot be used.
"""

from __future__ import annotations

import os
import ssl
import stat
from collections.abc import Collection, Mapping
from ipaddress import ip_address
from pathlib import Path
from urllib.parse import urlsplit

from smugsync.config import places as standard
from smugsync.config import sources
from smugsync.config.remotes import REMOTES, TOKEN, Remote, Way
from smugsync.config.settings import RemoteSettings, Settings
from smugsync.config.values import RouteConfig
from smugsync.errors import ConfigError
from smugsync.records import dataclass
from smugsync.secret import Secret

#: Stands where a problem is already on record and the value will never be used.
NONE = Secret("")
_NOWHERE = Path("/nonexistent")


@dataclass(frozen=True, slots=True)
class Context:
    file: Path
    profile: str
    environ: Mapping[str, str]
    reading: sources.Reading
    any_token: bool = False  #: half an access token will do

    def where(self, *key: str) -> str:
        owner = self.reading.owner(key)
        return owner.where(key) if owner else f"{self.file}: {'.'.join(key)}"

    def report(self, *key: str, problem: str) -> None:
        self.reading.problems.append(f"{self.where(*key)} {problem}")
        self.reading.broken.add(key)

    def judged(self, *key: str) -> bool:
        """A problem with this key, or with the table around it, is already on record."""
        return any(key[:length] in self.reading.broken for length in range(1, len(key) + 1))


def state_dir(settings: Settings, context: Context) -> Path:
    """This profile's own directory, one below the one that is configured."""
    if settings.state_dir is None:
        try:
            return standard.state_base(context.environ) / context.profile
        except ConfigError as error:
            context.reading.problems += error.problems
            context.reading.broken.add(("state_dir",))
            return _NOWHERE
    base = standard.expand(settings.state_dir, context.environ)
    if not base.is_absolute() or "\0" in settings.state_dir:
        context.report("state_dir", problem=f'is "{base}": it must be an absolute path')
        return _NOWHERE
    try:
        if not stat.S_ISDIR(base.stat().st_mode):
            context.report("state_dir", problem=f"is {base}, which is a file: name a directory")
    except (FileNotFoundError, NotADirectoryError):
        pass  # the first run makes it, or says why not
    except OSError as error:
        context.report("state_dir", problem=f"is {base}, which cannot be looked at: {error.strerror}")
    return base / context.profile


def mirror(settings: Settings, state: Path, context: Context) -> Path:
    """The mirror's directory. It need not exist: whether its disk is mounted is asked by those who use it."""
    if settings.mirror is None:
        if context.judged("mirror"):
            return _NOWHERE
        name = sources.variable(("mirror",))
        context.reading.problems.append(
            f'{context.file}: mirror is missing: write mirror = "/where/the/photos/go", or set {name}'
        )
        context.reading.broken.add(("mirror",))
        return _NOWHERE
    path = standard.expand(settings.mirror, context.environ)
    if problem := _mirror_problem(settings.mirror, path, state, context):
        context.report("mirror", problem=problem)
    return Path(os.path.normpath(path))


def _mirror_problem(text: str, path: Path, state: Path, context: Context) -> str:
    if "\0" in text:
        return "holds a NUL character"
    if not path.is_absolute():
        return f'is "{text}": it must be an absolute path, such as /srv/photos or ~/Photos'
    real, home = Path(os.path.realpath(path)), standard.home(context.environ)
    if real == Path("/"):
        return 'is "/", the whole machine: name a directory of its own'
    if home is not None and real == Path(os.path.realpath(home)):
        return f"is {path}, the whole home directory: name a directory of its own, such as {home}/Photos"
    # lexists: a symlink to a disk that is not mounted is for the run to judge, not for us.
    if os.path.lexists(real) and not real.is_dir():
        return f"is {path}, which is a file: name a directory"
    real_state = Path(os.path.realpath(state))
    if real.is_relative_to(real_state):
        return f"is {path}, inside the state directory {state}: keep them apart"
    if real_state.is_relative_to(real):
        return f"is {path}, which holds the state directory {state}: set state_dir to a place outside"
    owner = context.reading.owner(("mirror",))
    if context.profile != "default" and owner and not owner.own:
        return f"belongs to the profile default: give [profile.{context.profile}] a mirror of its own"
    for name, theirs in context.reading.mirrors.items():
        other = standard.expand(theirs, context.environ)
        if other.is_absolute() and _overlap(real, Path(os.path.realpath(other))):
            return (
                f"is {path}, and that of the profile {name} is {other}: give each profile a mirror of its own"
            )
    return ""


def _overlap(one: Path, other: Path) -> bool:
    return one.is_relative_to(other) or other.is_relative_to(one)


def credentials(settings: Settings, context: Context) -> None:
    """What the way that is meant needs, and the first address. An access token not at all, or whole."""
    if context.judged("remote", "kind"):
        return  # nobody knows what that one would need
    given = {name for name in RemoteSettings.model_fields if getattr(settings.remote, name)}
    remote = REMOTES[settings.remote.kind]
    way = remote.way(given | {key[-1] for key in context.reading.broken if key[:1] == ("remote",)})
    for name in missing(remote, way, given, any_token=context.any_token):
        if context.judged("remote", name):
            continue
        context.reading.problems.append(_absence(name, settings.remote, remote, way, context))
        context.reading.broken.add(("remote", name))


def missing(remote: Remote, way: Way, given: Collection[str], *, any_token: bool = False) -> tuple[str, ...]:
    """The settings of `[remote]` without which nothing goes that way, and which are not `given`.

    Half an access token is none; none is what `smugsync auth login` brings.
    """
    later = any_token or set(TOKEN).isdisjoint(given)
    places = () if remote.defaults else remote.places[:1]
    return tuple(
        name for name in (*places, *way.needs) if name not in given and not (later and name in TOKEN)
    )


def _absence(name: str, given: RemoteSettings, remote: Remote, way: Way, context: Context) -> str:
    table = "[remote]" if context.profile == "default" else f"[profile.{context.profile}.remote]"
    variable = sources.variable(("remote", name))
    secret = ("remote", name) in sources.HIDDEN
    written = f"{name} (or {name}_file)" if secret else f'{name} = "https://..."'
    set_as = f"{variable} (or {variable}_FILE)" if secret else variable
    instead = ""
    if name in TOKEN and not given.user:
        instead = ", or run `smugsync auth login`"
    elif way is Way.PASSWORD and remote.signs_in:
        instead = ", or write api_secret and run `smugsync auth login`"
    return (
        f"{context.file}: remote.{name} is missing: write {written} below {table}, or set {set_as}{instead}"
    )


def ca_file(settings: Settings, context: Context) -> Path | None:
    """The file with the private CA, tried as TLS will use it."""
    if settings.remote.ca_file is None:
        return None
    path = standard.expand(settings.remote.ca_file, context.environ)
    if not path.is_absolute():
        path = context.file.parent / path
    try:
        with path.open("rb"):
            pass
        ssl.create_default_context().load_verify_locations(cafile=path)
    except ssl.SSLError:
        context.report("remote", "ca_file", problem=f"is {path}, which holds no certificates in PEM form")
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else "not a usable path"
        context.report("remote", "ca_file", problem=f"is {path}, which cannot be read: {reason}")
    return path


def places(settings: Settings, context: Context) -> dict[str, str]:
    """The addresses of the remote, by setting. Unencrypted ones only by express wish, or on this machine."""
    given, remote = settings.remote, REMOTES[settings.remote.kind]
    found = dict(remote.defaults or {})
    if remote.follows and given.api_url not in (None, found["api_url"]):
        found |= {"oauth_url": str(given.api_url), "upload_url": f"{given.api_url}/"}
    found |= {key: value for key in remote.places if (value := getattr(given, key))}
    for key in remote.places:
        parts = urlsplit(found.get(key, ""))
        if parts.scheme == "http" and not given.allow_http and not _loopback(parts.hostname or ""):
            risk = (
                "would send the credentials unencrypted"
                if remote.writes
                else "is not encrypted, so that others on the way can read and change what it says"
            )
            context.report("remote", key, problem=f"{risk}: use https, or set remote.allow_http")
    return found


def uploads(settings: Settings, context: Context) -> None:
    """Only the owner of an account sends anything to it, and not to every kind."""
    if not settings.upload.enabled:
        return
    remote = REMOTES[settings.remote.kind]
    if not remote.writes:
        context.report(
            "upload",
            "enabled",
            problem=f"is true, but {remote.service} is read-only here, nothing can be sent to it: remove it",
        )
    elif settings.remote.user is not None:
        context.report(
            "upload",
            "enabled",
            problem="is true, but with remote.user the albums are a visitor's, who can send nothing: "
            "remove one of the two",
        )


def routes(settings: Settings, state: Path, context: Context) -> tuple[RouteConfig, ...]:
    """Where files are dropped, and for which album. A folder inside the mirror is an album's already."""
    found: list[RouteConfig] = []
    inside = None if settings.mirror is None else standard.expand(settings.mirror, context.environ)
    for route in settings.upload.routes:
        folder = standard.expand(route.folder, context.environ)
        parts = [part for part in route.album.split("/") if part]
        problem = ""
        if "\0" in route.folder or not folder.is_absolute():
            problem = f'has the folder "{route.folder}": it must be an absolute path'
        elif inside is not None and _overlap(Path(os.path.realpath(folder)), Path(os.path.realpath(inside))):
            problem = f"has the folder {folder}, which overlaps with the mirror: name one outside of it"
        elif _overlap(Path(os.path.realpath(folder)), Path(os.path.realpath(state))):
            problem = f"has the folder {folder}, which overlaps with the state directory {state}"
        elif any(_overlap(folder, other.folder) for other in found):
            problem = f"has the folder {folder}, which overlaps with another route's"
        elif not route.album.startswith("/") or not parts or {".", ".."} & set(parts):
            problem = f'has the album "{route.album}": write its path, such as "/Travel/Iceland"'
        if problem:
            context.report("upload", "routes", problem=problem)
        found.append(
            RouteConfig(
                folder=folder, album="/" + "/".join(parts), keywords=route.keywords, privacy=route.privacy
            )
        )
    return tuple(found)


def listen(settings: Settings, context: Context) -> str | None:
    """Who is asked from elsewhere wants to know who asks."""
    address = settings.status.listen
    if address and not _loopback(address.rpartition(":")[0].strip("[]")) and not settings.status.token:
        context.reading.problems.append(
            f'{context.where("status", "listen")} is "{address}", which others can reach: set status.token '
            "too, or listen on 127.0.0.1"
        )
        context.reading.broken.add(("status", "token"))
    return address


def textfile(settings: Settings, context: Context) -> Path | None:
    """The file for Prometheus' node_exporter, which reads no other than `*.prom`."""
    if settings.status.textfile is None:
        return None
    path = standard.expand(settings.status.textfile, context.environ)
    if not path.is_absolute() or "\0" in settings.status.textfile or path.suffix != ".prom":
        context.report("status", "textfile", problem=f'is "{path}": it must be the absolute path of a .prom')
    return path


def _loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")
