"""The blind test from the command line: send a folder, and answer by a script."""
