"""Every scenario, in the order in which they are played."""

from collections.abc import Mapping

from benchmarks.scenario import Scenario
from benchmarks.scenarios import (
    crowded,
    disk,
    growth,
    lines,
    listings,
    looking,
    mirrors,
    modules,
    peers,
    sending,
    wire,
)

SCENARIOS: Mapping[str, Scenario] = {
    **mirrors.SCENARIOS,
    **lines.SCENARIOS,
    **listings.SCENARIOS,
    **growth.SCENARIOS,
    **crowded.SCENARIOS,
    **looking.SCENARIOS,
    **growth.IN_FULL,
    **modules.SCENARIOS,
    **disk.SCENARIOS,
    **sending.SCENARIOS,
    **peers.SCENARIOS,
    **wire.SCENARIOS,
}
