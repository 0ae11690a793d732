"""`smugsync demo`: the whole job on a small account of our own, in one minute and without a key."""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path

import click

from smugsync import cli, errors
from smugsync.cli.demo.account import CAPTION, Edits, Place, change, look
from smugsync.cli.demo.place import prepare
from smugsync.cli.demo.proof import Held, Proof, caption_of, has_bytes, last_changes, prove, read_held
from smugsync.cli.demo.signals import Signals
from smugsync.cli.demo.tree import draw
from smugsync.cli.demo.voice import Voice
from smugsync.cli.frame import Command
from smugsync.cli.invocation import Invocation
from smugsync.cli.ledger import ledger
from smugsync.config import Config, load
from smugsync.emulator.serve import Running, running
from smugsync.emulator.settings import Settings
from smugsync.records import dataclass

NICKNAME = "demo"

#: So that bars can be seen at work: what a home line might take for an answer, and for a photo.
_SLOW = {"latency_ms": 40.0, "faults": ("slow@/photos/*:seconds=0.5,min=0",)}
_CREDENTIALS = ("api_url", "upload_url", "oauth_url", "api_key", "api_secret", "access_token")
#: What of the environment reaches the commands: how to print, where to put temporary files, which zone.
_KEPT = ("PATH", "TERM", "LANG", "LANGUAGE", "TZ", "TMPDIR", "NO_COLOR", "COLUMNS", "LINES")


@click.command(cls=Command)
@click.option(
    "--mirror",
    type=click.Path(path_type=Path),
    default=Path("demo-mirror"),
    show_default=True,
    metavar="DIR",
    help="Where the photos go.",
)
@click.option("--fresh", is_flag=True, help="Empty DIR first, if an earlier demo made it.")
@click.pass_obj
def demo(invocation: Invocation, /, *, mirror: Path, fresh: bool) -> int:
    """Mirror a small account that is served on this machine, change it online, and sync again.

    Nothing is sent anywhere and no key is needed. Only DIR and a temporary directory are written to.
    """
    voice, signals = Voice(invocation), Signals()
    try:
        with ExitStack() as stack:
            stack.enter_context(signals.handled())
            prepare(mirror, nickname=NICKNAME, fresh=fresh)
            home = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="smugsync-demo-")))
            server = stack.enter_context(_serve(slow=voice.is_watched))
            _Demo(invocation, voice, signals, server, mirror.absolute(), home).play()
    except _Ended as end:
        code = end.code
    except KeyboardInterrupt:  # between two commands
        code = 128 + signals.number
    else:
        return errors.OK
    invocation.say("The demo ends here; with --fresh it begins anew.")
    return code


class _Ended(Exception):
    """A command failed, and has said so itself."""

    def __init__(self, code: int) -> None:
        self.code = code
        super().__init__(code)


@contextmanager
def _serve(*, slow: bool) -> Iterator[Running]:
    settings = Settings(nickname=NICKNAME, **(_SLOW if slow else {}))  # type: ignore[arg-type] # two known keys
    with ExitStack() as stack:
        try:
            server = stack.enter_context(running(settings))
        except OSError as error:  # a TimeoutError too
            raise errors.SmugsyncError(f"the demo's own server cannot be started: {error}") from error
        yield server


@dataclass(frozen=True, slots=True)
class _Demo:
    """One performance. `home` is the temporary directory that stands in for a person's own."""

    invocation: Invocation
    voice: Voice
    signals: Signals
    server: Running
    mirror: Path
    home: Path

    def play(self) -> None:
        """Raises _Ended when a command failed, SmugsyncError when something told is not true."""
        voice = self.voice
        voice.say(
            f"A demo of smugsync on a small SmugMug account, served on this machine ({self.server.url}). "
            f"Nothing leaves it, and nothing but {self._shown()} stays."
        )
        if voice.is_watched:
            voice.say("Its answers are held back a little, as over a home line, so that you can watch.")

        voice.head("1. Set up a mirror, and fetch everything")
        voice.command("smugsync", "init", "--mirror", self._shown(), more=" ...")
        self._run("init", "-q", "--no-input", "--mirror", str(self.mirror), *self._credentials())
        self._sync()

        voice.head("2. Meanwhile, online")
        before = self._held()
        edits = change(self.server.emulator.account)
        for what, thing in edits.told:
            voice.say(f"  {what:<15}{thing}", indent=" " * 17)

        voice.head("3. Sync again: only what changed is asked for")
        self._sync()
        self._check_delta(edits, before)

        voice.head("4. Captions, too")
        voice.say(
            "The caption is missing: SmugMug moves no time stamp of an album for it, so a quick sync cannot "
            "see it. A full one looks into every album; `sync` does so by itself every 7 days. Captions are "
            "kept in the catalogue: the photos themselves stay byte for byte."
        )
        self._sync("--full")
        self._check_full(edits)

        self.signals.check()
        voice.head("5. What is on your disk now")
        held = self._held()
        self._show_tree(edits, held, before)
        self.signals.check()
        proof = prove(look(self.server.emulator.account), self.mirror, held)
        self._show_proof(edits, proof, held)

        voice.head("Where to go next")
        for command, what in (
            ("smugsync init", "sets up the mirror of your own account; it asks for an API key"),
            ("smugsync --help", "shows all commands; README.md, what they do to your files"),
        ):
            voice.say(f"  {command:<17}{what}", indent=" " * 19)

    # -- commands --------------------------------------------------------------------------------------

    def _sync(self, *options: str) -> None:
        self.voice.command("smugsync", "sync", *options)
        self._run("sync", *options)

    def _run(self, *arguments: str) -> None:
        common = ["--quiet"] if self.invocation.quiet else []
        common += ["--no-progress"] if self.invocation.no_progress else []
        common += ["-v"] * self.invocation.verbosity
        with self.signals.command():
            code = cli.main([*common, *arguments], self._environ())
        if code:
            raise _Ended(128 + self.signals.number if self.signals.number else code)
        self.signals.check()

    def _environ(self) -> Mapping[str, str]:
        """A person's environment without what they configured, and with a home of the demo's own."""
        given = self.invocation.environ
        kept = {name: value for name, value in given.items() if name in _KEPT or name.startswith("LC_")}
        return kept | {
            "HOME": str(self.home),
            "XDG_CONFIG_HOME": str(self.home / "config"),
            "XDG_STATE_HOME": str(self.home / "state"),
            "SMUGSYNC_RESERVE": "16MiB",  # the demo fits where a photographer's gigabyte does not
        }

    def _credentials(self) -> Iterator[str]:
        for name in (*_CREDENTIALS, "access_token_secret"):
            yield from (f"--{name.replace('_', '-')}", self.server.ready[name])

    def _config(self) -> Config:
        return load(None, "default", self._environ())

    def _shown(self) -> str:
        """The mirror's path as short as it can be said."""
        here = Path(os.path.relpath(self.mirror))
        return str(self.mirror if here.parts[:1] == ("..",) else here)

    # -- looking things up -----------------------------------------------------------------------------

    def _held(self) -> dict[Place, Held]:
        with ledger(self._config()) as catalogue:
            return {} if catalogue is None else read_held(catalogue)

    def _changes(self) -> set[tuple[str, str]]:
        with ledger(self._config()) as catalogue:
            return set() if catalogue is None else last_changes(catalogue)

    def _check_delta(self, edits: Edits, before: Mapping[Place, Held]) -> None:
        held, told = self._held(), self._changes()
        expected = {
            ("new", held[edits.new].path if edits.new in held else "Midnight sun.jpg"),
            ("replaced", before[edits.replaced].path),
            ("gone", before[edits.deleted].path),
            ("album_moved", str(_album_directory(before, edits.renamed))),
        }
        self._insist(not expected - told, "the second sync did not tell all that had changed online")
        self._insist(
            caption_of(held[edits.captioned]) != CAPTION,
            "the quick sync saw the caption after all: this demo's words about it are wrong",
        )

    def _check_full(self, edits: Edits) -> None:
        caption = caption_of(self._held()[edits.captioned])
        self._insist(caption == CAPTION, "the full sync did not see the caption")

    def _insist(self, truth: bool, otherwise: str) -> None:
        if not truth:
            raise errors.SmugsyncError(f"the demo failed: {otherwise}")

    # -- the end ---------------------------------------------------------------------------------------

    def _show_tree(self, edits: Edits, held: Mapping[Place, Held], before: Mapping[Place, Held]) -> None:
        replaced = held[edits.replaced].path
        notes = {
            held[edits.new].path: "new",
            replaced: "replaced",
            held[edits.captioned].path: "new caption",
            held[edits.deleted].path: "gone online, kept",
            str(_album_directory(held, edits.renamed)): f"was {_album_directory(before, edits.renamed).name}",
        }
        kept = self._kept(replaced)
        self._insist(has_bytes(kept, edits.old_md5), "the replaced photo's old bytes are not kept")
        shelf = Path(*kept.relative_to(self.mirror).parts[:3])
        below = str(kept.relative_to(self.mirror / shelf))
        self.voice.line(self._shown())
        for line in draw(
            self.mirror,
            notes,
            shelf=(str(shelf), {below: "as it was before"}),
            columns=self.voice.columns,
            plain=self.voice.is_plain,
        ):
            self.voice.drawn(line)

    def _kept(self, path: str) -> Path:
        versions = sorted((self.mirror / ".smugsync/versions").glob("*"))
        self._insist(bool(versions), "no old version is kept")
        return versions[-1] / path

    def _show_proof(self, edits: Edits, proof: Proof, held: Mapping[Place, Held]) -> None:
        for fault in proof.faults[:5]:
            print(f"smugsync: error: {fault}", file=sys.stderr, flush=True)
        self._insist(not proof.faults, "the mirror is not what the account is")
        self._insist(proof.gone == [held[edits.deleted].path], "the deleted photo is not marked as gone")
        self.voice.line()
        self.voice.good(
            f"{proof.equal:,} of {proof.online:,} photos online are here: read back from the disk just now, "
            "each has the MD5 that the account shows"
        )
        if proof.by_md5 == proof.online:
            how = "by the MD5 that the service had promised"
        else:
            counted = sorted(proof.evidence.items())
            how = "; ".join([f"{proof.by_md5:,} by a promised MD5", *(f"{n:,} {one}" for one, n in counted)])
        self.voice.good(f"each was proven on arrival, says the catalogue: {how}")
        self.voice.good("what was deleted or replaced online is still here, and known as such")


def _album_directory(held: Mapping[Place, Held], album: str) -> Path:
    """Where the files of an album lie, relative to the mirror."""
    return next(Path(one.path).parent for (key, _), one in held.items() if key == album)
