"""Import models of the seed, eyalzk/sketch_rnn_keras."""
