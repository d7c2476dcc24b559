"""Load images from the web, S3, files and data URLs, within limits and safely."""
