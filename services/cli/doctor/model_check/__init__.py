"""Check one model: does it answer every task, does it see, is it consistent, how fast is it?"""
