"""Sketches as arrays: formats, transforms and the SVG reader. Never imports Keras."""
