"""Read the files of other systems as our events, and write our events as their files."""
