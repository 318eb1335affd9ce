"""Let `python -m bitsperfact` be the `bitsperfact` command."""

from bitsperfact.cli import main

if __name__ == "__main__":
    main()
