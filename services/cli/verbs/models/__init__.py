"""Commands for models: check, measure, train, promote."""
