"""Store images, and write sets, feedback, and what is left out."""
