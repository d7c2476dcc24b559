"""Open files of any size and split them into numbered rows; a broken row loses only itself."""
