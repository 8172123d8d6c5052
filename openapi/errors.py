"""The one error of the pipeline."""


class GenerationError(Exception):
    """The spec can't become a client; what stands in the checkout was left as it was."""
