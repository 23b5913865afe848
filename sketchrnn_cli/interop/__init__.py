"""Convert other programs' model files to and from checkpoints."""
