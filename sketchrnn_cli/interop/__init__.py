"""Other programs' model files to and from our checkpoints."""
