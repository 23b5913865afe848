"""The library behind the command line: models, inputs, pictures, training.

What `sketchrnn_cli` names is public; everything else, this package's modules included, may move between versions.
"""
