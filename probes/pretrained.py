"""Launch the probe `pretrained` from a checkout: `python probes/pretrained.py --help`."""

from bitsperfact import console
from bitsperfact.probes.pretrained import app

if __name__ == "__main__":
    console.main(app)
