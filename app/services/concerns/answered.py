"""What has been done about a concern, and when it answers it no more. All of it stays in the
history."""

from app.models.concerns import Concern


def forget_handover(concern: Concern) -> None:
    concern.handed_over_to = concern.handed_over_at = None


def forget_seen(concern: Concern) -> None:
    concern.seen_at = concern.seen_by_subject = concern.not_seen_reason = None


def forget_decision(concern: Concern) -> None:
    concern.decided_at = concern.decided_by = concern.decision = None
    concern.acct_decision = concern.acct_reason = concern.clinician_signed_by = None


def forget(concern: Concern) -> None:
    """The person is to be seen, and all of it decided, anew."""
    forget_handover(concern)
    forget_seen(concern)
    forget_decision(concern)


def leave_only_what_came_after(survivor: Concern, duplicate: Concern) -> None:
    """What was done before the duplicate happened says nothing of how they are since: whoever was
    seen in the morning has not been seen about what they said at night. What was done about the
    duplicate takes its place, if anything was."""
    since = duplicate.occurred_at
    if survivor.handed_over_at is not None and survivor.handed_over_at < since:
        survivor.handed_over_at = duplicate.handed_over_at
        survivor.handed_over_to = duplicate.handed_over_to
    if survivor.seen_at is not None and survivor.seen_at < since:
        survivor.seen_at = duplicate.seen_at
        survivor.seen_by_subject = duplicate.seen_by_subject
    if duplicate.not_seen_reason is None:  # why they were not seen carries no time
        survivor.not_seen_reason = None
    if survivor.decided_at is not None and survivor.decided_at < since:
        survivor.decided_at, survivor.decided_by = duplicate.decided_at, duplicate.decided_by
        survivor.decision = duplicate.decision
        survivor.acct_decision = duplicate.acct_decision
        survivor.acct_reason = duplicate.acct_reason
        survivor.clinician_signed_by = duplicate.clinician_signed_by
