"""`smugsync auth`: sign in to SmugMug, say who is signed in, sign out."""

from __future__ import annotations

import click

from smugsync.cli.frame import Group
from smugsync.cli.invocation import Invocation
from smugsync.errors import UsageError


@click.group(cls=Group)
def auth() -> None:
    """Sign in to SmugMug, say who is signed in, sign out."""


@auth.command()
@click.option("--oob", is_flag=True, help="Type in a code that SmugMug shows, in a browser anywhere.")
@click.option("--write", is_flag=True, help="Ask for the right to change the account, which uploads need.")
@click.option("--no-browser", is_flag=True, help="Only print the address, for a browser on this computer.")
@click.pass_obj
def login(invocation: Invocation, /, *, oob: bool, write: bool, no_browser: bool) -> None:
    """Let smugsync into your SmugMug account, by a page of SmugMug's own.

    It takes the API key and secret that `smugsync init` has asked for, and writes what comes of it, an
    access token, into the configuration. Your password goes to SmugMug alone. With `upload.enabled` it asks
    for the right to change the account, without --write too. A remote that is signed in to by what stands in
    the configuration (a password, a pair of keys) has no use for it.

    The page opens in your browser. Where there is none, as over SSH, or with --oob, open it wherever you
    like: it shows six digits to type in here.
    """
    from smugsync.cli.auth.browser import has_browser  # noqa: PLC0415 - not needed for --help
    from smugsync.cli.auth.login import Login  # noqa: PLC0415 - likewise

    if oob and no_browser:
        raise UsageError("--oob opens no browser: leave --no-browser out")
    config = invocation.load(any_token=True)
    attempt = Login(invocation, config, "Modify" if write or config.upload.enabled else "Read")
    attempt.check()
    if oob or not (no_browser or has_browser(invocation.environ)):
        attempt.by_code(asked_for=oob)
    else:
        attempt.by_browser(may_open=not no_browser)


@auth.command()
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.pass_obj
def status(invocation: Invocation, /, *, as_json: bool) -> None:
    """Ask the service whose account this is, and say what we may do there.

    Exit code 77 when nobody is signed in, or when the service does not accept the credentials.
    """
    from smugsync.cli.auth.status import show_status  # noqa: PLC0415 - not needed for --help

    show_status(invocation, as_json=as_json)


@auth.command()
@click.pass_obj
def logout(invocation: Invocation, /) -> None:
    """Remove the access token from the configuration.

    SmugMug goes on to accept it until you revoke it there: Account Settings, Privacy, Authorized Services.
    """
    from smugsync.cli.auth.logout import sign_out  # noqa: PLC0415 - not needed for --help

    sign_out(invocation)
