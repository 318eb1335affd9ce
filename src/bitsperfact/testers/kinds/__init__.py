"""Kinds of testers: one file each, with a `TESTER` that says how one is made."""
