"""Choose the images of a feed and their order from their scores."""
