"""From a configuration to an engine that is ready to run: opened, locked, and closed again in one place."""

from __future__ import annotations

import logging
import signal
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import datetime
from pathlib import Path
from types import FrameType
from zoneinfo import ZoneInfo

import httpx

from smugsync.catalogue import Catalogue
from smugsync.cli.invocation import Invocation
from smugsync.cli.ledger import ledger
from smugsync.cli.locks import locked, run_lock, warn_of_share
from smugsync.cli.remotes import dialect_of, hosts_of, signer_of, uploads_of
from smugsync.cli.sending import sending
from smugsync.config import Config, selector
from smugsync.core.guard import MaxLoss
from smugsync.core.model import Account
from smugsync.core.timetable import Limit, rate_at
from smugsync.daemon.shop import Workbench
from smugsync.errors import Garbled, MirrorUnusable, NotAuthorised, Transient, Unreachable
from smugsync.local.tree import Mirror
from smugsync.pace import Pace
from smugsync.progress import Progress
from smugsync.records import dataclass, replace
from smugsync.remote.gallery import Gallery
from smugsync.remote.proxy import build_transport
from smugsync.remote.session import Manners, Session
from smugsync.remote.signing import Signer
from smugsync.remote.tls import tls_context
from smugsync.stop import Stop
from smugsync.sync.context import Context, Options, Retention, Scope
from smugsync.sync.engine import Engine
from smugsync.sync.report import Report

DAY = 86_400
SIGN_IN = "not signed in to SmugMug: run `smugsync auth login`"


@dataclass(slots=True)
class Workshop:
    """Everything one command needs to run cycles on one profile."""

    config: Config
    catalogue: Catalogue
    engine: Engine
    stop: Stop
    session: Session
    signal: int = 0  #: the first signal that asked us to stop

    def run(self, scope: Scope) -> Report:
        """Run a cycle; a signal ends it within a second, with the exit code that names the signal."""
        return self.work(scope, self.engine.cycle)

    def work(self, scope: Scope, body: Callable[[Context], None]) -> Report:
        """Do `body` as a run of its own, stopped by signals like a cycle: see `Engine.work`."""
        with self._signals():
            return self.engine.work(scope, body)

    def _end(self) -> None:
        self.stop.set(self.signal)
        self.session.abort()

    @contextmanager
    def _signals(self) -> Iterator[None]:
        def handle(number: int, frame: FrameType | None) -> None:
            del frame
            self.signal = self.signal or number
            # Not here: the handler may stand in the middle of the very lock that it would have to take.
            threading.Thread(target=self._end, name="smugsync-stop", daemon=True).start()

        before = {number: signal.signal(number, handle) for number in (signal.SIGINT, signal.SIGTERM)}
        try:
            yield
        finally:
            # What the first signal began must not be cut short by a second one: closing, and the report.
            for number, handler in before.items():
                signal.signal(number, signal.SIG_IGN if self.signal else handler)


@contextmanager
def workshop(
    invocation: Invocation,
    config: Config,
    *,
    dry_run: bool = False,
    accept_loss: bool = False,
    offline: bool = False,
) -> Iterator[Workshop]:
    """Open everything for a command. A dry run works on a copy of the catalogue and needs no lock; else a
    daemon stands aside for as long as it is open.

    `offline`: nothing will be asked of the service, so it does not matter whether anybody is signed in.

    Raises NotAuthorised, Busy, CatalogueError, SuspiciousPlan, MirrorUnusable, ConfigError.
    """
    if config.remote.signed_out and not offline:
        raise NotAuthorised(SIGN_IN)
    with ExitStack() as stack:
        if not dry_run:
            stack.enter_context(locked(config))
            warn_of_share(config.state_dir)
        mirror = Mirror.open(config.mirror)
        stack.callback(mirror.close)
        catalogue = _open_catalogue(config, stack, dry_run=dry_run)
        progress = stack.enter_context(invocation.display())
        stop = Stop()
        options = _options(config, mirror, dry_run=dry_run, accept_loss=accept_loss)
        engine, session = _engine(config, stack, mirror, catalogue, options, progress=progress, stop=stop)
        yield Workshop(config, catalogue, engine, stop, session)


@contextmanager
def workbench(
    config: Config, stop: Stop, progress: Progress, *, impatient: bool, offline: bool, verify_slice: float
) -> Iterator[Workbench]:
    """Open everything for one run of the daemon, which stops it by `stop`; see `workshop`."""
    if config.remote.signed_out and not offline:
        raise NotAuthorised(SIGN_IN)
    with ExitStack() as stack:
        stack.enter_context(run_lock(config))
        mirror = Mirror.open(config.mirror)
        stack.callback(mirror.close)
        catalogue = _open_catalogue(config, stack, dry_run=False)
        options = replace(_options(config, mirror), impatient=impatient)
        engine, session = _engine(config, stack, mirror, catalogue, options, progress=progress, stop=stop)
        yield Workbench(
            catalogue,
            mirror,
            engine,
            session,
            stop,
            full_every_days=config.full_every_days,
            verify_every_days=config.verify.every_days,
            verify_rate=float(config.verify.rate) or None,
            verify_slice=verify_slice,
        )


def _engine(
    config: Config,
    stack: ExitStack,
    mirror: Mirror,
    catalogue: Catalogue,
    options: Options,
    *,
    progress: Progress,
    stop: Stop,
) -> tuple[Engine, Session]:
    transport = build_transport(tls_context(config.remote.ca_file))
    session = _session(config, stop, transport, signer_of(config.remote))
    stack.callback(session.close)
    dialect = dialect_of(config.remote)
    engine = Engine(
        catalogue=catalogue,
        gallery=Gallery(dialect, session),
        mirror=mirror,
        options=options,
        progress=progress,
        stop=stop,
        service_time=session.service_time,
        requests=lambda: session.counts.api_requests + session.counts.media_requests,
        round_trip=lambda: transport.round_trip,
        uploads=uploads_of(dialect, session),
    )
    return engine, session


def _open_catalogue(config: Config, stack: ExitStack, *, dry_run: bool) -> Catalogue:
    if not dry_run:
        catalogue = Catalogue.open(config.catalogue)
        stack.callback(catalogue.close)
        last = catalogue.last_run()
        if last is not None and last.finished_at is None:  # killed, or a power cut
            catalogue.check()
        return catalogue
    folder = Path(stack.enter_context(_passing_directory(config)))
    with ledger(config) as original:
        copy = Catalogue.open(folder / "plan.db") if original is None else original.copy(folder / "plan.db")
    stack.callback(copy.close)
    return copy


def _passing_directory(config: Config) -> tempfile.TemporaryDirectory[str]:
    """Where temporary files go; where all that is read-only, beside the catalogue."""
    try:
        return tempfile.TemporaryDirectory(prefix="smugsync-plan-")
    except OSError:
        try:
            return tempfile.TemporaryDirectory(prefix="plan-", dir=config.state_dir)
        except OSError as error:
            raise MirrorUnusable(
                "a plan needs room for a copy of the catalogue, and no directory for temporary files can be "
                "written to: name one in TMPDIR"
            ) from error


@contextmanager
def conversation(config: Config, signer: Signer | None) -> Iterator[Session]:
    """A session for a few questions that a person waits for: given up sooner than those of a run."""
    with ExitStack() as stack:
        transport = build_transport(tls_context(config.remote.ca_file))
        session = _session(config, Stop(), transport, signer, manners=Manners(tries=3, patience=30.0))
        stack.callback(session.close)
        yield session


def whose(config: Config) -> Account:
    """The account that the configuration leads to, asked for before anything is changed.

    Raises NotAuthorised, Unreachable.
    """
    with conversation(config, signer_of(config.remote)) as session:
        try:
            return Gallery(dialect_of(config.remote), session).account()
        except (Transient, Garbled) as error:
            raise Unreachable(str(error)) from error


def _session(
    config: Config,
    stop: Stop,
    transport: httpx.BaseTransport,
    signer: Signer | None,
    *,
    manners: Manners | None = None,
) -> Session:
    limits = tuple(Limit(one.minute, one.up, one.down) for one in config.bwlimit)

    def pace(which: int) -> Pace | None:
        return Pace(lambda: rate_at(limits, datetime.now())[which], stop) if limits else None

    return Session(
        transport,
        hosts_of(config.remote),
        signer,
        stop,
        warn=logging.getLogger("smugsync").warning,
        manners=manners or Manners(),
        up=pace(0),
        down=pace(1),
    )


def _options(config: Config, mirror: Mirror, *, dry_run: bool = False, accept_loss: bool = False) -> Options:
    return Options(
        owns=config.remote.user is None,
        layout=config.layout,
        selects=selector(config.include, config.exclude),
        downloads=config.downloads,
        durability=config.durability,
        reserve=config.reserve,
        zone=None if config.timezone == "local" else ZoneInfo(config.timezone),
        links=config.links,
        archive=config.mode == "archive",
        retention=Retention(
            versions=config.keep.versions_days or None,
            trash=config.keep.trash_days or None,
            damaged=config.keep.damaged_days or None,
            history=config.keep.history_days or None,
        ),
        max_loss=MaxLoss(config.guard.max_files, config.guard.max_percent / 100, config.guard.max_album),
        accept_loss=accept_loss,
        dry_run=dry_run,
        impatient=True,
        sending=sending(config, mirror),
    )
