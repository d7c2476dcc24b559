"""Write simulated images to files, for demos and for inspection."""
