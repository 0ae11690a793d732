"""`smugsync demo`: the whole job on a small account of our own."""
