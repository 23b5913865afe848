"""Recipes: files that say how the bundled models were trained, and what follows them."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from sketchrnn_cli import recipes
from sketchrnn_cli.cli import app
from sketchrnn_cli.data.quickdraw import CATEGORIES
from sketchrnn_cli.errors import UsageError
from sketchrnn_cli.model.weights import shapes
from sketchrnn_cli.store import checkpoint, names


@pytest.mark.parametrize("name", recipes.names())
def test_every_recipe_says_what_it_makes_and_its_schedule_ends_with_its_steps(name: str) -> None:
    recipe = recipes.load(name)
    assert recipe.about
    assert recipe.measured
    assert recipe.hparams.cosine_decay_steps == recipe.steps
    assert recipe.data.longest == recipe.hparams.max_seq_len
    assert set(recipe.data.words) <= set(CATEGORIES)


@pytest.mark.parametrize(("recipe", "model"), [("quickdraw", "quickdraw"), ("vae", "cat")])
def test_a_recipe_builds_the_architecture_of_the_bundled_model(recipe: str, model: str, tmp_path: Path) -> None:
    bundled = checkpoint.load_sidecar(names.find(model, tmp_path))
    followed = recipes.load(recipe).hparams.replace(num_classes=bundled.hparams.num_classes)
    assert shapes(followed) == shapes(bundled.hparams)
    assert followed.log_sigma_floor == bundled.hparams.log_sigma_floor


def test_an_unknown_recipe_is_refused_with_the_nearest() -> None:
    with pytest.raises(UsageError, match="did you mean 'quickdraw'"):
        recipes.load("quikdraw")


def test_a_recipe_begins_a_run_of_its_own() -> None:
    refused = CliRunner().invoke(app, ["train", "--recipe", "quickdraw", "--from", "cat"])
    assert isinstance(refused.exception, UsageError)
    assert "--from" in str(refused.exception)
