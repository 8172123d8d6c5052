"""The command line: `send`, `check`, `emulate` and `demo`.

What `--help` needs is apart from what the commands do, which is imported when they run.
"""
