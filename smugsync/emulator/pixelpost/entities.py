"""The key pairs that may sign in, and what each may do."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal, get_args

from smugsync.emulator.pixelpost.signing import secret_of

Grant = Literal["read", "write", "delete", "config", "admin"]
GRANTS: Final[tuple[Grant, ...]] = get_args(Grant)


@dataclass(slots=True)
class Entity:
    """An API key pair of a user: 32 hex digits each."""

    public_key: str
    private_key: str = field(repr=False)
    name: str = ""
    user: str = ""
    grants: set[Grant] = field(default_factory=set)

    @property
    def secret(self) -> str:
        return secret_of(self.public_key, self.private_key)


def read_grants(words: Iterable[str]) -> set[Grant]:
    """Raises ValueError with a sentence."""
    wanted = [word.strip() for word in words]
    found = {grant for grant in GRANTS if grant in wanted}
    unknown = [word for word in wanted if word and word not in GRANTS]
    if unknown:
        raise ValueError(f"grants are a list of {', '.join(GRANTS)}, not {unknown[0]!r}")
    return found


class Entities:
    """Known by their public keys. `changed` moves with everything that `dump` would tell differently."""

    def __init__(self, announced: Entity) -> None:
        """The `announced` one has the same keys in every run."""
        self._announced = announced
        self._entities = {announced.public_key: announced}
        self.changed = 0

    @property
    def announced(self) -> Entity:
        return self._announced

    def find(self, public_key: str) -> Entity | None:
        return self._entities.get(public_key)

    def add(self, entity: Entity) -> None:
        self._entities[entity.public_key] = entity
        self.changed += 1

    def grant(self, entity: Entity, grant: Grant) -> None:
        entity.grants.add(grant)
        self.changed += 1

    def dump(self) -> list[dict[str, Any]]:
        return [
            {
                "public_key": one.public_key,
                "private_key": one.private_key,
                "name": one.name,
                "user": one.user,
                "grants": sorted(one.grants),
            }
            for one in self._entities.values()
        ]

    def load(self, dumped: Iterable[Mapping[str, Any]]) -> None:
        for one in dumped:
            grants = read_grants(one["grants"])
            if one["public_key"] == self._announced.public_key:
                self._announced.grants = grants
                continue
            known = Entity(one["public_key"], one["private_key"], one["name"], one["user"], grants)
            self._entities[known.public_key] = known
