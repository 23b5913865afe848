"""The devices of a run: requested, available, and whether they divide its batches."""

from sketchrnn_cli.backend import ALL, Hosts
from sketchrnn_cli.errors import TrainingError, UsageError
from sketchrnn_cli.model import kernels


def join(hosts: Hosts | None) -> None:
    """Connect to the other hosts, before anything is computed.

    Raises:
        TrainingError: the connection fails.
    """
    if hosts is not None:
        from sketchrnn_cli.model.kernels import mesh
        from sketchrnn_cli.training.survivors import report_lost_hosts

        report_lost_hosts()
        mesh.join(*hosts)


def leads() -> bool:
    """Return whether this process saves, logs and displays: the first of several hosts, or the only one."""
    several = kernels.several()
    return several is None or bool(several.leads())


def use(asked: str | None, recorded: int = 1) -> int:
    """Select the devices to train on; return their number, over all hosts.

    Args:
        asked: from `backend.check_devices`: a number, `ALL`, or None for as many as the run records, if available.
        recorded: the devices of the run to resume.

    Raises:
        TrainingError: fewer are available.
        UsageError: with several hosts, not all devices are used.
    """
    if kernels.engine().mesh is None:
        return 1
    from sketchrnn_cli.model.kernels import mesh

    there = mesh.available()
    if mesh.hosts() > 1 and asked not in (None, ALL, str(there)):
        raise UsageError(f"--devices {asked}: {mesh.hosts()} hosts train on all their devices, {there} together")
    wanted = there if asked == ALL or mesh.hosts() > 1 else min(recorded, there) if asked is None else int(asked)
    if wanted > there:
        raise TrainingError(f"--devices {asked}: JAX sees {there}; --devices {ALL} takes what is there")
    mesh.use(wanted)
    return wanted


def check_batch(rows: int, batch_size: int, devices: int) -> None:
    """Refuse a batch size that is not a multiple of the number of devices.

    Args:
        rows: sketches per batch: `batch_size`, or the whole set if that is smaller.
        batch_size: as requested.
        devices: number of devices.

    Raises:
        UsageError: with the nearest batch sizes and number of devices that fit.
    """
    if rows % devices == 0:
        return
    below = rows // devices * devices
    sizes = [size for size in (below, below + devices) if size and (size < rows or rows == batch_size)]
    fewer = max(count for count in range(1, devices) if rows % count == 0)
    what = f"--batch-size {rows}" if rows == batch_size else f"{rows} sketches, less than a batch"
    fits = f"; --batch-size {' or '.join(map(str, sizes))} is the nearest that they do" if sizes else ""
    raise UsageError(f"{what}: {devices} devices do not divide it{fits}; {fewer} of them (--devices {fewer}) do")
