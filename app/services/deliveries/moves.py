"""The moves of a page and of each of its deliveries."""

from app.models.deliveries import DeliveryStatus
from app.models.notifications import NotificationStatus
from app.models.staff import Role
from app.services.lifecycle import Lifecycle, Move

_SERVICE = Move(frozenset({Role.system}), offered=False)
_READER = Move(frozenset(Role), offered=False)

N = NotificationStatus
# A page's state follows from those of its deliveries, whatever order they come in, until it is
# read.
_UNREAD = [state for state in N if state is not N.read]
NOTIFICATION = Lifecycle(
    "notifications",
    "",
    N,
    {
        **{
            (start, to): _SERVICE
            for start in _UNREAD
            for to in _UNREAD
            if to is not N.pending and (start is not to or start is N.failed)
        },
        **{(start, N.read): _READER for start in _UNREAD},
    },
)

D = DeliveryStatus
DELIVERY = Lifecycle(
    "deliveries",
    "",
    D,
    {
        (D.pending, D.sending): _SERVICE,
        (D.sending, D.sending): _SERVICE,  # a send caught by a crash is sent again
        (D.sending, D.sent): _SERVICE,
        (D.sending, D.failed): _SERVICE,
        (D.sending, D.delivered): _SERVICE,  # the receipt came before the answer
        (D.failed, D.sending): _SERVICE,
        (D.sent, D.delivered): _SERVICE,
        (D.sent, D.failed): _SERVICE,
        (D.failed, D.delivered): _SERVICE,
        (D.pending, D.sent): _SERVICE,  # the log, which is at hand, is not waited for
        (D.pending, D.failed): _SERVICE,
        (D.failed, D.sent): _SERVICE,
        (D.failed, D.failed): _SERVICE,
    },
)
