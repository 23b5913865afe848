"""Training: schedules, the optimizer, the trainer, evaluation."""

import os

# TensorFlow's own start-up messages would drown ours; whoever wants them sets this to 0.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
