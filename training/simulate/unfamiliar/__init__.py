"""People and pictures that the release does not know: other styles, mediums and subjects."""
