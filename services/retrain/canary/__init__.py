"""Compare a challenger that serves some users with the champion, and roll it back if needed."""
