"""Runs tasks and keeps their results, knowing nothing of what the tasks compute."""

from bitsperfact.execution.local import run_local
from bitsperfact.execution.store import ShardStore, Task

__all__ = ["ShardStore", "Task", "run_local"]
