"""The errors a user can cause, each with its exit code.

A message says what is wrong, where, and what to do, in one line; `cli.main` prints it and exits with the code.
Anything else that escapes is a bug and keeps its traceback (exit code 1).
"""


class SketchRNNError(Exception):
    """Base of every error that is reported in one line.

    Example:
        >>> try:
        ...     sketchrnn.load("nobody")
        ... except sketchrnn.SketchRNNError as error:
        ...     print(error)
        no checkpoint 'nobody' ...
    """

    exit_code = 1


class UsageError(SketchRNNError):
    """An option, an argument or an output name that cannot be honoured."""

    exit_code = 2


class ExistsError(UsageError):
    """An output that is there already and must not be replaced."""


class DataError(SketchRNNError):
    """A data set or an input drawing that cannot be read."""

    exit_code = 3


class CheckpointError(SketchRNNError):
    """A checkpoint that is missing, damaged or does not fit."""

    exit_code = 4


class TrainingError(SketchRNNError):
    """Training that cannot start or go on."""

    exit_code = 5


class DrawingError(SketchRNNError):
    """A picture that cannot be drawn or written."""

    exit_code = 6


class DownloadError(SketchRNNError):
    """A file that cannot be fetched: no network, a server that refuses, or not what was expected."""

    exit_code = 7
