"""Read real pictures: measured words, the medium by a classifier, and scores from these words."""
