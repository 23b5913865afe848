"""SVG files in: a document becomes polylines."""

MARK = "drawn by sketchrnn"
"""The description in our own SVG files: so a folder's drawings are told from what was drawn after them."""
