"""Test the files of `infra` without external tools: dashboards, images, pages, layout."""
