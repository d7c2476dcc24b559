"""Profile service: learns a user's taste from feedback and publishes it as words."""
