"""A sign-in from the first question to the configuration: what `smugsync auth login` does."""

from __future__ import annotations

import contextlib
import re
import sys
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime

import click

from smugsync.cli.assembly import conversation
from smugsync.cli.auth.browser import Callback, open_browser
from smugsync.cli.auth.record import Record
from smugsync.cli.auth.seen import Seen, look
from smugsync.cli.auth.typed import read_line
from smugsync.cli.auth.unneeded import refuse_without_tokens
from smugsync.cli.auth.words import describe, describe_access, describe_permissions
from smugsync.cli.invocation import Invocation
from smugsync.cli.remotes import viewer_of
from smugsync.config import Config
from smugsync.config.editing import set_secrets
from smugsync.config.places import config_file
from smugsync.config.remotes import TOKEN
from smugsync.config.sources import parse_toml, read_text
from smugsync.config.writing import check_replaceable, replace_private
from smugsync.errors import ConfigError, ItemError, NotAuthorised, SmugsyncError, Unreachable, UsageError
from smugsync.local.tree import Mirror
from smugsync.remote.session import Session
from smugsync.remote.sign_in import LIFETIME, OUT_OF_BAND, Permissions, SignIn, Token, WrongCode
from smugsync.remote.signing import OAuth1Signer
from smugsync.remote.smugmug_v2.viewer import Trial, Writing
from smugsync.secret import Secret

_ATTEMPTS = 3
_AGAIN = "run `smugsync auth login` again"
#: A second authorisation cannot change what the first one granted (documentation: OAuth FAQ).
_REVOKE = (
    "an earlier authorisation holds, and SmugMug changes none: revoke it under Account Settings, Privacy, "
    "Authorized Services, then run `smugsync auth login%s` again; nothing was written"
)


@contextlib.contextmanager
def single_question(*, then: str = "") -> Iterator[None]:
    """A run goes on when single things fail; where everything hangs on one answer, it is the service."""
    try:
        yield
    except ItemError as error:
        raise Unreachable(f"{error}{then}") from error


class Login:
    """One sign-in. Whatever it raises, nothing was written: UsageError, ConfigError, NotAuthorised,
    Unreachable. `patience` is how long the person has, in seconds."""

    def __init__(
        self,
        invocation: Invocation,
        config: Config,
        permissions: Permissions,
        *,
        patience: float = LIFETIME,
    ) -> None:
        self.invocation = invocation
        self.config = config
        self.permissions = permissions
        self.file = config_file(invocation.config_path, invocation.environ)
        self._protocol = SignIn(config.remote.oauth_url)
        self._session: Session
        self._patience = patience
        self._deadline = 0.0

    def check(self) -> None:
        """Find out what would make it all be in vain, before anybody goes to a browser."""
        remote = self.config.remote
        refuse_without_tokens(self.config)
        if remote.user is not None:
            raise UsageError(
                f"this profile reads the public albums of {remote.user} (`remote.user`), which takes no "
                "sign-in: for an account of your own make another profile, `smugsync init --profile NAME`"
            )
        if not remote.api_secret:
            raise ConfigError(
                f"{self.file}: remote.api_secret is missing, the secret of the API key, which a sign-in is "
                f"signed with: write it there, then {_AGAIN}"
            )
        for origin in self.config.origins:
            if origin.setting in TOKEN and not origin.in_file:
                raise ConfigError(
                    f"{origin.setting} comes from {origin.where}, and what a sign-in writes into {self.file} "
                    f"would not count: remove it there, then {_AGAIN}"
                )
        check_replaceable(self.file)
        self._rewritten(Token("trial", "trial"))

    def by_browser(self, *, may_open: bool) -> None:
        """Let a browser on this computer bring the answer."""
        with Callback() as callback, self._connected(callback.address):
            asked = self._request_token()
            self._show(asked, "Open this page, sign in to SmugMug if it asks, and authorise the application:")
            if may_open:  # not here: some browsers are waited for until they are closed
                threading.Thread(target=self._open, args=(asked,), name="browser", daemon=True).start()
            self._tell("Waiting for SmugMug's answer, five minutes at most ...")
            while not self._receive(callback, asked):
                pass

    def by_code(self, *, asked_for: bool) -> None:
        """Let the person type in the six digits that the service shows, which they `asked_for` or not."""
        with self._connected(OUT_OF_BAND):
            asked = self._request_token()
            if not asked_for:
                self._tell("There is no browser to open from here, so this goes by a code.")
            self._show(
                asked, "Open this page in any browser, on any computer, and authorise the application:"
            )
            self._tell("SmugMug then shows a code of six digits. It holds for five minutes.")
            for left in reversed(range(_ATTEMPTS)):
                try:
                    token = self._exchange(asked, self._read_code())
                except WrongCode as error:
                    if not left:
                        raise
                    sentence = str(error).partition(";")[0]
                    self._tell(f"{sentence[:1].upper()}{sentence[1:]}.")
                else:
                    self._finish(token)
                    return

    # -- the three legs ------------------------------------------------------------------------------

    @contextlib.contextmanager
    def _connected(self, callback: str) -> Iterator[None]:
        with conversation(self.config, self._signer(callback=callback)) as self._session:
            yield

    def _signer(self, token: Token | None = None, *, callback: str = "", verifier: str = "") -> OAuth1Signer:
        remote = self.config.remote
        return OAuth1Signer(
            remote.api_key.reveal(),
            remote.api_secret.reveal() if remote.api_secret else "",
            token.key if token else "",
            token.secret if token else "",
            callback=callback,
            verifier=verifier,
        )

    def _request_token(self) -> Token:
        with single_question():
            reply = self._session.ask(self._protocol.request_token(), self._protocol)
            self._deadline = time.monotonic() + self._patience
            return self._known(self._protocol.read_token(reply))

    def _exchange(self, asked: Token, verifier: str) -> Token:
        self.invocation.redact.add(Secret(verifier))
        self._session.sign_with(self._signer(asked, verifier=verifier))
        with single_question(then=f"; {_AGAIN}"):
            reply = self._session.ask(self._protocol.access_token(), self._protocol)
            return self._known(self._protocol.read_token(reply))

    def _known(self, token: Token) -> Token:
        for value in (token.key, token.secret):
            self.invocation.redact.add(Secret(value))
        return token

    def _receive(self, callback: Callback, asked: Token) -> bool:
        """Answer one visit; whether it was the one that ends the sign-in. Raises what went wrong."""
        try:
            visit = callback.wait(self._deadline)
        except TimeoutError:
            raise NotAuthorised(
                f"no answer came from SmugMug within five minutes; {_AGAIN}, with --oob if your browser is "
                "on another computer"
            ) from None
        try:
            verifier = self._protocol.read_callback(visit.fields, asked)
            if verifier is None:
                visit.answer("Another sign-in", "This is not the answer that smugsync is waiting for.")
                return False
            viewer = self._finish(self._exchange(asked, verifier))
        except SmugsyncError as error:
            visit.answer("Not signed in", f"This is what happened: {self.invocation.redact(str(error))}.")
            raise
        visit.answer("Signed in", f"smugsync is signed in to the SmugMug account {viewer.nickname}.")
        return True

    # -- what came of it -----------------------------------------------------------------------------

    def _finish(self, token: Token) -> Seen:
        self._session.sign_with(self._signer(token))
        with single_question():
            viewer, _ = look(self.config.remote, self._session)
        if viewer.access == "Public":
            write = " --write" if self.permissions == "Modify" else ""
            raise NotAuthorised(f"SmugMug shows only what is public: {_REVOKE % write}")
        writing = self._writing(viewer)
        self._check_mirror(viewer)
        replace_private(self.file, self._rewritten(token))
        at = datetime.now(UTC).isoformat(timespec="seconds")
        record = Record(viewer.access or "Full", self.permissions, at, writing)
        record.keep(self.config.state_dir, Secret(token.key))
        self._report(viewer, record)
        return viewer

    def _writing(self, viewer: Seen) -> Writing | None:
        """Whether we may, as the service says, or else as a trial shows. Raises NotAuthorised if not."""
        if self.permissions == "Read":
            return None
        if viewer.permissions is not None:
            found = Writing.ALLOWED if viewer.permissions == "Modify" else Writing.REFUSED
        else:
            found = self._trial(viewer)
        if found is Writing.REFUSED:
            raise NotAuthorised(f"SmugMug lets us read, but not write: {_REVOKE % ' --write'}")
        return found

    def _trial(self, viewer: Seen) -> Writing:
        questions = viewer_of(self.config.remote)
        if questions is None:
            return Writing.UNKNOWN
        trial = Trial()
        try:
            return trial.read(self._session.ask(questions.trial(viewer.as_viewer()), trial))
        except (ItemError, Unreachable):  # the sign-in itself has succeeded
            return Writing.UNKNOWN

    def _check_mirror(self, viewer: Seen) -> None:
        """A browser may be signed in to somebody else's account, or another one of the same person's."""
        try:
            with Mirror.open(self.config.mirror) as mirror:
                marker = mirror.read_marker()
        except SmugsyncError:
            return  # for a run to judge
        if marker is not None and marker.account and marker.account != viewer.root:
            raise NotAuthorised(
                f"that was the account {viewer.nickname}, but {self.config.mirror} is the mirror of "
                f"{marker.nickname or 'another one'}: sign out of SmugMug in the browser, then {_AGAIN}; "
                "nothing was written"
            )

    def _rewritten(self, token: Token) -> str:
        """The configuration as it is now, with `token` in it. Raises ConfigError."""
        try:
            text = read_text(self.file)
        except FileNotFoundError:
            text = ""
        except (OSError, ValueError) as error:
            reason = getattr(error, "strerror", None) or error
            raise ConfigError(f"{self.file}: cannot be read: {reason}") from error
        if problem := parse_toml(text, self.file)[1]:
            raise ConfigError(problem)
        try:
            return set_secrets(
                text, self.config.profile, dict(zip(TOKEN, (token.key, token.secret), strict=True))
            )
        except ValueError as error:
            raise ConfigError(f"{self.file}: {error}") from error

    # -- talking -------------------------------------------------------------------------------------

    def _page(self, asked: Token) -> str:
        return self._protocol.page(asked, access="Full", permissions=self.permissions)

    def _show(self, asked: Token, what: str) -> None:
        # Not by way of the redactor: this address is for the person, and names only the request token.
        click.echo(f"{what}\n\n{self._page(asked)}\n", err=True)

    def _open(self, asked: Token) -> None:
        if not open_browser(self._page(asked)):
            self._tell("No browser could be opened: open the page yourself. If yours is on another computer,")
            self._tell(f"press Ctrl-C and run `{self.invocation.command('auth login --oob')}`.")

    def _tell(self, line: str) -> None:
        click.echo(self.invocation.clean(line), err=True)

    def _read_code(self) -> str:
        left = max(0.0, self._deadline - time.monotonic())
        try:
            typed = read_line("Code: ", left, handle=sys.stdin.fileno())
        except EOFError:
            raise UsageError(
                "there is nobody to type in the code: run `smugsync auth login` in a terminal"
            ) from None
        except TimeoutError:
            raise NotAuthorised(f"no code was typed in within five minutes; {_AGAIN}") from None
        code = re.sub(r"[\s-]", "", typed)
        if not re.fullmatch(r"[0-9]{6}", code):
            raise WrongCode(f"that is not a code of six digits; {_AGAIN}")
        return code

    def _report(self, viewer: Seen, record: Record) -> None:
        if self.invocation.quiet:
            return
        click.echo(f"Signed in as {describe(viewer)}")
        full = viewer.access == "Full"
        click.echo(f"Access: {'Full, private albums too' if full else describe_access(viewer)}")
        wished = self.permissions if record.writing is None else describe_permissions(record)
        click.echo(f"Permissions: {wished}")
        click.echo(f"Configuration: {self.file}")
        click.echo(f"Next: {self.invocation.command('sync')}")
