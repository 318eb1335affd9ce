"""Runs tasks and keeps their results, knowing nothing of what the tasks compute."""

from bitsperfact.execution.cluster import Cluster, Needs, check_installed
from bitsperfact.execution.local import run_local
from bitsperfact.execution.ray_engine import run_ray
from bitsperfact.execution.store import ShardStore
from bitsperfact.execution.task import Bench, Opener, Task

__all__ = [
    "Bench",
    "Cluster",
    "Needs",
    "Opener",
    "ShardStore",
    "Task",
    "check_installed",
    "run_local",
    "run_ray",
]
