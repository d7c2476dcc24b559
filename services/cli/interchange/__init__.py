"""Run imports and exports: counts, refused lines, the place at which an import resumes."""
