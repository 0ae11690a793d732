"""Observe, reconcile, plan, transfer, record: one cycle, whoever asked for it and whatever its scope."""
