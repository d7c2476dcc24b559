"""Compare how a shortlist is found in the catalog, and fit the weights of its queries."""
