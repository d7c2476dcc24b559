"""Check that the evidence of a feed is faithful: without its references, scores move as claimed."""
