"""Words that the references of many users share."""
