"""The command line: every command in a module of its own, over a library that can be used without it."""
