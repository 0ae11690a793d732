"""Programs that scenarios measure beside the command, each in a process of its own."""
