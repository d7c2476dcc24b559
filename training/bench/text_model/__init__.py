"""Ask a small language model in the general prompt style, with pictures in words."""
