"""Which module imports which: what the contracts of import-linter cannot say."""

import grimp
import numpy as np
from scipy.sparse.csgraph import connected_components


def circles(graph):
    """Sets of modules each of which imports, directly or not, every other."""
    modules = sorted(graph.modules)
    place = {name: at for at, name in enumerate(modules)}
    imports = np.zeros((len(modules), len(modules)), dtype=bool)
    for name in modules:
        imports[place[name], [place[other] for other in graph.find_modules_directly_imported_by(name)]] = True
    number = connected_components(imports, connection="strong")[1]
    found = [{modules[at] for at in np.flatnonzero(number == each)} for each in range(number.max() + 1)]
    return [each for each in found if len(each) > 1]


def test_no_modules_import_each_other_in_a_circle():
    graph = grimp.build_graph("bitsperfact", exclude_type_checking_imports=True, cache_dir=None)
    assert [sorted(each) for each in circles(graph)] == []


def test_a_circle_is_found():
    graph = grimp.ImportGraph()
    for importer, imported in (("a", "b"), ("b", "c"), ("c", "a"), ("d", "a")):
        graph.add_import(importer=importer, imported=imported)
    assert circles(graph) == [{"a", "b", "c"}]
