"""Whether the kernels run here, decided before they are used; imports nothing of them before that."""

import functools

import jax

from sketchrnn_cli.hparams import HParams
from sketchrnn_cli.model.kernels.hopper import layout

CAPABILITY = "9.0"


def unsuited(hparams: HParams) -> str:
    """Return what the kernels lack for a model or a machine, in a line; empty where they suit both."""
    cells = {hparams.dec_model, hparams.enc_model if hparams.conditional else "lstm"}
    if cells != {"lstm"} or hparams.gate_activation != "sigmoid":
        return "needs lstm cells with sigmoid gates"
    if getattr(jax.devices()[0], "compute_capability", None) != CAPABILITY:
        return f"needs a GPU of compute capability {CAPABILITY} (H100, H200)"
    if not all(units in layout.UNITS for _, units in _loops(hparams)):
        return f"needs enc_rnn_size and dec_rnn_size of {', '.join(map(str, layout.UNITS))}"
    return ""


def fault(hparams: HParams) -> str:
    """Return what their check finds wrong with the kernels, in a line; empty where nothing.

    The first call for some sizes takes seconds, and must not come while a step is being compiled.
    """
    loops = (_check(d, units, hparams.precision, hparams.recurrent_keep) for d, units in _loops(hparams))
    return next(filter(None, loops), "")


def has_room(hparams: HParams, time: int) -> bool:
    """Return whether sequences of `time` steps fit on the chip; longer ones run on the scan."""
    problems = (layout.Problem(time, d, 1, units, "f16", 0.5) for d, units in _loops(hparams))
    return all(layout.fits(problem) for problem in problems)


def _loops(hparams: HParams) -> list[tuple[int, int]]:
    """Return directions and units of each time loop."""
    encoder = [(2, hparams.enc_rnn_size)] if hparams.conditional else []
    return [*encoder, (1, hparams.dec_rnn_size)]


@functools.cache
def _check(directions: int, units: int, precision: str, keep: float) -> str:
    """Return what speaks against the kernels of a time loop; whatever goes wrong does."""
    try:
        from sketchrnn_cli.model.kernels.hopper import lstm

        return lstm.check(directions, units, precision, keep)
    except Exception as error:  # noqa: BLE001  (below Pallas, any version of JAX can break anything; the scan remains)
        line = (str(error).splitlines() or [""])[0][:200]
        return f"failed: {type(error).__name__}: {line}"
