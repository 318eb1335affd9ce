"""Probes and scripts as modules: they lie outside the package, so tests load them from their files."""

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

CHECKOUT = Path(__file__).parents[1]


def load_script(path: str) -> ModuleType:
    """The script at a path below the checkout, such as `probes/pretrained.py`."""
    name = path.replace("/", "_").removesuffix(".py")
    spec = importlib.util.spec_from_file_location(name, CHECKOUT / path)
    module = importlib.util.module_from_spec(spec)
    folder = str((CHECKOUT / path).parent)
    if folder not in sys.path:
        sys.path.append(folder)  # a script finds its neighbours, as it does when it is run
    sys.modules[name] = module  # a dataclass looks its own module up
    folder = str((CHECKOUT / path).parent)
    sys.path.insert(0, folder)  # as where it is run: scripts import their neighbours
    try:
        spec.loader.exec_module(module)
    finally:
        sys.path.remove(folder)
    return module
