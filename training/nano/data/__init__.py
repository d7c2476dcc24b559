"""The images, rows and batches that nano is trained on."""
