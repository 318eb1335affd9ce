import doctest
import subprocess
import sys
from pathlib import Path

PAGE = Path(__file__).parents[2] / "docs" / "theory.md"


def test_the_page_shows_what_the_functions_print():
    found = doctest.testfile(str(PAGE), module_relative=False)
    assert found.attempted > 5
    assert found.failed == 0


def test_it_needs_numpy_and_scipy_alone():
    code = "import sys; from bitsperfact import theory; sys.exit(bool({'pandas', 'torch'} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0
