"""Know what the users of a tenant like: feedback counted in memory, for users hardly known."""
