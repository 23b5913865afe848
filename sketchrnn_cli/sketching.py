"""Draw and encode in data units, with a checkpoint's scale."""

import functools
from collections.abc import Sequence

import numpy as np

from sketchrnn_cli import latent
from sketchrnn_cli.errors import CheckpointError, UsageError
from sketchrnn_cli.model import aggregate, choosing, guessing, readout, words
from sketchrnn_cli.model.aggregate import Aggregate
from sketchrnn_cli.model.inference import Drawer, Noise
from sketchrnn_cli.model.sampling import DEFAULT, Sampling, Way, ways
from sketchrnn_cli.store import names
from sketchrnn_cli.store.checkpoint import Checkpoint

MAX_POINTS = 5_000_000
"""Of all sketches per call: half a gigabyte of random numbers and strokes."""
MAX_ATTEMPTS = 3
"""Times a sketch is drawn until it ends."""
CANDIDATE_STRIDE = 1 << 20
"""Difference in stream number between candidates for the same sketch."""
COPY_PENALTY = 1e6
"""Taken off a candidate's score where it is near a training drawing, so that any other is better that has ended."""


class Sketcher:
    """A checkpoint ready to draw and to encode, in data units."""

    def __init__(self, checkpoint: Checkpoint) -> None:
        """Prepare the drawing engine."""
        self.checkpoint = checkpoint
        self.hparams = checkpoint.hparams
        self.scale = checkpoint.sidecar.units_per_model_unit
        self._drawer = Drawer(checkpoint.hparams, checkpoint.weights)

    def random_latents(self, count: int, seed: int) -> np.ndarray | None:
        """Return z `[count, z_size]` from N(0, I), z i from the stream of (seed, i); None for a decoder-only model."""
        if not self.hparams.conditional:
            return None
        streams = [np.random.default_rng([seed, i, 0]) for i in range(count)]
        return np.stack([rng.standard_normal(self.hparams.z_size) for rng in streams]).astype(np.float32)

    def new_latents(self, count: int, seed: int) -> np.ndarray | None:
        """Return z `[count, z_size]` for new sketches: from the aggregate posterior where there is one, else N(0, I).

        z i is from the stream of (seed, i); None for a decoder-only model.
        """
        if (latents := self._latents) is None:
            return self.random_latents(count, seed)
        return np.stack([latents.draw(np.random.default_rng([seed, i, 0])) for i in range(count)])

    @functools.cached_property
    def _latents(self) -> Aggregate | None:
        """The aggregate posterior: the checkpoint's, or for a VAE tuned on few drawings theirs, while they are here."""
        if self.checkpoint.latents or not (self.hparams.conditional and self.checkpoint.sidecar.base):
            return self.checkpoint.latents
        from sketchrnn_cli import copies

        taught = copies.training_drawings(self.checkpoint.folder, self.hparams.max_seq_len)
        return aggregate.fit(*self.encode(taught), np.zeros(len(taught), int)) if taught else None

    def sample(
        self,
        count: int,
        seed: int,
        sampling: Way | None = None,
        max_points: int | None = None,
        labels: np.ndarray | None = None,
        best_of: int = 1,
    ) -> list[np.ndarray]:
        """Draw new sketches in data units, by default with the model's recommended sampling; see `draw`.

        With `best_of` N, each is the one of N candidates that is classified as its word most confidently, or of a model
        of few drawings the one most unlike its base (see `choosing`) that is near none of them.

        Raises:
            UsageError: as `draw`, or `best_of` without a word where there is no base either.
        """
        way = self.sampling if sampling is None else sampling
        z = self.new_latents(count, seed)
        if best_of == 1:
            return self.draw(z, count, way, seed, max_points, labels=labels)
        from sketchrnn_cli import copies  # It reads data sets, which drawing else does not.

        labels = np.zeros(count, dtype=np.int32) if labels is None else labels
        if self._base is None and not (self.hparams.num_classes and labels.all()):
            raise UsageError("the best of several is chosen by the word; name one (--class, in Python word=)")
        streams = [i + k * CANDIDATE_STRIDE for i in range(count) for k in range(best_of)]
        each = [one for one in ways(way, count) for _ in range(best_of)]
        many_z, many = None if z is None else z.repeat(best_of, axis=0), labels.repeat(best_of)
        points = max_points or self.hparams.max_seq_len
        drawn = self.draw(many_z, count * best_of, each, seed, points, streams, labels=many)
        models = [self._to_model(sketch) for sketch in drawn]
        score = choosing.score(self._drawer, self._base, models, many_z, many, points)
        if (near := copies.near_training(self.checkpoint.folder, drawn)) is not None:
            score[near] -= COPY_PENALTY
        best = score.reshape(count, best_of).argmax(axis=1)
        return [drawn[i * best_of + k] for i, k in enumerate(best)]

    @functools.cached_property
    def _base(self) -> Drawer | None:
        """The model that this one began as, where it is here and neither draws from z."""
        found = None if self.hparams.conditional else names.base_of(self.checkpoint)
        return None if found is None or found.hparams.conditional else Drawer(found.hparams, found.weights)

    @property
    def sampling(self) -> Sampling:
        """The recommended sampling: the sidecar's, else the default."""
        return self.checkpoint.sidecar.sampling or DEFAULT

    def check_size(self, count: int, max_points: int | None = None) -> None:
        """Refuse more than memory holds.

        Raises:
            UsageError: too many sketches of so many points.
        """
        points = max_points or self.hparams.max_seq_len
        if count * points > MAX_POINTS:
            raise UsageError(f"{count} sketches of up to {points} points: more than {MAX_POINTS} at once; draw fewer")

    def encode(self, sketches: Sequence[np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
        """Return μ and σ, each `[batch, z_size]`, of stroke-3 sketches in data units.

        Raises:
            CheckpointError: the model has no encoder.
            UsageError: a sketch is longer than the model's N_max.
        """
        if not self.hparams.conditional:
            raise CheckpointError(
                f"{names.title(self.checkpoint.folder)}: a decoder-only model cannot encode drawings; "
                "use one with an encoder, such as cat or doodle_cat"
            )
        longest = max(len(sketch) for sketch in sketches)
        if longest > self.hparams.max_seq_len:
            raise UsageError(f"a drawing of {longest} points; this model reads at most {self.hparams.max_seq_len}")
        return self._drawer.encode([self._to_model(sketch) for sketch in sketches])

    def draw(
        self,
        z: np.ndarray | None,
        count: int,
        sampling: Way,
        seed: int,
        max_points: int | None = None,
        streams: Sequence[int] | None = None,
        given: np.ndarray | None = None,
        scales: np.ndarray | None = None,
        labels: np.ndarray | None = None,
    ) -> list[np.ndarray]:
        """Draw sketches in data units.

        Args:
            z: latent vectors `[count, z_size]`, or None for a decoder-only model.
            count: the number of sketches.
            sampling: one for all or one for each; a number is a temperature τ. With `redraws`, a sketch that does not
                end within `max_points` is drawn again, up to `MAX_ATTEMPTS` times, each from a stream of its own.
            seed: sketch i draws from the stream of (seed, i).
            max_points: maximum points; by default the model's N_max.
            streams: `[count]`, stream numbers instead of i; if equal, sketches differ by z and τ only.
            given: a prefix in data units that all sketches continue unchanged.
            scales: `[count]`, factors by which the prefix is enlarged for the model, and the continuation reduced; no
                sketch then ends right after the prefix.
            labels: from `rows` or `words.between`; None for "any".

        Raises:
            UsageError: an invalid temperature, z of another shape, or a prefix that leaves no point to draw.
        """
        how = ways(sampling, count)
        if z is not None and z.shape != (count, self.hparams.z_size):
            raise UsageError(f"z of shape {list(z.shape)}; this model needs [{count}, {self.hparams.z_size}]")
        points = max_points or self.hparams.max_seq_len
        self.check_size(count, points)
        if given is not None and len(given) >= points:
            raise UsageError(f"a prefix of {len(given)} points leaves nothing to draw: {points} points at most")
        numbers, factors = list(streams or range(count)), np.ones(count) if scales is None else scales
        forced = None if given is None else np.stack([_scaled(self._to_model(given), factor) for factor in factors])
        drawn: list[np.ndarray] = [np.zeros((points, 3), np.float32)] * count
        for attempt in range(MAX_ATTEMPTS):
            some = [i for i in range(count) if not attempt or (how[i].redraws and len(drawn[i]) == points)]
            if not some:
                break
            keys = [[seed, numbers[i], 1, attempt] if attempt else [seed, numbers[i], 1] for i in some]
            again = self._drawer.draw(
                None if z is None else z[some],
                [Noise.draw(np.random.default_rng(key), points) for key in keys],
                [how[i] for i in some],
                points,
                None if forced is None else forced[some],
                scales is not None,
                None if labels is None else np.asarray(labels)[some],
            )
            for i, sketch in zip(some, again, strict=True):
                drawn[i] = sketch
        sketches = [_scaled(self._to_data(sketch), 1 / factor) for sketch, factor in zip(drawn, factors, strict=True)]
        if given is not None:  # Undo the rounding of the conversion to model units and back.
            for sketch in sketches:
                sketch[: len(given), :2] = given[:, :2]
        return sketches

    def interpolate(
        self,
        z: np.ndarray,
        steps: int,
        way: latent.Interpolation = "slerp",
        temperature: float = 0.1,
        seed: int = 0,
        max_points: int | None = None,
        labels: Sequence[int] | np.ndarray = (),
    ) -> list[np.ndarray]:
        """Draw a path between two latent vectors, or the field between four row by row, all from one random stream.

        Args:
            z: `[2, z_size]`, or `[4, z_size]`: top left, top right, bottom left, bottom right.
            steps: sketches from end to end, both included; a field has `steps` × `steps`.
            way: along the great arc (slerp), or straight (lerp).
            temperature: τ; the rest is as for `draw`.
            seed: of the random draws.
            max_points: maximum points.
            labels: from `rows`; mixed from the first to the last along the row, or from left to right of the field.
        """
        is_row = len(z) == 2
        path = latent.between(z[0], z[1], steps, way) if is_row else np.concatenate(latent.field(z, steps, steps, way))
        mixed = None
        if len(labels):
            walk = words.between(labels[0], labels[-1], steps, self.hparams.num_classes + 1)
            mixed = np.tile(walk, (len(path) // steps, 1))
        return self.draw(path, len(path), temperature, seed, max_points, [0] * len(path), labels=mixed)

    def complete(
        self,
        given: np.ndarray,
        count: int,
        temperature: float,
        seed: int,
        as_is: bool = False,
        known_size: bool = False,
        label: int = 0,
    ) -> list[np.ndarray]:
        """Complete a prefix in data units: `count` sketches that all start with its points.

        Args:
            given: the prefix, stroke-3.
            count: the number of sketches.
            temperature: τ.
            seed: sketch i draws from the stream of (seed, i).
            as_is: encode the prefix as a complete drawing, which may end at once, instead of inferring its size and z
                (see `guessing`).
            known_size: infer z only.
            label: label row of its word; 0 for "any".

        Raises:
            UsageError: an invalid temperature, or a prefix that leaves no point to draw.
        """
        labels = np.full(count, label, dtype=np.int32)
        if as_is or len(given) >= self.hparams.max_seq_len:
            z = self.encode([given])[0].repeat(count, axis=0) if self.hparams.conditional else None
            return self.draw(z, count, temperature, seed, given=given, labels=labels)
        scales = (1.0,) if known_size else guessing.SCALES
        found = guessing.guess(self._drawer, self._to_model(given), count, seed, scales, label)
        return self.draw(found.z, count, temperature, seed, given=given, scales=found.scales, labels=labels)

    def rows(self, asked: Sequence[str]) -> np.ndarray:
        """Return the label rows of words as typed by a user, int32 `[words]`.

        Raises:
            UsageError: the model does not know one.
        """
        return words.rows(asked, self.checkpoint.sidecar.words, names.title(self.checkpoint.folder))

    def classify(self, sketches: Sequence[np.ndarray], count: int) -> list[list[tuple[str, float]]]:
        """Return the `count` most likely words of each sketch, with p(word | drawing).

        Raises:
            UsageError: the model knows no words, or a sketch is longer than its N_max.
        """
        known = words.known(self.checkpoint.sidecar.words, names.title(self.checkpoint.folder))
        if (longest := max(len(sketch) for sketch in sketches)) > self.hparams.max_seq_len:
            raise UsageError(f"a drawing of {longest} points; this model reads at most {self.hparams.max_seq_len}")
        given = [self._to_model(sketch) for sketch in sketches]
        codes = self._drawer.encode(given)[0] if self.hparams.conditional else None
        candidates = readout.every_word(len(given), len(known))
        if fitted := self.checkpoint.readout:
            candidates = fitted.candidates(self._drawer.pooled(codes, given), count)
        likelihoods = self._drawer.log_likelihoods_by_word(codes, given, (candidates.words + 1).astype(np.int32))
        shares = words.posterior(candidates.scores(likelihoods))
        return [
            words.likeliest(share, [known[index] for index in chosen], count)
            for share, chosen in zip(shares, candidates.words, strict=True)
        ]

    def _to_model(self, sketch: np.ndarray) -> np.ndarray:
        return np.concatenate([sketch[:, :2] / np.float32(self.scale), sketch[:, 2:]], axis=1)

    def _to_data(self, sketch: np.ndarray) -> np.ndarray:
        return np.concatenate([sketch[:, :2] * np.float32(self.scale), sketch[:, 2:]], axis=1)


def _scaled(sketch: np.ndarray, factor: float) -> np.ndarray:
    return sketch * np.array([factor, factor, 1.0], dtype=np.float32)
