"""`smugsync run`: the daemon, in the foreground."""

from __future__ import annotations

import logging

import click

from smugsync.cli.frame import Command
from smugsync.cli.invocation import Invocation
from smugsync.cli.profiles import Profiles
from smugsync.cli.voices import Voices
from smugsync.daemon.service import ServiceManager
from smugsync.daemon.signals import Signals
from smugsync.daemon.supervisor import Loaded, Supervisor


@click.command(cls=Command)
@click.pass_obj
def run(invocation: Invocation) -> int:
    """Keep the mirror current until it is stopped: in the foreground, for systemd, containers and NAS.

    Keeps every profile of the configuration that has a mirror of its own, or the one of --profile. It asks
    SmugMug what changed ([schedule] poll), compares everything now and then (full), reads files again
    (verify), and sends new local files where [upload] says so. In quiet hours it begins nothing by itself.

    What stands in the way (no network, no sign-in, a disk that is not mounted or full) is held: the daemon
    says so, waits, and goes on by itself when it is over. It ends only for a signal, for a command line or
    a configuration that cannot be used (2, 78), and where another daemon keeps the profile (11).

    `smugsync status`, `sync`, `sync-now`, `pause` and `resume` speak with it. SIGTERM and SIGINT stop it,
    SIGHUP has it read its configuration again, SIGUSR1 makes it sync now.
    """
    profiles = Profiles(invocation, invocation.profile if invocation.chosen else None)
    with Signals() as signals:  # from here on none is lost
        loaded = profiles.load()
        _begin_logging(invocation, profiles, loaded)
        voices = Voices(profiles.configs, invocation.environ)
        manager = ServiceManager.found(invocation.environ)
        supervisor = Supervisor(profiles, emit=voices, manager=manager, on_profiles=voices.follow)
        with voices.beside(supervisor.standings):
            return supervisor.run(loaded, signals)


def _begin_logging(invocation: Invocation, profiles: Profiles, loaded: Loaded) -> None:
    first = profiles.configs[loaded.profiles[0].name]
    invocation.start_logging(format=first.log.format, level=first.log.level)
    if first.log.level == "warning" and not invocation.quiet:
        # A line for each run that did something: nobody has to ask for more to know that it works.
        logging.getLogger("smugsync.daemon").setLevel(logging.INFO)
    for config in profiles.configs.values():
        for warning in config.warnings:
            logging.getLogger("smugsync.config").warning(warning)
