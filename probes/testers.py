"""Launch the probe `testers` from a checkout: `python probes/testers.py --help`."""

from bitsperfact import console
from bitsperfact.probes.testers import app

if __name__ == "__main__":
    console.main(app)
