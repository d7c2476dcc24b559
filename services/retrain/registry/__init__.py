"""Keep model versions, and promote a version, try it out, or roll it back."""
