"""Golden prompts: the exact bytes that the shipped model was trained on."""
