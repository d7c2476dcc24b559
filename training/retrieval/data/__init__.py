"""Catalogs and users of the comparison, indexed and scored once and kept in files."""
