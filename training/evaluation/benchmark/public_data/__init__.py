"""Turn public data of people's choices and ratings into benchmark sets and training feedback."""
