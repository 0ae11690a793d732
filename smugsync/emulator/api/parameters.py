"""What an endpoint takes: the fields of a request, checked, and the table that describes them.

The table is part of every answer to a write (recorded at a node's creation), so the same value describes
a parameter and reads it. A field the table does not know is ignored, as the service ignores `FileName`.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal

from smugsync.emulator.api.words import split_keywords

Kind = Literal["Boolean", "Uri", "Text", "Varchar", "Array", "Select", "Integer", "Float", "Timestamp"]

_DESCRIPTIONS: Final[Mapping[str, str]] = {
    "Boolean": "For true return type true or 1, for false type false or 0",
    "Uri": (
        "Absolute or relative URL, restricted to Locator(s) of the supplied URL if not null."
        "   Up to a MAX_LENGTH in length."
    ),
    "Text": (
        "Variable length text from MIN_CHARS to MAX_CHARS (MAX_CHARS = INFINITY meaning arbitrary length)"
    ),
    "Varchar": (
        "Variable length text from MIN_CHARS to MAX_CHARS (MAX_CHARS = INFINITY meaning arbitrary length)"
    ),
    "Array": "An indexed array of values with a length in the range MIN_COUNT to MAX_COUNT, inclusive.",
    "Select": 'Select one option. Options should pass only the "Value".',
    "Integer": "Integer from MIN_VALUE to MAX_VALUE, inclusive.",
    "Float": "Floating point number from MIN_VALUE to MAX_VALUE, inclusive.",
    "Timestamp": "A time as ISO 8601, or in seconds since 1970.",
}
_TRUE: Final = ("true", "1", "yes", "on")
_FALSE: Final = ("false", "0", "no", "off", "")


class Unfit(Exception):
    """Fields that cannot be taken: their names, and what is wrong with each."""

    def __init__(self, problems: Mapping[str, list[str]]) -> None:
        self.problems = problems
        super().__init__("; ".join(f"{name}: {', '.join(found)}" for name, found in problems.items()))


@dataclass(frozen=True, slots=True)
class Parameter:
    """One field. `minimum` and `maximum` bound the characters of a text or a number's value; None is no
    bound. `aliases` are other spellings of a Select's options that the service was seen to accept."""

    name: str
    kind: Kind
    default: Any = None
    description: str = ""
    required: bool = False
    minimum: int | None = None
    maximum: int | None = None
    options: tuple[str, ...] = ()
    aliases: Mapping[str, str] = field(default_factory=dict)
    locators: tuple[str, ...] = ()

    def describe(self) -> dict[str, Any]:
        """The entry of `Options.Parameters`, in the recorded order."""
        entry: dict[str, Any] = {
            "Name": self.name,
            "Required": self.required,
            "ReadOnly": False,
            "Default": self.default,
        }
        if self.description:
            entry["Description"] = self.description
        entry["Type"] = self.kind
        unbounded = "INFINITY"
        match self.kind:
            case "Varchar" | "Text":
                entry["MIN_CHARS"] = self.minimum or 0
                entry["MAX_CHARS"] = unbounded if self.maximum is None else self.maximum
            case "Select":
                entry |= {"OPTIONS": list(self.options), "MIN_COUNT": 1, "MAX_COUNT": 1}
            case "Array":
                entry |= {"ITEM_TYPE": "Varchar", "MIN_COUNT": 0, "MAX_COUNT": unbounded}
            case "Uri":
                entry |= {"MAX_LENGTH": unbounded, "Locator": list(self.locators)}
            case "Integer" | "Float":
                entry["MIN_VALUE"] = "NEGATIVE_INFINITY" if self.minimum is None else self.minimum
                entry["MAX_VALUE"] = "POSITIVE_INFINITY" if self.maximum is None else self.maximum
        return entry

    def read(self, value: object) -> Any:
        """The value in its own type. Raises ValueError with the service's kind of sentence."""
        match self.kind:
            case "Boolean":
                return self._boolean(value)
            case "Select":
                return self._choice(value)
            case "Array":
                return list(split_keywords(value))
            case "Integer" | "Float":
                return self._number(value)
        text = self._text(value)
        if len(text) < (self.minimum or 0):
            raise ValueError(f"Value is too short (minimum {self.minimum} characters)")
        if self.maximum is not None and len(text) > self.maximum:
            raise ValueError(f"Value is too long (maximum {self.maximum} characters)")
        return text

    def _text(self, value: object) -> str:
        if value is None:
            return ""
        if isinstance(value, (dict, list)):
            raise ValueError("Invalid value")
        return str(value).strip() if self.kind == "Varchar" else str(value)

    def _boolean(self, value: object) -> bool:
        text = str(value).strip().lower()
        if text in _TRUE:
            return True
        if text in _FALSE:
            return False
        raise ValueError("Invalid value; true, 1, false and 0 are accepted")

    def _choice(self, value: object) -> str:
        text = str(value).strip()
        known = {option.casefold(): option for option in self.options}
        known |= {alias.casefold(): option for alias, option in self.aliases.items()}
        if text.casefold() not in known:
            raise ValueError(f"Invalid value; one of {', '.join(self.options)} is accepted")
        return known[text.casefold()]

    def _number(self, value: object) -> float | int:
        try:
            number = float(str(value))
        except ValueError:
            raise ValueError("Invalid number") from None
        if not math.isfinite(number):
            raise ValueError("Invalid number")
        low = float("-inf") if self.minimum is None else self.minimum
        high = float("inf") if self.maximum is None else self.maximum
        if not low <= number <= high:
            raise ValueError(f"Value is out of range ({low} to {high})")
        return int(number) if self.kind == "Integer" else number


def read_all(parameters: Iterable[Parameter], given: Mapping[str, Any], *, whole: bool) -> dict[str, Any]:
    """The fields that were given, by name, in their own types. `whole` insists on required ones, and takes
    null for not given: that is the default of most.

    Raises Unfit with the problems of all fields at once.
    """
    values: dict[str, Any] = {}
    problems: dict[str, list[str]] = {}
    for parameter in parameters:
        if parameter.name not in given or (whole and given[parameter.name] is None):
            if whole and parameter.required:
                problems[parameter.name] = ["Required parameter is missing"]
            continue
        try:
            values[parameter.name] = parameter.read(given[parameter.name])
        except ValueError as error:
            problems[parameter.name] = [str(error)]
    if problems:
        raise Unfit(problems)
    return values


def describe_values(parameters: Iterable[Parameter], given: Mapping[str, str]) -> list[dict[str, Any]]:
    """The entries of `Options.Parameters`, each with the `Value` that the query gave it (recorded)."""
    table = []
    for parameter in parameters:
        entry = parameter.describe()
        if parameter.name in given:
            try:
                entry["Value"] = parameter.read(given[parameter.name])
            except ValueError:
                entry["Value"] = given[parameter.name]
        table.append(entry)
    return table


def describe_kinds(parameters: Iterable[Parameter]) -> dict[str, str]:
    """`ParameterDescription`: one sentence for each type, in the order they occur (recorded)."""
    return {parameter.kind: _DESCRIPTIONS[parameter.kind] for parameter in parameters}


def select(name: str, default: str | None, *options: str, **more: Any) -> Parameter:
    return Parameter(name, "Select", default, options=options, **more)


def text(name: str, default: str | None, description: str = "", **more: Any) -> Parameter:
    return Parameter(name, "Varchar", default, description, **more)
