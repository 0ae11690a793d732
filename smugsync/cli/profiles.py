"""The profiles that a daemon keeps: their configurations as the plain values that its keepers take."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, closing
from dataclasses import field
from functools import partial

from smugsync.catalogue import Catalogue
from smugsync.cli.assembly import workbench
from smugsync.cli.healthy import past_of
from smugsync.cli.invocation import Invocation
from smugsync.cli.ledger import ledger
from smugsync.cli.locks import claimed
from smugsync.cli.summary import summarise
from smugsync.cli.watching import watchers
from smugsync.config import Config, load
from smugsync.config.listing import profiles
from smugsync.config.places import config_file
from smugsync.daemon.causes import Ground
from smugsync.daemon.profile import Known, Profile, Timing
from smugsync.daemon.shop import Workbench
from smugsync.daemon.supervisor import Loaded
from smugsync.errors import ConfigError, SmugsyncError, Unreachable
from smugsync.progress import Progress
from smugsync.records import dataclass
from smugsync.remote.contact import skew
from smugsync.remote.proxy import build_transport
from smugsync.remote.tls import tls_context
from smugsync.stop import Stop


@dataclass(slots=True)
class Profiles:
    """A `Loader`. `only`: the one profile that a person named, None = all of them.

    `configs` are those that were read last, by profile.
    """

    invocation: Invocation
    only: str | None = None
    configs: dict[str, Config] = field(default_factory=dict)

    def load(self) -> Loaded:
        """Raises ConfigError for what is wrong with all of it: the file, or every profile."""
        asked = self.invocation
        names = (self.only,) if self.only else profiles(asked.config_path, asked.environ)
        usable: list[Profile] = []
        unusable: dict[str, ConfigError] = {}
        for name in names:
            try:
                config = load(asked.config_path, name, asked.environ)
            except ConfigError as error:
                unusable[name] = error
                continue
            for secret in config.secrets():
                asked.redact.add(secret)
            self.configs[name] = config
            usable.append(profile_of(config))
        if not usable:
            problems = [problem for error in unusable.values() for problem in error.problems]
            raise ConfigError(list(dict.fromkeys(problems)))
        return Loaded(tuple(usable), unusable)

    def stamp(self) -> object:
        file = config_file(self.invocation.config_path, self.invocation.environ)
        try:
            status = file.stat()
        except OSError:
            return None
        return status.st_ino, status.st_size, status.st_mtime_ns


def profile_of(config: Config) -> Profile:
    timing = Timing(
        poll=config.schedule.poll,
        full=config.schedule.full,
        verify=config.schedule.verify,
        quiet=config.schedule.quiet,
    )

    def open_shop(
        stop: Stop, progress: Progress, /, *, impatient: bool, offline: bool
    ) -> AbstractContextManager[Workbench]:
        rest = timing.verify_slice
        return workbench(config, stop, progress, impatient=impatient, offline=offline, verify_slice=rest)

    return Profile(
        name=config.profile,
        state_dir=config.state_dir,
        socket=config.socket,
        timing=timing,
        settings=config,
        claim=lambda: claimed(config),
        open=open_shop,
        known=lambda: _known(config),
        ground=Ground(config.mirror, config.reserve),
        reach=lambda register: _reach(config, register),
        words=lambda report: tuple(summarise(report, config.mirror)),
        watch=partial(watchers, config) if config.upload.enabled and config.watch.mode != "off" else None,
        stale_days=config.notify.stale_days,
    )


def _known(config: Config) -> Known:
    """What the catalogue knows; nothing, if it cannot be read."""
    try:
        with ledger(config) as catalogue:
            return Known() if catalogue is None else _read(catalogue)
    except SmugsyncError:
        return Known()


def _read(catalogue: Catalogue) -> Known:
    past = past_of(catalogue)
    return Known(past.last_good, past.exit_code, catalogue.recall("mirror"), past.began)


def _reach(config: Config, register: Callable[[Callable[[], None]], None]) -> bool:
    """Is there a way to the service? Any answer of its host will do."""
    transport = build_transport(tls_context(config.remote.ca_file))
    with closing(transport):
        register(transport.abort)
        try:
            skew(transport, config.remote.api_url)
        except Unreachable:
            return False
    return True
