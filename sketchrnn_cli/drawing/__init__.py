"""Render sketches to picture files; independent of the model."""
