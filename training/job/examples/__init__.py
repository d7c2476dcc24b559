"""Write the SFT examples and the GRPO cases, and learn the element weights."""
