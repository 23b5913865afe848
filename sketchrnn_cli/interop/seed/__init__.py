"""The seed's Keras files, in."""
