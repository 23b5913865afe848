"""SVG files in: a document becomes polylines."""
