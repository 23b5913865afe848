"""Data sets: archives, downloads, built-in doodles, batches. Never imports Keras."""
