"""The account an emulator starts with: filled anew, or as a state file has it."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from smugsync.emulator.account.account import Account, EditError
from smugsync.emulator.account.demo import fill_demo
from smugsync.emulator.account.library import fill_from_directory
from smugsync.emulator.account.synthetic import fill_synthetic
from smugsync.emulator.settings import Settings
from smugsync.emulator.state.database import Database
from smugsync.emulator.state.keeper import Fleeting, Keeper
from smugsync.emulator.state.statefile import StateFile
from smugsync.errors import UsageError
from smugsync.stop import Stop


@dataclass(frozen=True, slots=True)
class Opened:
    """An account that is ready to be served. `settings` are those that hold for it."""

    settings: Settings
    account: Account
    keeper: Keeper
    tokens: Any = None  #: what the gatekeeper of an earlier run told, None if there was none


def open_account(settings: Settings, clock: Callable[[], float], stop: Stop | None = None) -> Opened:
    """Fill an account as the settings say, or read it from their state file.

    No file of a directory is hashed any more after the `stop`.

    Raises OSError if a directory cannot be read; UsageError, Busy or StateError for a state file that
    cannot be used, or that does not agree with the settings.
    """
    settings = replace(
        settings,
        library=settings.library.resolve() if settings.library else None,
        people=tuple((nick, place.resolve() if place else None) for nick, place in settings.people),
    )
    if settings.state is None:
        account = Account(settings.nickname, clock=clock, seed=settings.seed)
        _fill(account, settings, stop)
        _add_people(account, settings.people, stop)
        return Opened(settings, account, Fleeting(stop))
    if settings.albums is not None:
        raise UsageError("a synthetic account (--albums) is made anew at every start: leave out --state.")
    database = Database(settings.state)
    try:
        database.forget_unshown()
        return _open_kept(settings, clock, database, stop)
    except BaseException:
        database.close()
        raise


def _open_kept(
    settings: Settings, clock: Callable[[], float], database: Database, stop: Stop | None
) -> Opened:
    text = database.read_about("origin")
    if text is None:
        origin = _Origin.of(settings)
        account = Account(settings.nickname, clock=clock, seed=settings.seed)
        _fill(account, settings, stop)
        _add_people(account, settings.people, stop)
        file = StateFile(database, origin.directories, stop=stop)
        file.begin(account, lambda database: database.write_about("origin", origin.dump()))
        return Opened(settings, account, file)
    try:
        kept = _Origin.load(text)
    except (ValueError, TypeError) as error:
        raise database.damaged() from error
    settings, newcomers = kept.agree(settings, database.path)
    file = StateFile(database, _Origin.of(settings).directories, stop=stop)
    account = Account(settings.nickname, clock=clock, seed=settings.seed)
    file.load(account)
    if newcomers:
        _add_people(account, newcomers, stop)
        origin = _Origin.of(settings)
        file.begin(account, lambda database: database.write_about("origin", origin.dump()))
    return Opened(settings, account, file, file.load_tokens())


def _fill(account: Account, settings: Settings, stop: Stop | None) -> None:
    if settings.library is not None:
        fill_from_directory(account, settings.library, stop=stop)
    elif settings.albums is not None:
        fill_synthetic(account, albums=settings.albums, images=settings.images, size=settings.bytes_each)
    else:
        fill_demo(account)


def _add_people(account: Account, people: tuple[tuple[str, Path | None], ...], stop: Stop | None) -> None:
    for nickname, directory in people:
        try:
            root = account.add_user(nickname)
        except EditError as error:
            raise UsageError(f"--user {nickname}: {error}.") from error
        if directory is not None:
            fill_from_directory(account, directory, root, stop=stop)


@dataclass(frozen=True, slots=True)
class _Origin:
    """What a state file was filled from."""

    nickname: str
    seed: int
    library: str | None
    people: dict[str, str | None]

    @classmethod
    def of(cls, settings: Settings) -> _Origin:
        people = {nick: str(place) if place else None for nick, place in settings.people}
        return cls(
            settings.nickname, settings.seed, str(settings.library) if settings.library else None, people
        )

    @classmethod
    def load(cls, text: str) -> _Origin:
        return cls(**json.loads(text))

    def dump(self) -> str:
        return json.dumps(asdict(self))

    @property
    def directories(self) -> list[Path]:
        return [Path(place) for place in (self.library, *self.people.values()) if place is not None]

    def agree(self, settings: Settings, path: Path) -> tuple[Settings, tuple[tuple[str, Path | None], ...]]:
        """The settings as they hold for this account, and the people who are new to it.

        What was not asked for is as the file says. Raises UsageError for what was asked for and is not so.
        """
        plain = Settings()
        for name, option in (("nickname", "--nickname"), ("seed", "--seed")):
            asked, kept = getattr(settings, name), getattr(self, name)
            if asked != kept and (name in settings.explicit or asked != getattr(plain, name)):
                raise self._differs(path, f"{option} {kept}", f"{option} {asked}")
        if settings.library is not None and str(settings.library) != self.library:
            raise self._differs(path, self.library or "the demo account", str(settings.library))
        known = {nick.casefold(): (nick, place) for nick, place in self.people.items()}
        newcomers = []
        for nickname, directory in settings.people:
            if nickname.casefold() not in known:
                newcomers.append((nickname, directory))
                continue
            kept_nickname, place = known[nickname.casefold()]
            if directory is not None and str(directory) != place:
                had = f"--user {kept_nickname}" + (f"={place}" if place else "")
                raise self._differs(path, had, f"--user {nickname}={directory}")
        everybody = [(nick, Path(place) if place else None) for nick, place in self.people.items()]
        settings = replace(
            settings,
            nickname=self.nickname,
            seed=self.seed,
            library=Path(self.library) if self.library else None,
            people=(*everybody, *newcomers),
        )
        return settings, tuple(newcomers)

    def _differs(self, path: Path, kept: str, asked: str) -> UsageError:
        return UsageError(
            f"the state file {path} was filled with {kept}, not {asked}: leave that out, or name another"
            " file."
        )
