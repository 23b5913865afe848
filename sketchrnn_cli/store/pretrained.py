"""Names and URLs of the official pretrained Sketch-RNN models.

The names are from the README of sketch-rnn-js (the demos of magenta/magenta-js offer the same). None of the models is
part of this program: their weights have no stated license.
"""

from pathlib import Path
from urllib.parse import quote

from sketchrnn_cli.errors import UsageError
from sketchrnn_cli.hparams import nearest

BASE_URL = "https://storage.googleapis.com/quickdraw-models/sketchRNN"

_LIST = """
alarm_clock ambulance angel ant antyoga backpack barn basket bear bee beeflower bicycle bird book brain bridge
bulldozer bus butterfly cactus calendar castle cat catbus catpig chair couch crab crabchair crabrabbitfacepig
cruise_ship diving_board dog dogbunny dolphin duck elephant elephantpig everything eye face fan fire_hydrant firetruck
flamingo flower floweryoga frog frogsofa garden hand hedgeberry hedgehog helicopter kangaroo key lantern lighthouse
lion lionsheep lobster map mermaid monapassport monkey mosquito octopus owl paintbrush palm_tree parrot passport peas
penguin pig pigsheep pineapple pool postcard power_outlet rabbit rabbitturtle radio radioface rain rhinoceros rifle
roller_coaster sandwich scorpion sea_turtle sheep skull snail snowflake speedboat spider squirrel steak stove
strawberry swan swing_set the_mona_lisa tiger toothbrush toothpaste tractor trombone truck whale windmill yoga
yogabicycle
"""

NAMES: tuple[str, ...] = tuple(_LIST.split())

DECODER_ONLY = frozenset({"everything"})
"""Models without an encoder variant."""


def model(name: str, vae: bool = False) -> str:
    """Return the canonical name of a model, ignoring case and spaces for underscores.

    Raises:
        UsageError: unknown, or without an encoder.
    """
    plain = name.strip().replace(" ", "_").casefold()
    if plain not in NAMES:
        raise UsageError(f"no pretrained model {name!r}{nearest(plain, NAMES)}; sketchrnn pretrained list shows all")
    if vae and plain in DECODER_ONLY:
        raise UsageError(f"{plain}: this model has no encoder variant; omit --vae")
    return plain


def file_name(model: str, vae: bool = False) -> str:
    """Return a model's file name, with its encoder or decoder-only."""
    return f"{model}.{'vae' if vae else 'gen'}.json"


def url(model: str, vae: bool = False, large: bool = False, base_url: str = BASE_URL) -> str:
    """Return the URL of a model; large ones have 1024 units."""
    return f"{base_url.rstrip('/')}/{'large_models' if large else 'models'}/{quote(file_name(model, vae))}"


def checkpoint_name(model: str, vae: bool = False, large: bool = False) -> str:
    """Return the checkpoint name of a model variant."""
    return model + ("_vae" if vae else "") + ("_large" if large else "")


def download_of(name: str) -> str:
    """Return the command, after the program's name, that fetches the checkpoint of a name; empty where none does."""
    plain = name.strip().replace(" ", "_").casefold()
    for vae in (False, True):
        for large in (False, True):
            for model in NAMES if not vae else [each for each in NAMES if each not in DECODER_ONLY]:
                if plain == checkpoint_name(model, vae, large):
                    return f"pretrained download {model}{' --vae' if vae else ''}{' --large' if large else ''}"
    return ""


def present(checkpoint_dir: Path) -> set[str]:
    """Return the models of which any variant has been downloaded."""
    variants = [(vae, large) for vae in (False, True) for large in (False, True)]
    return {
        name
        for name in NAMES
        if any((checkpoint_dir / checkpoint_name(name, *variant)).is_dir() for variant in variants)
    }
