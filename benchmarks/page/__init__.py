"""What was measured becomes a page: `results` are kept, `tables` and `plot` show them, `report` writes it."""
