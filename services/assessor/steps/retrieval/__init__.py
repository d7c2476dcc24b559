"""Find the images of a request in the catalog: queries by taste and likes, fused to a shortlist."""
