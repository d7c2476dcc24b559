"""What images show: the sixth element of a profile, its words, and its corrections."""
