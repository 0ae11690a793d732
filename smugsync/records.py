"""Dataclasses, cheaper to define and to make.

`dataclass` and `replace` are those of the standard library to a type checker, and behave like them, but for
one thing: that a frozen record is not written to is checked by mypy and not at run time. Python 3.11 compiles
six functions for every frozen dataclass, half a millisecond each time the program starts, and sets each of
its attributes through a function call. There are two hundred of them, and a photo passes through a dozen.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from operator import attrgetter
from reprlib import recursive_repr
from typing import TYPE_CHECKING, Any

__all__ = ["dataclass", "replace"]

if TYPE_CHECKING:
    from dataclasses import dataclass, replace
else:

    def dataclass(**options: bool):
        """As `dataclasses.dataclass`, to which `order` is left."""

        def decorate(cls: type) -> type:
            if options.get("order"):
                return dataclasses.dataclass(**options)(cls)
            if cls.__doc__ is None:
                cls.__doc__ = cls.__name__  # or else a signature is written, which is never read
            cls = dataclasses.dataclass(**options | {"frozen": False, "eq": False, "repr": False})(cls)
            fields = dataclasses.fields(cls)
            if options.get("eq", True):
                _compare(cls, fields, frozen=options.get("frozen", False))
            if options.get("repr", True) and "__repr__" not in cls.__dict__:
                cls.__repr__ = _representation([field.name for field in fields if field.repr])
            return cls

        return decorate

    def replace(record: Any, /, **changes: Any) -> Any:
        """As `dataclasses.replace`."""
        cls = record.__class__
        held = _HELD.get(cls)
        if held is None:
            fields = dataclasses.fields(cls)
            if not all(field.init for field in fields):
                return dataclasses.replace(record, **changes)
            names = [field.name for field in fields]
            held = _HELD[cls] = names, _getter(names)
        names, values = held
        return cls(**dict(zip(names, values(record), strict=True)) | changes)


#: By class: the names of its fields, and how to read all of them.
_HELD: dict[type, tuple[list[str], Callable[[object], tuple[Any, ...]]]] = {}


def _getter(names: list[str]) -> Callable[[object], tuple[Any, ...]]:
    """Reads the attributes of these names into a tuple."""
    if len(names) > 1:
        return attrgetter(*names)
    if not names:
        return lambda record: ()
    one = attrgetter(names[0])
    return lambda record: (one(record),)


def _compare(cls: Any, fields: tuple[dataclasses.Field[Any], ...], *, frozen: bool) -> None:
    """Two records are equal if their fields are; `frozen` ones may stand in a set."""
    compared = _getter([field.name for field in fields if field.compare])
    hashed = _getter([f.name for f in fields if (f.compare if f.hash is None else f.hash)])

    def equal(self: object, other: object) -> Any:
        if other.__class__ is self.__class__:
            return compared(self) == compared(other)
        return NotImplemented

    if "__eq__" not in cls.__dict__:
        cls.__eq__ = equal
    if cls.__dict__.get("__hash__") is None:  # which is also what a class gets for an __eq__ of its own
        cls.__hash__ = (lambda self: hash(hashed(self))) if frozen else None


def _representation(names: list[str]) -> Callable[[object], str]:
    @recursive_repr()
    def represent(self: object) -> str:
        values = ", ".join(f"{name}={getattr(self, name)!r}" for name in names)
        return f"{self.__class__.__qualname__}({values})"

    return represent
