"""Requests on disk, in the shards that tasks are made of: sorted beyond what memory holds, read one at a time."""

import heapq
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import groupby, islice
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bitsperfact.scoring.requests import Request

#: Requests that are sorted in memory; more are sorted in so many at a time, and merged.
SORTED_AT_ONCE = 1 << 17
_ROWS_TO_MERGE = 1 << 10

#: A request and its place among those given.
Numbered = tuple[str, str, int]


@dataclass(frozen=True, eq=False)
class Shards:
    """Shards in a file; `sizes`, shape (n_shards,), says how many requests each has."""

    path: Path
    sizes: NDArray[np.int64]

    def read(self, at: int) -> tuple[Request, ...]:
        """Return the requests of one shard."""
        return tuple(map(Request, *(column.to_pylist() for column in self._reader.get_batch(at).columns)))

    def __len__(self) -> int:
        return len(self.sizes)

    @cached_property
    def _reader(self) -> Any:
        import pyarrow as pa

        # Read, not mapped: pages of a mapped file would count as this process's memory.
        return pa.ipc.open_file(pa.OSFile(str(self.path)))


@dataclass(frozen=True, eq=False)
class ShardedRequests:
    """The distinct requests of one need in `shards`, and `slots`, the place of each one given among them."""

    shards: Shards
    slots: NDArray[np.uint32]


def sorted_shards(given: Iterable[Request], n_given: int, most: int, path: Path) -> ShardedRequests:
    """Write distinct requests, sorted, to `path`, in shards of at most `most` that cut no context."""
    slots = np.empty(n_given, dtype=np.uint32)
    ordered = _distinct(_ordered(given, path), slots)
    return ShardedRequests(write_shards(shards_of(ordered, most), path), slots)


def write_shards(shards: Iterable[Sequence[Request]], path: Path) -> Shards:
    """Write shards as they come."""
    import pyarrow as pa

    schema = pa.schema([("context", pa.string()), ("continuation", pa.string())])
    path.parent.mkdir(parents=True, exist_ok=True)
    sizes = []
    with pa.OSFile(str(path), "wb") as sink, pa.ipc.new_file(sink, schema) as writer:
        for shard in shards:
            writer.write_batch(
                pa.record_batch([[r.context for r in shard], [r.continuation for r in shard]], schema)
            )
            sizes.append(len(shard))
    return Shards(path, np.array(sizes, dtype=np.int64))


def shards_of(distinct: Iterable[Request], most: int) -> Iterator[list[Request]]:
    """Yield sorted requests in shards of at most `most` that cut no context; a longer one has its own."""
    shard: list[Request] = []
    for _, group in groupby(distinct, key=lambda request: request.context):
        for run in runs_of(group, most):
            if shard and len(shard) + len(run) > most:
                yield shard
                shard = []
            shard += run
    if shard:
        yield shard


def runs_of(requests: Iterable[Request], most: int) -> Iterator[list[Request]]:
    """Yield requests in their order, at most `most` at a time."""
    left = iter(requests)
    while run := list(islice(left, most)):
        yield run


def _distinct(ordered: Iterable[Numbered], slots: NDArray[np.uint32]) -> Iterator[Request]:
    """Each request once, noting in `slots` where it stands."""
    last, count = None, 0
    for context, continuation, place in ordered:
        request = Request(context, continuation)
        if request != last:
            yield request
            last, count = request, count + 1
        slots[place] = count - 1


def _ordered(given: Iterable[Request], path: Path) -> Iterator[Numbered]:
    """Sorted requests; what exceeds `SORTED_AT_ONCE` waits in files beside `path` until it is merged."""
    numbered = ((context, continuation, place) for place, (context, continuation) in enumerate(given))
    waiting: list[Path] = []
    chunk = sorted(islice(numbered, SORTED_AT_ONCE))
    while len(chunk) == SORTED_AT_ONCE:
        waiting.append(_written(chunk, path.with_name(f"{path.name}.{len(waiting)}")))
        chunk = sorted(islice(numbered, SORTED_AT_ONCE))
    yield from heapq.merge(*map(_read_back, waiting), chunk)
    for each in waiting:
        each.unlink()


def _written(chunk: list[Numbered], path: Path) -> Path:
    import pyarrow as pa

    schema = pa.schema([("context", pa.string()), ("continuation", pa.string()), ("place", pa.int64())])
    path.parent.mkdir(parents=True, exist_ok=True)
    with pa.OSFile(str(path), "wb") as sink, pa.ipc.new_file(sink, schema) as writer:
        for start in range(0, len(chunk), _ROWS_TO_MERGE):
            columns = map(list, zip(*chunk[start : start + _ROWS_TO_MERGE], strict=True))
            writer.write_batch(pa.record_batch(list(columns), schema))
    return path


def _read_back(path: Path) -> Iterator[Numbered]:
    import pyarrow as pa

    with pa.OSFile(str(path)) as source:
        reader = pa.ipc.open_file(source)
        for at in range(reader.num_record_batches):
            yield from zip(*(column.to_pylist() for column in reader.get_batch(at).columns), strict=True)
