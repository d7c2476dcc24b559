"""Measure the queries of the catalog: time, memory and recall, and of faiss and LanceDB as well."""
