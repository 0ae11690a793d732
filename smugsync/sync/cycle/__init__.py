"""One cycle: what is listed becomes rows, rows become jobs, and what came of them becomes rows again."""
