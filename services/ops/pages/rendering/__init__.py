"""Rendering for all pages: templates, live streams, number formats, SVG shapes and forms."""
