"""Where tasks can run, one file each: this machine, or a Ray cluster."""
