"""Pictures: strokes in, files out. Never sees the model."""
