"""Run the toolkit as ``python -m sketchrnn_cli``."""

from sketchrnn_cli.cli import main

if __name__ == "__main__":
    main()
