"""Train the classifier with which nano recognizes drawings and the medium of real pictures."""
