"""One module per kind of source; each has `read(recipe) -> Facts`, or `rows(recipe)` for ready statements."""
