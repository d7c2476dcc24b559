"""SVG plots and the page layout that all training reports share."""
