"""The one exception that means "the user can fix this"."""


class UserError(ValueError):
    """Bad input from outside: a config key, a dataset name, a file.

    The message is one line that names the thing, the value and the way out; the command line prints it
    without a traceback and exits with 2.
    """
