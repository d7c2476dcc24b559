"""Turn feedback on served feeds into weighted training pairs, with a report on the data."""
