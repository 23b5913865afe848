"""The model card of a released model: the README.md of its folder."""

import dataclasses

from sketchrnn_cli.store.checkpoint import SIDECAR, WEIGHTS, Sidecar
from sketchrnn_cli.wording import counted

FILE = "README.md"
PICTURE = "sketches.svg"
METRICS = {
    "recognized_at_1": "drawings that the judge names right at first, share of real ones'",
    "recognized_at_5": "among its first five, share of real ones'",
    "best_of_4_recognized_at_1": "named right at first, the best of four by the model itself, share of real ones'",
    "ended": "drawings that end by themselves",
    "L_R_per_point": "nats a point, held-out drawings",
    "frechet_distance": "Fréchet distance to held-out drawings in the judge's features",
    "kernel_distance": "kernel distance to them",
    "precision": "drawings that lie among real ones",
    "recall": "real drawings that lie among its own",
    "coverage": "real drawings that have one of its own near",
    "copying_ratio": "distance to the nearest training drawing, over that of held-out ones",
    "classified_at_1": "held-out drawings that `classify` names right",
    "classified_at_5": "among its first five",
    "reconstructed": "held-out drawings nearest to their own reconstruction",
}
"""Meanings of the metrics of `tests/benchmarks/quality.py`, by their names in a sidecar."""


def text(name: str, sidecar: Sidecar, parameters: int) -> str:
    """Return the card in Markdown.

    Args:
        name: the model's name.
        sidecar: its sidecar.
        parameters: the number of its parameters.
    """
    kind = "an encoder and a decoder" if sidecar.hparams.conditional else "a decoder alone"
    data = [f"- `{source.name}`: {source.provenance} (SHA-256 {source.sha256[:12]}...)" for source in sidecar.datasets]
    recipe = f"`sketchrnn train --recipe {sidecar.recipe}`, " if sidecar.recipe else ""
    made = f"{recipe}{counted(sidecar.step, 'step')}, {counted(sidecar.epoch, 'epoch')}."
    sections = [
        f"# {name}",
        f"![Six sketches by this model, the first of seed 0]({PICTURE})",
        f"A model of sketchrnn: {kind}, {parameters:,} parameters. "
        f"`{SIDECAR}` says how it was built, `{WEIGHTS}` holds its weights; any program can read both.\n\n"
        f"```\nsketchrnn sample {name} --count 6\n```",
        "## Data, license, attribution\n\n"
        + "\n".join(data or ["- not known"])
        + f"\n\nLicense: {sidecar.license or 'not stated'}. {sidecar.attribution}".rstrip(),
        "## How it was made\n\n" + "\n\n".join(part for part in (made, sidecar.note) if part),
        *([f"## Measured\n\n{_table(sidecar)}"] if sidecar.metrics else []),
        *([f"## Limits\n\n{sidecar.limits}"] if sidecar.limits else []),
        "## In full\n\n| | |\n| --- | --- |\n"
        + "\n".join(f"| {_cell(label)} | {_cell(value)} |" for label, value in facts(sidecar, parameters)),
    ]
    return "\n\n".join(sections) + "\n"


def _table(sidecar: Sidecar) -> str:
    rows = []
    for metric, value in sidecar.metrics.items():
        if metric.endswith("_standard_error"):
            continue
        error = sidecar.metrics.get(f"{metric}_standard_error")
        spread = "" if error is None else f" ± {error:.3f}"
        rows.append(f"| {_cell(METRICS.get(metric, metric.replace('_', ' ')))} | {value:.3f}{spread} |")
    return "\n".join(["| | |", "| --- | --- |", *rows])


def _cell(value: str) -> str:
    """Escape text for a cell of a Markdown table."""
    return " ".join(value.split()).replace("|", "\\|")


def facts(sidecar: Sidecar, parameters: int) -> list[tuple[str, str]]:
    """Return the properties of a checkpoint as labels and values."""
    hparams = sidecar.hparams
    encoder = f"{hparams.enc_model} {hparams.enc_rnn_size} in each direction, z {hparams.z_size}"
    changed = {
        field.name: getattr(hparams, field.name)
        for field in dataclasses.fields(hparams)
        if getattr(hparams, field.name) != field.default
    }
    if "hyper" not in (hparams.enc_model, hparams.dec_model):
        changed.pop("hyper_inner", None)  # Irrelevant, but set in old files.
    return [
        ("model", "encoder and decoder" if hparams.conditional else "decoder only"),
        *([("encoder", encoder)] if hparams.conditional else []),
        ("decoder", f"{hparams.dec_model} {hparams.dec_rnn_size}, {hparams.num_mixture} Gaussians"),
        ("parameters", f"{parameters:,}"),
        *([("words", _shown(sidecar.words))] if sidecar.words else []),
        *[
            (f"data: {source.name}", f"{source.provenance}; SHA-256 {source.sha256[:12]}")
            for source in sidecar.datasets
        ],
        ("max_seq_len", f"{hparams.max_seq_len} points"),
        ("scale_factor", f"{sidecar.units_per_model_unit:.6f} data units per model unit"),
        ("canvas_size", f"{sidecar.canvas_size:g} data units"),
        ("trained", f"{counted(sidecar.step, 'step')}, {counted(sidecar.epoch, 'epoch')}"),
        *([("best", f"{sidecar.best:.4f} ({sidecar.best_metric})")] if sidecar.best is not None else []),
        *[(name, f"{value:.4f}") for name, value in sidecar.metrics.items()],
        *[
            (name, getattr(sidecar, name))
            for name in ("license", "attribution", "recipe", "limits", "note")
            if getattr(sidecar, name)
        ],
        ("not by default", ", ".join(f"{name}={value}" for name, value in changed.items()) or "nothing"),
        ("written with", ", ".join(f"{name} {version}" for name, version in sidecar.versions.items())),
    ]


def _shown(words: tuple[str, ...]) -> str:
    """Return the number of words, and the first few."""
    return f"{len(words)}: {', '.join(words[:8])}{' ...' if len(words) > 8 else ''}"
