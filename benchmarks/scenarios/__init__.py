"""Every scenario, in the order in which they are played."""

from collections.abc import Mapping

from benchmarks.scenario import Scenario
from benchmarks.scenarios import listings, mirrors

SCENARIOS: Mapping[str, Scenario] = {**mirrors.SCENARIOS, **listings.SCENARIOS}
