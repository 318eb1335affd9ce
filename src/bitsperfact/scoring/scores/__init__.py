"""The scores, one file each with a `SCORE`; the file's name is the score's, and no list repeats it."""
