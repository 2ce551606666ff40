"""The carriers that a site's settings name."""

from itertools import groupby

from app.channels import ChannelSettings
from app.integrations.notify import Carrier, PageMessage, Undeliverable
from app.integrations.notify.govuk import NotifyCarrier
from app.integrations.notify.smtp import SmtpCarrier
from app.models.addresses import ChannelKind


class FirstOrNext:
    """Two providers of one channel: what the first does not take now, the next is given at once."""

    def __init__(self, first: Carrier, following: Carrier) -> None:
        self.kind = first.kind
        self.patience = first.patience + following.patience
        self._first, self._following = first, following

    async def send(self, page: PageMessage) -> str | None:
        try:
            return await self._first.send(page)
        except Undeliverable as why:
            if why.for_good:
                raise
        return await self._following.send(page)


def kinds(config: ChannelSettings) -> frozenset[ChannelKind]:
    """The channels the site has, besides the log."""
    notify = config.notify_api_key is not None
    there = {
        ChannelKind.email: config.smtp_host or (notify and config.notify_email_template),
        ChannelKind.sms: notify and config.notify_sms_template,
    }
    return frozenset(kind for kind, is_there in there.items() if is_there)


def carriers(config: ChannelSettings) -> list[Carrier]:
    """One for each channel the site has, besides the log. Where e-mail goes two ways, the one that
    sends receipts goes first."""
    every: list[Carrier] = [*NotifyCarrier.each(config)]
    every += [SmtpCarrier(config)] if config.smtp_host else []
    every.sort(key=lambda each: each.kind)  # it is stable: Notify stays first
    found: list[Carrier] = []
    for _, of_kind in groupby(every, lambda each: each.kind):
        first, *following = of_kind
        found.append(FirstOrNext(first, following[0]) if following else first)
    return found
