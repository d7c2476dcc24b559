"""Continue a feed page by page: no image comes twice, and none is missed."""
