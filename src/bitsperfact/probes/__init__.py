"""Probes: one file for each question that is put to models, with the `app` that its command runs."""
