"""Find the files and folders that commands read and write."""
