"""Compare a challenger with the champion, and decide: promote or keep, with the reasons."""
