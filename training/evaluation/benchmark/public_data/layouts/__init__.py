"""Read each public data set in the layout of its release."""
