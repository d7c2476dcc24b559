"""Images as values: catalog entries, the filter over them, and the alpha channel of a picture."""
