"""The console: pages in Portuguese for the people of a clinic who have no terminal.

``access`` says who may see and do what; ``sight`` has the database hold that; ``actions`` does
once what a person asked for; ``pages`` has a file for each page; ``site`` puts them together.
"""

HOST = "127.0.0.1"
PORT = 8780
"""Where it answers unless somebody says otherwise."""
