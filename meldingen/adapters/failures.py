"""The only two ways in which a call to the outside may fail, for every adapter alike, and two finer words within them.

Not for mistakes of a caller (`domain.errors`) and not for bugs: those keep their own exception. The text of a
failure is read by operators and stored as the reason of a parked row: never a name, an address or a secret.
"""

import errno


class TemporaryFailure(Exception):
    """It did not work now and may work later: a time-out, a full disk, a refused connection, a setting.

    retry_after_s: how long the other side asks us to wait, for everything that goes there; None when it did not say.
    """

    def __init__(self, *words: object, retry_after_s: float | None = None) -> None:
        """`words`: as for any exception, one sentence."""
        super().__init__(*words)
        self.retry_after_s = retry_after_s


class UncertainFailure(TemporaryFailure):
    """Nobody can tell whether it worked: the other side had everything and then fell silent (KLANTREIS rule 2)."""


class PermanentFailure(Exception):
    """It will not work however often it is tried: the thing is not there, or is refused as it is."""


class AddressRefused(PermanentFailure):
    """The receiver's address itself is refused: do not use it again until it changes."""


def out_of_room(error: BaseException) -> bool:
    """Whether an error says that a disk or a quota is full: also of the place where uploads wait to be read."""
    return isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
