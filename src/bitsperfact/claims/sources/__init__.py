"""Kinds of claim sets, one module each: its `KIND` says what a recipe may set, and reads the facts."""
