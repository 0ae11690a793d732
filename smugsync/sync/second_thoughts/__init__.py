"""What a person decides afterwards: conflicts, runs taken back, shelves looked through and emptied."""
