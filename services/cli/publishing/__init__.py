"""Send events so that an interrupted command can be run again."""
