"""Sketch-RNN (Ha & Eck 2017) as a command-line toolkit."""

__version__ = "0.1.0"
