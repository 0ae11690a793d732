"""Figures as Prometheus reads them (https://prometheus.io/docs/instrumenting/exposition_formats/, 0.0.4)."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import field
from typing import Literal

from smugsync.records import dataclass

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"


@dataclass(slots=True)
class Family:
    """One metric: its samples are told apart by their labels."""

    name: str
    kind: Literal["gauge", "counter"]
    help: str
    samples: list[tuple[Mapping[str, str], float]] = field(default_factory=list)

    def add(self, value: float | None, **labels: str) -> None:
        """A sample; None is none."""
        if value is not None:
            self.samples.append((labels, float(value)))


def exposed(families: Iterable[Family]) -> str:
    """The text; families without samples are left out."""
    lines: list[str] = []
    for family in families:
        if not family.samples:
            continue
        lines += [f"# HELP {family.name} {_help(family.help)}", f"# TYPE {family.name} {family.kind}"]
        for labels, value in family.samples:
            inner = ",".join(f'{key}="{_label(text)}"' for key, text in labels.items())
            lines.append(
                f"{family.name}{{{inner}}} {_number(value)}" if inner else f"{family.name} {_number(value)}"
            )
    return "".join(f"{line}\n" for line in lines)


def _number(value: float) -> str:
    if not math.isfinite(value):
        return "NaN" if math.isnan(value) else "+Inf" if value > 0 else "-Inf"
    return str(int(value)) if value.is_integer() else repr(value)


def _label(text: str) -> str:
    return _help(text).replace('"', '\\"')


def _help(text: str) -> str:
    return text.replace("\\", "\\\\").replace("\n", "\\n")
