"""Whose account is it, and what may we do there? What `smugsync auth status` does."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import Any

import click

from smugsync.cli.assembly import SIGN_IN, conversation
from smugsync.cli.auth import record as records
from smugsync.cli.auth.login import single_question
from smugsync.cli.auth.seen import Seen, look
from smugsync.cli.auth.words import (
    describe,
    describe_access,
    describe_permissions,
    describe_uploads,
    describe_way,
    may_upload,
)
from smugsync.cli.invocation import Invocation
from smugsync.cli.remotes import signer_of
from smugsync.config import Config
from smugsync.config.remotes import Way
from smugsync.errors import NotAuthorised
from smugsync.progress import duration
from smugsync.remote.smugmug_v2.viewer import read_allowance


def show_status(invocation: Invocation, *, as_json: bool) -> None:
    """Raises NotAuthorised, when all is said, if the service does not let us in; Unreachable."""
    config = invocation.load()
    report = Report(config)
    problem: NotAuthorised | None = None
    try:
        report.ask()
    except NotAuthorised as error:
        problem = error
    if as_json:
        click.echo(json.dumps(_cleaned(report.facts(problem), invocation.clean), ensure_ascii=False))
    elif not invocation.quiet:
        for line in report.words():
            click.echo(invocation.clean(line))
    if problem is not None:
        raise problem


def _cleaned(value: Any, clean: Callable[[str], str]) -> Any:
    """Every text in it, and no key: a password may be any word."""
    if isinstance(value, dict):
        return {key: _cleaned(one, clean) for key, one in value.items()}
    return clean(value) if isinstance(value, str) else value


class Report:
    """The account and what is left of the rate limit, once `ask` was answered."""

    def __init__(self, config: Config) -> None:
        self.config = config
        self.viewer: Seen | None = None
        self.remaining: int | None = None
        self.resets: float | None = None  #: by our clock, epoch seconds
        token = config.remote.access_token
        self.record = records.recall(config.state_dir, token) if token else None

    def ask(self) -> None:
        """Ask the service. Raises NotAuthorised, Unreachable."""
        remote = self.config.remote
        if remote.signed_out:
            raise NotAuthorised(SIGN_IN)
        with conversation(self.config, signer_of(remote)) as session, single_question():
            self.viewer, headers = look(remote, session)
        self._read_allowance(headers)

    def _read_allowance(self, headers: Mapping[str, str]) -> None:
        allowance = read_allowance(headers)
        if allowance is None:
            return
        now = time.time()
        try:
            theirs = parsedate_to_datetime(headers["date"]).timestamp()
        except (KeyError, ValueError):
            theirs = now
        self.remaining, self.resets = allowance.remaining, now + allowance.resets - theirs

    def facts(self, problem: NotAuthorised | None) -> dict[str, Any]:
        """For programs. Times are ISO 8601, with their offset."""
        viewer, record = self.viewer, self.record
        resets = None if self.resets is None else datetime.fromtimestamp(self.resets).astimezone()
        return {
            "schema": 1,
            "profile": self.config.profile,
            "remote": self.config.remote.kind,
            "signed_in": viewer is not None and not self.config.remote.anonymous,
            "account": viewer and {"nickname": viewer.nickname, "name": viewer.name, "url": viewer.url},
            "access": viewer and viewer.access,
            "permissions": viewer and viewer.permissions,
            "photos": viewer and viewer.size,
            "asked": record and {**asdict(record), "writing": record.writing and record.writing.value},
            "uploads": {"enabled": self.config.upload.enabled, "allowed": self.may_upload()},
            "rate_limit": resets
            and {"remaining": self.remaining, "resets": resets.isoformat(timespec="seconds")},
            "credentials": {one.setting: one.where for one in self.config.origins},
            "problem": None if problem is None else str(problem),
        }

    def words(self) -> Iterator[str]:
        """For people."""
        if self.viewer is not None:
            yield describe(self.viewer)
            yield f"  access       {describe_access(self.viewer)}"
            yield f"  permissions  {self.permissions()}"
            if self.config.upload.enabled:
                yield f"  uploads      {describe_uploads(self.may_upload())}"
        if self.resets is not None:
            left = duration(max(0.0, self.resets - time.time()))
            at = time.strftime("%H:%M", time.localtime(self.resets))
            yield f"  requests     {self.remaining:,} left until {at}, {left} from now"
        places: dict[str, list[str]] = {}
        for one in self.config.origins:
            places.setdefault(one.where, []).append(one.setting)
        heading = "credentials"
        for where, settings in places.items():
            yield f"  {heading:<11}  {', '.join(settings)}: {where}"
            heading = ""

    def permissions(self) -> str:
        """What we may do, as far as anybody knows."""
        remote = self.config.remote
        if way := describe_way(remote):
            return way
        if self.viewer is not None and self.viewer.permissions is not None:
            return f"{self.viewer.permissions}, as SmugMug says"
        if self.record is None:
            return "not on record: the token did not come from `smugsync auth login`"
        return describe_permissions(self.record, when=f" on {self.record.at[:10]}")

    def may_upload(self) -> bool | None:
        """Whether files can be sent, None where nobody knows."""
        remote = self.config.remote
        if remote.way is not Way.OAUTH:
            return remote.way is Way.PASSWORD and remote.user is None
        return may_upload(self.record, self.viewer.permissions if self.viewer else None)
