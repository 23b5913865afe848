"""Sketch-RNN itself: the equations once, a NumPy engine to draw, a Keras engine to train."""
