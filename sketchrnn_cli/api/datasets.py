"""The Python interface of data sets."""

import os
from pathlib import Path

from sketchrnn_cli.data import cache, names
from sketchrnn_cli.data.dataset import DataSet as Loaded
from sketchrnn_cli.data.dataset import Sketches, canvas_size, longest, scale_factor


class DataSet:
    """A Sketch-RNN archive: `train`, `valid` and `test`, each a sequence of stroke-3 sketches; `load` makes one.

    Example:
        >>> cats = sketchrnn.DataSet.load("doodle_cat")
        >>> cats
        <DataSet doodle_cat: 20/1/1 sketches of train/valid/test>
        >>> cats.train[0].dtype
        dtype('float32')
    """

    def __init__(self, loaded: Loaded) -> None:
        """Wrap what was read; use `load`."""
        self._loaded = loaded

    @classmethod
    def load(cls, name: str | os.PathLike[str], *, data_dir: str | os.PathLike[str] = "datasets") -> "DataSet":
        """Read an archive by its name in `data_dir` or its path.

        Raises:
            SketchRNNError: it is missing, damaged, or has no training sketch.
        """
        return cls(cache.load(names.find(os.fspath(name), Path(data_dir))))

    @property
    def name(self) -> str:
        """Its name, as a run records it."""
        return self._loaded.name

    @property
    def provenance(self) -> str:
        """Where the drawings came from, as text."""
        return self._loaded.provenance

    @property
    def train(self) -> Sketches:
        """The training split."""
        return self._loaded.splits["train"]

    @property
    def valid(self) -> Sketches:
        """The validation split; may be empty."""
        return self._loaded.splits["valid"]

    @property
    def test(self) -> Sketches:
        """The test split; may be empty."""
        return self._loaded.splits["test"]

    @property
    def scale_factor(self) -> float:
        """Standard deviation of all training offsets, pooled: data units per model unit."""
        return scale_factor([self._loaded])

    @property
    def max_seq_len(self) -> int:
        """N_max: points of the longest sketch of all splits."""
        return longest([self._loaded])

    @property
    def canvas_size(self) -> float:
        """Median larger side of the training drawings, in data units."""
        return canvas_size([self._loaded])

    def __repr__(self) -> str:
        counts = "/".join(str(len(split)) for split in (self.train, self.valid, self.test))
        return f"<DataSet {self.name}: {counts} sketches of train/valid/test>"
