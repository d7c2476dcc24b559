"""Compare champion and challenger on feedback pairs and on the frozen benchmark."""
