"""The programme's part of the visibility matrix: the shape in which each role is answered it.
`app/visibility.py` takes it in."""

from collections.abc import Mapping

from app.models.acquaintances import AcquaintanceOwn, AcquaintanceRead
from app.models.base import Output
from app.models.match_proposals import MatchProposalRead, MatchProposalRow, ProposedPairRead
from app.models.matching import MatchCandidatesRead, PairCheckRead
from app.models.moves import HistoryRead
from app.models.profiles import ProfileOwn, ProfileRead
from app.models.staff import Role

Audiences = Mapping[Role, type[Output]]
CARE = (Role.support_worker, Role.clinician)
STAFF = (*CARE, Role.governor)
SCHEME = (*STAFF, Role.mentor)

_ACQUAINTANCE: Audiences = {**dict.fromkeys(CARE, AcquaintanceRead), Role.mentor: AcquaintanceOwn}

PROGRAMME: dict[str, Audiences] = {
    "profiles": {**dict.fromkeys(CARE, ProfileRead), Role.mentor: ProfileOwn},
    "acquaintances": _ACQUAINTANCE,
    "acquaintances.row": _ACQUAINTANCE,
    "pairings.check": dict.fromkeys(CARE, PairCheckRead),
    "mentees.match_candidates": dict.fromkeys(CARE, MatchCandidatesRead),
    "match_proposals": dict.fromkeys(CARE, MatchProposalRead),
    "match_proposals.row": dict.fromkeys(CARE, MatchProposalRow),
    "match_proposals.pairs": dict.fromkeys(CARE, ProposedPairRead),
    "match_proposals.history": dict.fromkeys(CARE, HistoryRead),
}
