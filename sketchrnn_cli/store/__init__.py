"""Checkpoints on disk: the format, runs, names."""
