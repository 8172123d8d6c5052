"""What is done when a process forks."""

import os

import pytest

from klaviyo_bulk_events import forks


class Part:
    """Something with a hook."""

    def __init__(self, *, fails: bool = False) -> None:
        self.fails = fails
        self.is_renewed = False

    def renew(self) -> None:
        if self.fails:
            raise OSError("it can't be renewed")
        self.is_renewed = True


@pytest.mark.skipif(not hasattr(os, "fork"), reason="nothing is forked here")
@pytest.mark.filterwarnings("ignore:This process:DeprecationWarning")
def test_one_that_fails_does_not_keep_the_others_from_it() -> None:
    """Each part of a child is renewed, whatever is wrong with another's."""
    broken, whole = Part(fails=True), Part()
    forks.in_child(broken.renew)
    forks.in_child(whole.renew)
    child = os.fork()
    if child == 0:
        os._exit(0 if whole.is_renewed else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert not whole.is_renewed
