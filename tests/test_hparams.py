"""Hyperparameters: what a file says, and what it means that a file lacks one."""

from sketchrnn_cli.hparams import HParams
from sketchrnn_cli.model.weights import shapes


def test_a_file_without_an_inner_cell_has_the_plain_one_of_version_0_1() -> None:
    values = HParams(dec_model="hyper").as_dict()
    assert HParams.from_dict(values, "now").hyper_inner == "layer_norm"
    del values["hyper_inner"]
    old = HParams.from_dict(values, "then")
    assert old.hyper_inner == "lstm"
    assert shapes(old)["decoder.hyper.bias"] == (1024,)
    assert "decoder.hyper.gamma" not in shapes(old)


def test_a_layer_normalized_inner_cell_has_no_bias_but_four_tensors_of_its_own() -> None:
    found = shapes(HParams(conditional=False, dec_model="hyper", dec_rnn_size=8))
    assert {
        name: shape for name, shape in found.items() if name.startswith("decoder.hyper.") and name.count(".") == 2
    } == {
        "decoder.hyper.kernel": (13, 1024),
        "decoder.hyper.recurrent_kernel": (256, 1024),
        "decoder.hyper.gamma": (1024,),
        "decoder.hyper.beta": (1024,),
        "decoder.hyper.cell_gamma": (256,),
        "decoder.hyper.cell_beta": (256,),
    }


def test_any_other_that_a_file_lacks_takes_its_default() -> None:
    assert HParams.from_dict({}, "nothing") == HParams(hyper_inner="lstm")
