"""Launch the probe `strings` from a checkout: `python probes/strings.py --help`."""

from bitsperfact import console
from bitsperfact.probes.strings import app

if __name__ == "__main__":
    console.main(app)
