"""Let what the tenant's users like count in the feed of a user with few references or none."""
