"""The studio: a page to draw with the model, and the server behind it."""
