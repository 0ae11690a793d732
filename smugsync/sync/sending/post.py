"""The way up within a cycle: couriers are fed from the outbox, and what they bring back is handed to it."""

from __future__ import annotations

from collections.abc import Callable

from smugsync.core.model import Account
from smugsync.errors import SmugsyncError
from smugsync.sync.context import Context
from smugsync.sync.cycle.survey import AskLimits, Question
from smugsync.sync.pool import Crew, Pool
from smugsync.sync.sending.courier import Courier, Job, Outcome
from smugsync.sync.sending.limits import Limits
from smugsync.sync.sending.outbox import Outbox


class Post:
    """`ask` gives a question to the listing lanes. Where nothing can or shall be sent, it does nothing."""

    def __init__(
        self,
        context: Context,
        account: Account,
        crew: Crew,
        deliver: Callable[[object], None],
        ask: Callable[[Question], None],
    ) -> None:
        self._context, self._account, self._ask = context, account, ask
        self.outbox: Outbox | None = None
        self._pool: Pool[Job] | None = None
        self._parallel = 0
        self._asked = self._told = False
        sending = context.options.sending
        uploads = context.uploads
        if uploads is None or sending is None or not context.scope.lists:
            return
        self.outbox = Outbox(context)
        if context.options.dry_run:
            return
        self._parallel = sending.parallel
        courier = Courier(
            uploads,
            context.gallery,
            context.mirror,
            sending,
            context.progress,
            context.stop,
        )
        self._pool = crew.pool("send", self._parallel, courier, deliver)

    @property
    def busy(self) -> bool:
        """Is anything handed out, or still to be?"""
        return self._pool is not None and self.outbox is not None and self.outbox.waiting

    def feed(self, *, compared: bool) -> None:
        """Hand out what can be. Before the first, the service is asked what it takes at all.

        `compared`: no more edits will be found.
        """
        if self._pool is None or self.outbox is None:
            return
        if compared:
            self.outbox.add_edits()
        if self.outbox.waiting and not self._asked:
            self._asked = True
            self._ask(AskLimits(self._account))
        if not self._told:
            return
        while self._pool.busy < self._parallel and (job := self.outbox.next()) is not None:
            self._pool.give(job)

    def told(self, limits: Limits) -> None:
        """What the service takes."""
        self._told = True
        if self.outbox is not None:
            self.outbox.limits = limits

    @property
    def trouble(self) -> SmugsyncError | None:
        """What kept everything from being sent, if anything did."""
        return None if self.outbox is None else self.outbox.trouble

    def answer(self, outcome: Outcome) -> None:
        """A courier is back."""
        if self._pool is None or self.outbox is None:
            raise TypeError(f"an answer nobody asked for: {outcome!r}")
        self._pool.done()
        self.outbox.answer(outcome)

    @property
    def out(self) -> int:
        """How many couriers are on their way."""
        return 0 if self._pool is None else self._pool.busy

    def close(self, deadline: float) -> None:
        """End the couriers' threads, waiting until `deadline` (monotonic seconds)."""
        if self._pool is not None:
            self._pool.close(deadline)
