"""A call whose sender is known, with everything that its method needs."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, TypeVar

from smugsync.emulator.account.account import Account
from smugsync.emulator.api.view import View
from smugsync.emulator.legacy.arguments import Arguments
from smugsync.emulator.legacy.failures import SYSTEM_ERROR, Failure
from smugsync.emulator.legacy.numbers import Numbers
from smugsync.emulator.legacy.sessions import Sessions
from smugsync.emulator.legacy.versions import Version
from smugsync.emulator.messages import Request, Response
from smugsync.emulator.settings import Login
from smugsync.emulator.signin.gatekeeper import Gatekeeper
from smugsync.emulator.signin.pending import Pending

T = TypeVar("T")
Payload = dict[str, Any]
#: Stands for what is not for this viewer, or what a picture does not have.
ABSENT: Final = object()
#: What an upload may not be larger than, in bytes, as the login says.
FILE_SIZE_LIMIT: Final = 157_286_400


@dataclass(frozen=True, slots=True)
class Shared:
    """What all calls have in common. `login_of` gives a user's; `receive` takes uploads; `origins` are the
    addresses a client may have signed."""

    account: Account
    numbers: Numbers
    sessions: Sessions
    gatekeeper: Gatekeeper
    pending: Pending
    login_of: Callable[[str], Login]
    receive: Callable[[Request, View], Response]
    origins: Callable[[Request], list[str]]


@dataclass(frozen=True, slots=True)
class Call:
    """One call of a method. `view` is the account as the caller sees it."""

    request: Request = field(repr=False)
    arguments: Arguments
    version: Version
    view: View
    shared: Shared

    @property
    def numbers(self) -> Numbers:
        return self.shared.numbers

    @property
    def heavy(self) -> bool:
        return self.arguments.flag("Heavy")

    @property
    def extras(self) -> frozenset[str]:
        """Names of fields in lower case, beside those of a light answer."""
        return self.arguments.names("Extras") if self.version.has_extras else frozenset()

    @property
    def is_light(self) -> bool:
        """Whether nothing is asked for but what every entry has."""
        return not (self.heavy or self.extras)

    @property
    def strict(self) -> bool:
        return self.version.has_extras and self.arguments.flag("Strict")

    @property
    def since(self) -> int:
        """Epoch seconds; what changed after them is asked for. 0 is everything."""
        return self.arguments.optional_number("LastUpdated") if self.version.has_extras else 0

    @property
    def with_empty(self) -> bool:
        """Whether empty albums and categories are asked for, too."""
        return not self.version.has_extras or self.arguments.flag("Empty", default=True)

    @property
    def has_key(self) -> bool:
        """Whether keys are told."""
        return self.version.name != "1.2.0" or self.view.switches.legacy_keys == "given"

    def key(self, key: str) -> Payload:
        return {"Key": key} if self.has_key else {}

    def listed(self, items: Sequence[T], what: str) -> Sequence[T]:
        """The items; where an empty list is none for this version, Failure 15."""
        how = self.view.switches.legacy_empty
        lists = self.version.empties_are_lists if how == "version" else how == "list"
        if not items and (self.strict or not lists):
            raise Failure.empty(what)
        return items

    def chosen(self, fields: Mapping[str, Any], light: Iterable[str]) -> Payload:
        """The `light` fields and the Extras; with Heavy, all of them."""
        if self.heavy:
            return self.told(fields)
        extras = self.extras
        names = {*light} | {name for name in fields if name.lower() in extras}
        return self.told({name: value for name, value in fields.items() if name in names})

    def told(self, fields: Mapping[str, Any]) -> Payload:
        """With what is absent as the switch has it: left out, "" or null (each was seen)."""
        how = self.view.switches.legacy_absent
        if how == "missing":
            return {name: value for name, value in fields.items() if value is not ABSENT}
        stand_in = "" if how == "empty" else None
        return {name: stand_in if value is ABSENT else value for name, value in fields.items()}

    def nothing_changed(self) -> None:
        """What a change that changes nothing answers: a system error in 1.2.2, code 21 where Strict is asked
        for, else a success."""
        if self.strict:
            raise Failure(21)
        if self.version.nothing_to_change_fails:
            raise Failure(SYSTEM_ERROR)
