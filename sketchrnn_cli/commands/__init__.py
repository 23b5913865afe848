"""One thin file per command or command group."""
