"""What a client wants to see of an answer: its underscore parameters."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from smugsync.emulator.messages import read_json


@dataclass(frozen=True, slots=True)
class Selection:
    """What the client wants to see of each object; None means everything.

    `expand` names links whose targets shall come along, each with a selection of its own. `args` are the
    queries an expansion is fetched with, one after the other.
    """

    fields: frozenset[str] | None = None
    links: frozenset[str] | None = None
    expand: Mapping[str, Selection] = field(default_factory=dict)
    args: tuple[Mapping[str, Any], ...] = ({},)

    def wants(self, name: str) -> bool:
        """For fields that are dear to compute."""
        return self.fields is None or name in self.fields

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> Selection:
        """One level of `_config`: filter, filteruri, expand, and args or multiargs.

        Raises ValueError for both of the latter at once (documentation: config).
        """
        if "args" in config and "multiargs" in config:
            raise ValueError("args and multiargs exclude each other")
        expand = config.get("expand") or {}
        if isinstance(expand, list):
            expand = {str(name): {} for name in expand}
        many = config["multiargs"] if "multiargs" in config else [config.get("args") or {}]
        if not isinstance(expand, dict) or not isinstance(many, list):
            raise ValueError("expand is an object, multiargs an array")
        if not all(isinstance(args, dict) for args in many):
            raise ValueError("args are objects")
        return cls(
            fields=_names(config.get("filter")),
            links=_names(config.get("filteruri")),
            expand={
                str(name): cls.from_config(below if isinstance(below, dict) else {})
                for name, below in expand.items()
            },
            args=tuple(many) or ({},),
        )


EVERYTHING: Final = Selection()


@dataclass(frozen=True, slots=True)
class Wishes:
    """The underscore parameters of a request. `inline` puts expansions into the links they expand."""

    verbosity: int = 2
    short: bool = False
    pretty: bool = False
    inline: bool = False
    selection: Selection = EVERYTHING

    @classmethod
    def of(cls, params: Mapping[str, str], *, talkative: bool = False) -> Wishes:
        """Unknown parameters are ignored. `talkative` raises the default verbosity to 3.

        Raises ValueError for a `_config` that cannot be followed.
        """
        config = read_json(params.get("_config", "{}"))
        if not isinstance(config, dict):
            raise ValueError("_config is not an object")
        selection = Selection.from_config(config)
        fields, links = _names(params.get("_filter")), _names(params.get("_filteruri"))
        expand = dict.fromkeys(sorted(_names(params.get("_expand")) or ()), EVERYTHING)
        default = 3 if talkative else 2
        verbosity = int(params["_verbosity"]) if params.get("_verbosity") in ("1", "2", "3") else default
        return cls(
            verbosity=verbosity,
            short="_shorturis" in params or verbosity == 1 or config.get("shorturis") is True,
            pretty="_pretty" in params,
            inline=config.get("expand_method") == "inline",
            selection=Selection(
                fields if fields is not None else selection.fields,
                links if links is not None else selection.links,
                {**selection.expand, **expand},
            ),
        )


def _names(value: object) -> frozenset[str] | None:
    if value is None:
        return None
    parts = value if isinstance(value, list) else str(value).split(",")
    return frozenset(str(part).strip() for part in parts if str(part).strip())
