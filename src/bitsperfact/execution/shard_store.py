"""Results of tasks as files: one parquet file per task, named by the task's key, whole or absent."""

from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from bitsperfact.errors import BadInput
from bitsperfact.files import atomic_file


@dataclass(frozen=True)
class ShardStore:
    """A folder of finished tasks."""

    folder: Path

    def path(self, key: str) -> Path:
        """Return where the result of a task lies once it is finished."""
        return self.folder / f"{key}.parquet"

    def has(self, key: str) -> bool:
        """Return whether a task is finished. Files appear whole, so one that is there can be read."""
        return self.path(key).is_file()

    def read(self, key: str) -> pd.DataFrame:
        """Return a finished task's table; raise BadInput where something damaged the file since."""
        path = self.path(key)
        try:
            return pd.read_parquet(path)
        except (OSError, ValueError) as error:
            raise BadInput(path, "a finished shard (delete the file to compute it again)", error) from None

    def write(self, key: str, table: pd.DataFrame) -> None:
        """Store a task's table, atomically. Of several that write one key, any order leaves one whole file."""
        with atomic_file(self.path(key)) as partial:
            table.to_parquet(partial, index=False)
