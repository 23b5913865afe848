"""The Quick, Draw! data set: its categories and their URLs."""

from urllib.parse import quote

from sketchrnn_cli.errors import UsageError
from sketchrnn_cli.hparams import nearest

BASE_URL = "https://storage.googleapis.com/quickdraw_dataset"
LICENSE = "CC BY 4.0, Google"

CATEGORIES: tuple[str, ...] = tuple(
    name.strip()
    for name in """
aircraft carrier, airplane, alarm clock, ambulance, angel, animal migration, ant, anvil, apple, arm,
asparagus, axe, backpack, banana, bandage, barn, baseball, baseball bat, basket, basketball, bat, bathtub,
beach, bear, beard, bed, bee, belt, bench, bicycle, binoculars, bird, birthday cake, blackberry, blueberry,
book, boomerang, bottlecap, bowtie, bracelet, brain, bread, bridge, broccoli, broom, bucket, bulldozer, bus,
bush, butterfly, cactus, cake, calculator, calendar, camel, camera, camouflage, campfire, candle, cannon,
canoe, car, carrot, castle, cat, ceiling fan, cell phone, cello, chair, chandelier, church, circle,
clarinet, clock, cloud, coffee cup, compass, computer, cookie, cooler, couch, cow, crab, crayon, crocodile,
crown, cruise ship, cup, diamond, dishwasher, diving board, dog, dolphin, donut, door, dragon, dresser,
drill, drums, duck, dumbbell, ear, elbow, elephant, envelope, eraser, eye, eyeglasses, face, fan, feather,
fence, finger, fire hydrant, fireplace, firetruck, fish, flamingo, flashlight, flip flops, floor lamp,
flower, flying saucer, foot, fork, frog, frying pan, garden, garden hose, giraffe, goatee, golf club,
grapes, grass, guitar, hamburger, hammer, hand, harp, hat, headphones, hedgehog, helicopter, helmet,
hexagon, hockey puck, hockey stick, horse, hospital, hot air balloon, hot dog, hot tub, hourglass, house,
house plant, hurricane, ice cream, jacket, jail, kangaroo, key, keyboard, knee, knife, ladder, lantern,
laptop, leaf, leg, light bulb, lighter, lighthouse, lightning, line, lion, lipstick, lobster, lollipop,
mailbox, map, marker, matches, megaphone, mermaid, microphone, microwave, monkey, moon, mosquito, motorbike,
mountain, mouse, moustache, mouth, mug, mushroom, nail, necklace, nose, ocean, octagon, octopus, onion,
oven, owl, paint can, paintbrush, palm tree, panda, pants, paper clip, parachute, parrot, passport, peanut,
pear, peas, pencil, penguin, piano, pickup truck, picture frame, pig, pillow, pineapple, pizza, pliers,
police car, pond, pool, popsicle, postcard, potato, power outlet, purse, rabbit, raccoon, radio, rain,
rainbow, rake, remote control, rhinoceros, rifle, river, roller coaster, rollerskates, sailboat, sandwich,
saw, saxophone, school bus, scissors, scorpion, screwdriver, sea turtle, see saw, shark, sheep, shoe,
shorts, shovel, sink, skateboard, skull, skyscraper, sleeping bag, smiley face, snail, snake, snorkel,
snowflake, snowman, soccer ball, sock, speedboat, spider, spoon, spreadsheet, square, squiggle, squirrel,
stairs, star, steak, stereo, stethoscope, stitches, stop sign, stove, strawberry, streetlight, string bean,
submarine, suitcase, sun, swan, sweater, swing set, sword, syringe, t-shirt, table, teapot, teddy-bear,
telephone, television, tennis racquet, tent, The Eiffel Tower, The Great Wall of China, The Mona Lisa,
tiger, toaster, toe, toilet, tooth, toothbrush, toothpaste, tornado, tractor, traffic light, train, tree,
triangle, trombone, truck, trumpet, umbrella, underwear, van, vase, violin, washing machine, watermelon,
waterslide, whale, wheel, windmill, wine bottle, wine glass, wristwatch, yoga, zebra, zigzag
""".replace("\n", " ").split(",")
)
"""Canonical names, with spaces and capitals."""


def is_category(name: str) -> bool:
    """Return whether a category exists, ignoring case and underscores for spaces."""
    return _key(name) in _BY_KEY


def category(name: str) -> str:
    """Return the canonical name of a category.

    Raises:
        UsageError: unknown; the message suggests the nearest.
    """
    try:
        return _BY_KEY[_key(name)]
    except KeyError:
        raise UsageError(
            f"Quick, Draw! has no category {name!r}{nearest(_key(name), CATEGORIES)}; sketchrnn dataset list shows all"
        ) from None


def file_name(category: str, full: bool = False) -> str:
    """Return the file name of a category's archive: 75,000 drawings, or with `full` all of them."""
    return f"{category}.full.npz" if full else f"{category}.npz"


def url(category: str, full: bool = False, base_url: str = BASE_URL) -> str:
    """Return the URL of a category's archive."""
    return f"{base_url.rstrip('/')}/sketchrnn/{quote(file_name(category, full))}"


def provenance(name: str) -> str:
    """Guess the provenance of an archive from its name."""
    return f"Quick, Draw! ({LICENSE}), going by its name" if is_category(name.removesuffix(".full")) else "unknown"


def _key(name: str) -> str:
    return name.strip().replace("_", " ").casefold()


_BY_KEY = {_key(name): name for name in CATEGORIES}
