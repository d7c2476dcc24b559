"""The statistics of drift detection: which words explain the references best, and how surely."""
