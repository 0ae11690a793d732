"""The table of faults: one line each. What is held against all of them stands in `driver.try_once`."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from tests.faults import meanwhile, wire
from tests.faults.at_calls import Killed, Meanwhile, Refused, Slow
from tests.faults.at_requests import Misbehaving, Spoiled
from tests.faults.means import Cramped, Means
from tests.faults.operations import DAILY, OPERATIONS, SELDOM, Operation
from tests.faults.points import ALL, CHANGES, GROWS, LINKS, MAKES, OPENS, RENAMES, STEPS, SYNCS, TOUCHES

#: 0 where the run got over it, and then everything is there; 1 the disk, 3 some files, 5 a guard.
DISK = frozenset({0, 1, 3})
#: 75: the service cannot be reached.
LINE = frozenset({0, 3, 75})
KILLED = frozenset({-9})
FINE = frozenset({0})

CHANGED = ("changes",)


@dataclass(frozen=True, slots=True)
class Fault:
    """`codes` are the exit codes that a run may end with when the fault has struck.

    In the long form `most` places of each of the `operations` are tried (None: all), and `seldom` of those
    that people ask for by name; in every `make test`, `least` of "changes". `edits`: it edits the account.
    `hidden`: the run cannot have noticed, so that its 0 proves nothing. `mend` are the commands that
    bring everything back, where they are not the operation's own.
    """

    name: str
    means: Means
    codes: frozenset[int] = DISK
    operations: tuple[str, ...] = DAILY
    most: int | None = 20
    seldom: int = 0
    least: int = 0
    edits: bool = False
    hidden: bool = False
    mend: tuple[tuple[str, ...], ...] = ()

    @property
    def cells(self) -> Iterator[tuple[Operation, int | None]]:
        """What the long form tries: operations, and how many places of each."""
        for operation in OPERATIONS:
            if operation.name in self.operations:
                yield operation, self.most
            elif operation.name in SELDOM and self.seldom:
                yield operation, self.seldom


_WRITE, _PART, _FETCHES = frozenset({"write"}), frozenset({"part"}), ("first", "changes")
_MIRROR, _BOTH, _STATE = "mirror on ext4", "ext4", "state on ext4"
_FULL = (("sync", "--full"),)
_UNLOCKED = frozenset(STEPS) - {"lock"}

#: What happens to the process, to the disk under it, and to what lies on it.
DISK_FAULTS = (
    Fault("killed", Killed(), KILLED, most=None, seldom=30, least=6),
    Fault("power cut, ext4", Killed(_BOTH, power=True), KILLED, most=40, seldom=12, least=3),
    Fault("power cut, xfs", Killed("xfs", power=True), KILLED),
    Fault("power cut, catalogue elsewhere", Killed(_MIRROR, power=True), KILLED, most=40, seldom=12),
    Fault("power cut of the catalogue", Killed(_STATE, power=True), KILLED),
    Fault("no space left", Refused(calls=GROWS, code="ENOSPC"), most=20, seldom=10, least=2),
    Fault("quota used up", Refused(calls=GROWS, code="EDQUOT")),
    Fault("I/O error", Refused(calls=ALL, code="EIO"), most=40, seldom=15, least=3),
    Fault("refused as read-only", Refused(calls=CHANGES - SYNCS, code="EROFS"), most=15, seldom=5),
    Fault("too many open files", Refused(calls=OPENS, code="EMFILE")),
    Fault("write that does nothing", Refused(calls=_WRITE, steps=_PART, lie=True), DISK, _FETCHES),
    Fault(
        "bits that rot on the way",
        Meanwhile(calls=TOUCHES | SYNCS, steps=_PART, act=meanwhile.rot),
        FINE,
        _FETCHES,
        hidden=True,
        mend=(("verify", "--repair"), ("sync",)),
    ),
    Fault("little room", Cramped("bytes", range(0, 400_000, 20_000)), DISK | {5}),
    Fault("few inodes", Cramped("inodes", range(20), "few-inodes"), DISK | {5}),
    Fault("disk unplugged", Meanwhile(_MIRROR, act=meanwhile.pull_the_plug, end=meanwhile.heal), least=1),
    Fault("disk turned read-only", Meanwhile(_MIRROR, act=meanwhile.turn_read_only, end=meanwhile.heal)),
    Fault(
        "mirror unmounted",
        Meanwhile(_MIRROR, act=meanwhile.unmount, end=meanwhile.below_the_mount_point),
        DISK | {5},
        least=1,
    ),
    Fault("slow disk", Slow(calls=SYNCS | RENAMES | LINKS | MAKES), FINE, CHANGED),
    Fault("stopped for a while", Meanwhile(act=meanwhile.wait), FINE, CHANGED),
    Fault("second instance", Meanwhile(act=meanwhile.start_another, steps=_UNLOCKED), FINE, CHANGED, least=1),
    Fault(
        "clock a day back",
        Meanwhile(act=meanwhile.day_back, environ=meanwhile.clock, needs=meanwhile.no_other_clock),
        FINE,
        CHANGED,
    ),
    Fault(
        "clock 400 days ahead",
        Meanwhile(act=meanwhile.year_ahead, environ=meanwhile.clock, needs=meanwhile.no_other_clock),
        FINE,
        CHANGED,
    ),
    Fault(
        "out of memory",
        Meanwhile(act=meanwhile.run_out_of_memory, needs=meanwhile.no_memory_cgroup),
        KILLED,
        CHANGED,
    ),
    Fault("person saves files", Meanwhile(act=meanwhile.save_files), DISK, CHANGED, least=1),
    Fault(
        "account edited",
        Meanwhile(act=meanwhile.edit_account),
        DISK,
        CHANGED,
        most=10,
        edits=True,
        hidden=True,
    ),
)

_LATER = "Retry-After: 1"
_LIMIT = '{"Code": 429, "Message": "Too Many Requests"}'
_HOUR = frozenset({75})

#: What happens to one answer on its way.
LINE_FAULTS = (
    Fault("reset before the answer", Spoiled(wire.reset_before), LINE),
    Fault("reset within the answer", Spoiled(wire.reset_within), LINE, least=1),
    Fault("closed without an answer", Spoiled(wire.closed_before), LINE),
    Fault("answer cut off", Spoiled(wire.cut), LINE),
    Fault("no answer, silence", Spoiled(wire.silent_before), LINE, CHANGED, most=2),
    Fault("silence within the answer", Spoiled(wire.silent_within), LINE, CHANGED, most=2),
    Fault("a bit of a photo wrong", Spoiled(wire.flipped, media=True), LINE, least=1),
    Fault("cut, and said to be whole", Spoiled(wire.short_and_content), LINE, least=1),
    Fault("length too large", Spoiled(wire.claims_more), LINE),
    Fault("length too small", Spoiled(wire.claims_less), LINE),
    Fault("more bytes than promised", Spoiled(wire.endless, media=True), LINE),
    Fault("no HTTP", Spoiled(wire.no_http), LINE),
    Fault("429, with Retry-After", Spoiled(wire.json_of("429 Too Many Requests", _LIMIT, _LATER)), LINE),
    Fault("429, without", Spoiled(wire.json_of("429 Too Many Requests", _LIMIT)), LINE),
    Fault("429, three times", Spoiled(wire.json_of("429 Too Many Requests", _LIMIT, _LATER), times=3), LINE),
    Fault(
        "429, for an hour",
        Spoiled(wire.json_of("429 Too Many Requests", _LIMIT, "Retry-After: 3600"), media=False),
        _HOUR,
        CHANGED,
    ),
    Fault("500", Spoiled(wire.page("500 Internal Server Error")), LINE, CHANGED),
    Fault("503, with Retry-After", Spoiled(wire.page("503 Service Unavailable", _LATER)), LINE, CHANGED),
    Fault("504", Spoiled(wire.page("504 Gateway Timeout")), LINE, CHANGED),
    Fault(
        "500, until we give up",
        Spoiled(wire.page("500 Internal Server Error"), times=99),
        LINE,
        CHANGED,
        most=4,
    ),
    Fault("web page with 200", Spoiled(wire.page("200 OK")), LINE),
    Fault("nothing with 200", Spoiled(wire.json_of("200 OK", "")), LINE),
    Fault("empty object with 200", Spoiled(wire.json_of("200 OK", "{}"), media=False), LINE),
    Fault("404 of a photo", Spoiled(wire.page("404 Not Found"), media=True), LINE),
    Fault("403", Spoiled(wire.page("403 Forbidden")), LINE | {77}, CHANGED),
)

#: What the account itself does while it is read.
ACCOUNT_FAULTS = (
    Fault(
        "photo added to a page", Misbehaving("edit", "*!images", "do=add", 4), LINE, edits=True, hidden=True
    ),
    Fault(
        "photo deleted from a page",
        Misbehaving("edit", "*!images", "", 3),
        LINE | {5},
        edits=True,
        hidden=True,
    ),
    Fault("total overstated", Misbehaving("total", "*!images", "", 4), LINE),
    Fault("albums moved without a cause", Misbehaving("spurious", "/api/*", "", 6), LINE),
    # It looks like originals that the owner keeps back, and those are asked for in full cycles only.
    Fault(
        "a page without promises",
        Misbehaving("no-archived", "*!images", "", 4),
        LINE,
        hidden=True,
        mend=_FULL,
    ),
    Fault("names repeated on a page", Misbehaving("duplicates", "*!images", "", 4), LINE, hidden=True),
    Fault("nonce used", Misbehaving("nonce_used", "/api/*", "", 6), LINE, CHANGED),
)

FAULTS = (*DISK_FAULTS, *LINE_FAULTS, *ACCOUNT_FAULTS)
BY_NAME = {fault.name: fault for fault in FAULTS}
