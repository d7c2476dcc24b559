"""Keep model versions, and promote, try out or roll back one of them."""
