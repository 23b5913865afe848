"""The devices of a training on JAX, of one host or several: batches are cut along their sketches, weights replicated.

Until `use` is called with more than one device there is no mesh, and nothing here is used. With one, an array that
comes first with its sketches lies in equal parts on the devices (`spread`), every other whole on each (`replicated`).
Random numbers are drawn for the whole batch and cut afterwards: threefry gives the same bits however they are spread.
"""

import os
from collections.abc import Callable
from typing import Any

import jax
import numpy as np
from jax.experimental import multihost_utils
from jax.sharding import Mesh, NamedSharding, PartitionSpec

from sketchrnn_cli.errors import TrainingError
from sketchrnn_cli.model.kernels.steps import Dropout

Array = Any
AXIS = "sketches"
MEETING_SECONDS = 300
"""For which a host waits for the others to begin."""
SILENT_SECONDS = 30
"""After which a host that gives no sign counts as gone."""
_current: Mesh | None = None
_hosts = 1


def join(coordinator: str, count: int, own: int) -> None:
    """Meet the other hosts, before anything is computed.

    Args:
        coordinator: HOST:PORT of the first host; empty for what SLURM says, and so the rest.
        count: how many hosts there are.
        own: the number of this one.

    Raises:
        TrainingError: they do not meet within `MEETING_SECONDS`.
    """
    global _hosts
    seconds = {"initialization_timeout": MEETING_SECONDS, "heartbeat_timeout_seconds": SILENT_SECONDS}
    try:
        if coordinator:
            jax.distributed.initialize(coordinator, count, own, cluster_detection_method="deactivate", **seconds)
        else:
            # A process that is shown one GPU alone counts it as its first, whatever SLURM's local number is.
            alone = os.environ.get("CUDA_VISIBLE_DEVICES", ",").count(",") == 0
            jax.distributed.initialize(local_device_ids=[0] if alone else None, **seconds)
    except (RuntimeError, ValueError) as error:
        line = (str(error).splitlines() or ["no message"])[0][:200]
        raise TrainingError(f"the hosts did not meet at {coordinator or 'the address of SLURM'}: {line}") from error
    _hosts = jax.process_count()


def hosts() -> int:
    """Return how many hosts train together."""
    return _hosts


def leads() -> bool:
    """Return whether this host is the one that saves, logs and shows."""
    return _hosts == 1 or jax.process_index() == 0


def any_host(flag: bool) -> bool:
    """Return whether a flag is set on any host; all of them ask at the same step."""
    return bool(multihost_utils.process_allgather(np.array(flag)).any())


def use(count: int) -> None:
    """Train on `count` of the devices from now on, the first ones; 1 means without a mesh."""
    global _current
    devices = sorted(jax.devices(), key=lambda device: (device.process_index, device.id))[:count]
    _current = Mesh(np.array(devices), (AXIS,)) if len(devices) > 1 else None
    jax.config.update("jax_threefry_partitionable", True)


def available() -> int:
    """Return how many devices there are, on every host."""
    return len(jax.devices())


def current() -> Mesh | None:
    """Return the mesh; None with one device."""
    return _current


def size() -> int:
    """Return the number of devices."""
    return 1 if _current is None else _current.size


def sharding(*axes: str | None) -> NamedSharding:
    """Return how an array lies whose axes are cut where `AXIS` stands."""
    if _current is None:
        raise ValueError("one device needs no sharding")
    return NamedSharding(_current, PartitionSpec(*axes))


def share(rows: int) -> slice:
    """Return which of the rows of a batch lie on this host's devices."""
    if _current is None:
        return slice(0, rows)
    each = rows // _current.size
    own = [place for place, device in enumerate(_current.devices) if device.process_index == jax.process_index()]
    return slice(each * own[0], each * (own[-1] + 1))


def spread(rows: np.ndarray, axis: int = 0) -> Array:
    """Return a batch's array cut over the devices along `axis`, of this host's `share` of it."""
    return jax.make_array_from_process_local_data(sharding(*[None] * axis, AXIS), rows)


def replicated(array: np.ndarray) -> Array:
    """Return an array that lies whole on every device."""
    array = np.asarray(array)
    return jax.make_array_from_process_local_data(sharding(), array, array.shape)


def placed(array: np.ndarray) -> Array:
    """Return a part of a batch where it belongs: its scalars replicated, everything else spread."""
    return spread(array) if np.ndim(array) else replicated(array)


def local(array: Array) -> Array:
    """Return a replicated array as this host's first device has it."""
    return array.addressable_data(0)


def example(array: Any) -> jax.ShapeDtypeStruct:
    """Return shape, type and place of an argument; one that is not placed yet is replicated."""
    where = array.sharding if isinstance(array, jax.Array) else sharding()
    return jax.ShapeDtypeStruct(np.shape(array), array.dtype, sharding=where)


def over_sketches(lstm: Callable) -> Callable:
    """Return an `lstm` (see `on_jax.lstm`) that runs on each device with that device's sketches alone."""
    whole, second, third = (PartitionSpec(*axes) for axes in ((), (None, AXIS), (None, None, AXIS)))

    def run(
        rows: Array,
        constant: Array,
        kernel: Array,
        recurrent: Array,
        h: Array,
        c: Array,
        dropout: Dropout | None,
        products: str,
    ) -> Array:
        def on_one(*arrays: Array) -> Array:
            kept = None if dropout is None else Dropout(arrays[6], dropout.keep)
            return lstm(*arrays[:6], kept, products)

        arrays = [rows, constant, kernel, recurrent, h, c, *([] if dropout is None else [dropout.kept])]
        specs = (third, second, whole, whole, second, second, third)[: len(arrays)]
        # What varies from device to device cannot be followed through the persistent kernels: check_vma off.
        return jax.shard_map(on_one, mesh=_current, in_specs=specs, out_specs=third, check_vma=False)(*arrays)

    return run
