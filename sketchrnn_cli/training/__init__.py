"""Training: schedules, the optimizer, the trainer, evaluation."""
