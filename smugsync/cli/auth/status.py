"""Whose account is it, and what may we do there? What `smugsync auth status` does."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from dataclasses import asdict
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import Any

import click

from smugsync.cli.assembly import configured_signer, conversation
from smugsync.cli.auth import record as records
from smugsync.cli.auth.login import single_question
from smugsync.cli.auth.words import describe, describe_permissions, describe_uploads, may_upload
from smugsync.cli.invocation import Invocation
from smugsync.config import Config
from smugsync.errors import NotAuthorised
from smugsync.progress import duration
from smugsync.remote.dialect import Reply
from smugsync.remote.smugmug_v2.viewer import Viewer, ViewerQuestions, read_allowance

SHOWN = {
    "Full": "Full: everything, private albums too",
    "Public": "Public: only what everybody sees",
}


def show_status(invocation: Invocation, *, as_json: bool) -> None:
    """Raises NotAuthorised, when all is said, if SmugMug does not let us in; Unreachable."""
    config = invocation.load()
    report = Report(config)
    problem: NotAuthorised | None = None
    try:
        report.ask()
    except NotAuthorised as error:
        problem = error
    if as_json:
        click.echo(invocation.clean(json.dumps(report.facts(problem), ensure_ascii=False)))
    elif not invocation.quiet:
        for line in report.words():
            click.echo(invocation.clean(line))
    if problem is not None:
        raise problem


class Report:
    """The account and what is left of the rate limit, once `ask` was answered."""

    def __init__(self, config: Config) -> None:
        self.config = config
        self.viewer: Viewer | None = None
        self.remaining: int | None = None
        self.resets: float | None = None  #: by our clock, epoch seconds
        token = config.remote.access_token
        self.record = records.recall(config.state_dir, token) if token else None

    def ask(self) -> None:
        """Ask the service. Raises NotAuthorised, Unreachable."""
        remote = self.config.remote
        if remote.signed_out:
            raise NotAuthorised("not signed in to SmugMug: run `smugsync auth login`")
        questions = ViewerQuestions(remote.api_url)
        with conversation(self.config, configured_signer(self.config)) as session, single_question():
            reply = session.ask(questions.viewer(remote.user or ""), questions)
            self.viewer = questions.read_viewer(reply)
        self._read_allowance(reply)

    def _read_allowance(self, reply: Reply) -> None:
        allowance = read_allowance(reply.headers)
        if allowance is None:
            return
        now = time.time()
        try:
            theirs = parsedate_to_datetime(reply.headers["date"]).timestamp()
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
            "signed_in": viewer is not None and not self.config.remote.anonymous,
            "account": viewer and {"nickname": viewer.nickname, "name": viewer.name, "url": viewer.url},
            "access": viewer and viewer.access,
            "asked": record and {**asdict(record), "writing": record.writing and record.writing.value},
            "uploads": {"enabled": self.config.upload.enabled, "allowed": may_upload(self.record)},
            "rate_limit": resets
            and {"remaining": self.remaining, "resets": resets.isoformat(timespec="seconds")},
            "credentials": {one.setting: one.where for one in self.config.origins},
            "problem": None if problem is None else str(problem),
        }

    def words(self) -> Iterator[str]:
        """For people."""
        if self.viewer is not None:
            yield describe(self.viewer)
            yield f"  access       {SHOWN[self.viewer.access]}"
            yield f"  permissions  {self.permissions()}"
            if self.config.upload.enabled:
                yield f"  uploads      {describe_uploads(self.record)}"
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
        """What the token may do, as far as anybody knows."""
        if self.config.remote.anonymous:
            return "none: the API key alone, without a sign-in"
        if self.record is None:
            return "not on record: the token did not come from `smugsync auth login`"
        return describe_permissions(self.record, when=f" on {self.record.at[:10]}")
