"""Name what images show: broad words from the classes of an image encoder, where they are sure."""
