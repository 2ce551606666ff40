"""What leaves the service, beside the worker's sweep: each channel of pages, webhooks, and the
sheets for an outage, in a task of its own. One that hangs keeps no other waiting, nor any step."""

import asyncio
from datetime import timedelta

from app.config import Settings
from app.db import Database
from app.integrations.notify.configured import carriers
from app.integrations.notify.govuk import NotifyCarrier
from app.integrations.webhooks.sender import HttpSender
from app.models.addresses import ChannelKind
from app.services.deliveries import bounces, sending
from app.services.deliveries.asking import Asking
from app.services.prints import on_disk
from app.services.webhooks import sending as webhook_sending
from app.slots import keep_sending

ASK_EVERY = 5.0


class Senders:
    """The tasks of one worker. `channels`: what pages go out on, besides the log."""

    def __init__(self, db: Database, config: Settings, stopping: asyncio.Event) -> None:
        ways, pause = carriers(config), config.sweep_seconds
        events = HttpSender(config.webhook_networks, config.webhook_ca_file)
        self.channels = frozenset[ChannelKind](each.kind for each in ways)
        self.tasks = [asyncio.create_task(webhook_sending.serve(db, events, stopping, pause))]
        if config.smtp_bounces is not None:
            self.tasks.append(asyncio.create_task(bounces.serve(db, config.smtp_bounces, stopping)))
        self.tasks += [
            asyncio.create_task(
                keep_sending(Asking(db, each), db.prison_ids, stopping, max(pause, ASK_EVERY))
            )
            for each in NotifyCarrier.each(config)
        ]
        self.tasks += [
            asyncio.create_task(sending.serve(db, each, stopping, pause)) for each in ways
        ]
        if config.outage_sheets is not None:
            every = timedelta(minutes=config.outage_sheets_minutes)
            kept = on_disk.serve(db, config.outage_sheets, every, stopping)
            self.tasks.append(asyncio.create_task(kept))
