"""The table of faults: one line each. What is held against all of them stands in `trial.try_once`."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

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
AWAY = frozenset({75})

CHANGED = ("changes",)


@dataclass(frozen=True, slots=True)
class Fault:
    """`codes` are the exit codes that a run may end with when the fault has struck.

    In the long form `most` places of each of the `operations` are tried, all places of those in `whole`, and
    `seldom` of those that people ask for by name; in every `make test`, `least` of "changes". `hidden`: the
    run cannot have noticed, so that its 0 proves nothing; `edits`: likewise, because it edits the account.
    `mend` are the commands that bring everything back, where they are not the operation's own.
    """

    name: str
    means: Means
    codes: frozenset[int] = DISK
    operations: tuple[str, ...] = CHANGED
    most: int = 10
    seldom: int = 0
    least: int = 0
    whole: tuple[str, ...] = ()
    edits: bool = False
    hidden: bool = False
    mend: tuple[tuple[str, ...], ...] = ()

    @property
    def cells(self) -> Iterator[tuple[Operation, int | None]]:
        """What the long form tries: operations, and how many places of each (None: all)."""
        for operation in OPERATIONS:
            if operation.name in self.whole:
                yield operation, None
            elif operation.name in self.operations:
                yield operation, self.most
            elif operation.name in SELDOM and self.seldom:
                yield operation, self.seldom


_BOTH, _MIRROR, _STATE = "ext4", "mirror on ext4", "state on ext4"
_WRITE, _PART = frozenset({"write"}), frozenset({"part"})
_UNLOCKED, _ON_DISK = frozenset(STEPS) - {"lock"}, frozenset(STEPS) - {"lock", "catalogue"}
_WAITS = SYNCS | RENAMES | LINKS | MAKES
_FETCHES = ("first", "changes")
_BRINGS = (*_FETCHES, "resume")
_VERIFY = (("verify", "--repair"), ("sync",))
_FULL = (("sync", "--full"),)

_ROTS = Meanwhile(calls=TOUCHES | SYNCS, steps=_PART, act=meanwhile.rot)
_UNPLUGGED = Meanwhile(_MIRROR, act=meanwhile.pull_the_plug, end=meanwhile.heal)
_READ_ONLY = Meanwhile(_MIRROR, act=meanwhile.turn_read_only, end=meanwhile.heal)
_UNMOUNTED = Meanwhile(_MIRROR, steps=_ON_DISK, act=meanwhile.unmount, end=meanwhile.below_the_mount_point)
_SECOND = Meanwhile(act=meanwhile.start_another, steps=_UNLOCKED)
_CLOCK = Meanwhile(environ=meanwhile.clock, needs=meanwhile.no_other_clock)
_YESTERDAY, _NEXT_YEAR = replace(_CLOCK, act=meanwhile.day_back), replace(_CLOCK, act=meanwhile.year_ahead)
_MEMORY = Meanwhile(act=meanwhile.run_out_of_memory, needs=meanwhile.no_memory_cgroup)

#: What happens to the process, to the disk under it, and to what lies on it.
DISK_FAULTS = (
    Fault("killed", Killed(), KILLED, DAILY, 40, seldom=10, least=6, whole=CHANGED),
    Fault("power cut, ext4", Killed(_BOTH, power=True), KILLED, DAILY, 25, seldom=6, least=3),
    Fault("power cut, xfs", Killed("xfs", power=True), KILLED, most=15),
    Fault("power cut, catalogue elsewhere", Killed(_MIRROR, power=True), KILLED, DAILY, 25, seldom=6),
    Fault("power cut of the catalogue", Killed(_STATE, power=True), KILLED, _FETCHES, 15),
    Fault("no space left", Refused(calls=GROWS, code="ENOSPC"), DISK, DAILY, 12, seldom=5, least=2),
    Fault("quota used up", Refused(calls=GROWS, code="EDQUOT")),
    Fault("I/O error", Refused(calls=ALL, code="EIO"), DISK | {5}, DAILY, 25, seldom=8, least=3),
    Fault("refused as read-only", Refused(calls=CHANGES - SYNCS, code="EROFS"), DISK, _FETCHES, seldom=4),
    Fault("too many open files", Refused(calls=OPENS, code="EMFILE"), DISK, _FETCHES),
    Fault("write that does nothing", Refused(calls=_WRITE, steps=_PART, lie=True), DISK, _FETCHES),
    Fault("bits that rot on the way", _ROTS, FINE, _FETCHES, 5, hidden=True, mend=_VERIFY),
    Fault("little room", Cramped("bytes", range(0, 400_000, 20_000)), DISK | {5}, _FETCHES, 8),
    Fault("few inodes", Cramped("inodes", range(12), "few-inodes"), DISK | {5}, _FETCHES, 8),
    Fault("disk unplugged", _UNPLUGGED, most=12, least=1),
    Fault("disk turned read-only", _READ_ONLY),
    Fault("mirror unmounted", _UNMOUNTED, frozenset({1, 5}), _FETCHES, 8, least=1),
    Fault("slow disk", Slow(calls=_WAITS), FINE, most=6),
    Fault("stopped and continued", Meanwhile(act=meanwhile.nothing), FINE, most=6),
    Fault("second instance", _SECOND, FINE, least=1),
    Fault("clock a day back", _YESTERDAY, FINE, most=6),
    Fault("clock 400 days ahead", _NEXT_YEAR, FINE, most=6),
    Fault("out of memory", _MEMORY, KILLED, most=6),
    Fault("person saves files", Meanwhile(act=meanwhile.save_files), most=12, least=1),
    Fault("account edited", Meanwhile(act=meanwhile.edit_account), most=8, edits=True),
)

_AFTER_A_SECOND, _AFTER_AN_HOUR = "Retry-After: 1", "Retry-After: 3600"
_LIMIT = ("429 Too Many Requests", '{"Code": 429, "Message": "Too Many Requests"}')
_BROKEN = "500 Internal Server Error"

#: What happens to one answer on its way.
LINE_FAULTS = (
    Fault("reset before the answer", Spoiled(wire.reset_before), LINE),
    Fault("reset within the answer", Spoiled(wire.reset_within), LINE, DAILY, 6, least=1),
    Fault("closed without an answer", Spoiled(wire.closed_before), LINE),
    Fault("answer cut off", Spoiled(wire.cut), LINE, DAILY, 6),
    Fault("no answer, silence", Spoiled(wire.silent_before), LINE, most=2),
    Fault("silence within the answer", Spoiled(wire.silent_within), LINE, most=2),
    Fault("a bit of a photo wrong", Spoiled(wire.flipped, media=True), LINE, _BRINGS, 6, least=1),
    Fault("cut, and said to be whole", Spoiled(wire.short_and_content), LINE, least=1),
    Fault("length too large", Spoiled(wire.claims_more), LINE),
    Fault("length too small", Spoiled(wire.claims_less), LINE),
    Fault("more bytes than promised", Spoiled(wire.endless, media=True), LINE, _FETCHES, 5),
    Fault("no HTTP", Spoiled(wire.no_http), LINE, most=6),
    Fault("429, with Retry-After", Spoiled(wire.json_of(*_LIMIT, _AFTER_A_SECOND)), LINE),
    Fault("429, without", Spoiled(wire.json_of(*_LIMIT)), LINE),
    Fault("429, three times", Spoiled(wire.json_of(*_LIMIT, _AFTER_A_SECOND), times=3), LINE, most=5),
    Fault("429, for an hour", Spoiled(wire.json_of(*_LIMIT, _AFTER_AN_HOUR), media=False), AWAY, most=5),
    Fault("500", Spoiled(wire.page(_BROKEN)), LINE),
    Fault("500, until we give up", Spoiled(wire.page(_BROKEN), times=99), LINE, most=4),
    Fault(
        "503, with Retry-After", Spoiled(wire.page("503 Service Unavailable", _AFTER_A_SECOND)), LINE, most=5
    ),
    Fault("504", Spoiled(wire.page("504 Gateway Timeout")), LINE, most=5),
    Fault("web page with 200", Spoiled(wire.page("200 OK")), LINE),
    Fault("nothing with 200", Spoiled(wire.json_of("200 OK", "")), LINE),
    Fault("empty object with 200", Spoiled(wire.json_of("200 OK", "{}"), media=False), LINE),
    Fault("404 of a photo", Spoiled(wire.page("404 Not Found"), media=True), LINE, _FETCHES, 5),
    Fault("403", Spoiled(wire.page("403 Forbidden")), LINE | {77}),
)

_LISTING = "*!images"

#: What the account itself does while it is read.
ACCOUNT_FAULTS = (
    Fault("photo added to a page", Misbehaving("edit", _LISTING, "do=add", 4), LINE, edits=True),
    Fault("photo deleted from a page", Misbehaving("edit", _LISTING, "", 3), LINE | {5}, edits=True),
    Fault("total overstated", Misbehaving("total", _LISTING, "", 4), LINE, _FETCHES),
    Fault("albums moved without a cause", Misbehaving("spurious", "/api/*", "", 6), LINE),
    # It looks like originals that the owner keeps back, and those are asked for in full cycles only.
    Fault(
        "page without promises", Misbehaving("no-archived", _LISTING, "", 4), LINE, hidden=True, mend=_FULL
    ),
    Fault("names repeated on a page", Misbehaving("duplicates", _LISTING, "", 4), LINE, hidden=True),
    Fault("nonce used", Misbehaving("nonce_used", "/api/*", "", 6), LINE),
)

FAULTS = (*DISK_FAULTS, *LINE_FAULTS, *ACCOUNT_FAULTS)
BY_NAME = {fault.name: fault for fault in FAULTS}
