"""What outlives a request, and with a state file the process: uploads and the whole account."""
