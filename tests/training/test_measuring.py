"""What `evaluate` reports of a split, by numbers worked out by hand."""

import numpy as np
import pytest

from sketchrnn_cli.data.batches import Corpus
from sketchrnn_cli.training.evaluation import Evaluation
from sketchrnn_cli.training.measuring import Figure


def test_a_standard_error_is_the_deviation_over_the_root_of_the_count() -> None:
    losses = Evaluation(
        offset=np.array([10.0, 20.0, 30.0, 40.0]),
        pen=np.zeros(4),
        kl=np.array([0.1, 0.1, 0.3, 0.3]),
        lengths=np.array([4, 4, 4, 8]),
        max_seq_len=10,
    )
    kept = Corpus((), np.zeros((4, 2), np.int32), losses.lengths, np.zeros(4, np.int32))
    said = Figure("a", "test", kept, losses, 0).summary()
    assert said["L_R"] == pytest.approx(2.5)
    assert said["L_R_standard_error"] == pytest.approx(np.sqrt(5.0 / 3.0) / 2.0)  # Deviation 1.291, four sketches.
    assert said["L_KL_standard_error"] == pytest.approx(np.sqrt(0.04 / 3.0) / 2.0)
    assert said["L_R_per_point"] == pytest.approx(5.0)
