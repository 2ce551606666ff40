"""Reference over HTTP."""

from fastapi import APIRouter, Response

from app.access import MayReadSelf
from app.models.explanations import ExplanationVersion
from app.models.questionnaires import QuestionnaireDefinition
from app.models.reference import ReferenceRead
from app.models.survey_rounds import SurveyDefinition
from app.paging import Page, whole
from app.problems import refusals
from app.replies import reply
from app.services import explanations, questionnaires, reference
from app.services.survey_rounds import questions

router = APIRouter(prefix="/v1/reference", tags=["me"])


@router.get("", response_model=ReferenceRead, responses=refusals())
async def read_reference(_: MayReadSelf) -> Response:
    """Every code list, with a label for staff and easy-read words for everyone."""
    return reply(reference.every_list())


@router.get("/questionnaires", response_model=Page[QuestionnaireDefinition], responses=refusals())
async def list_questionnaire_definitions(_: MayReadSelf) -> Response:
    """What each questionnaire asks, how it is scored and what its totals mean."""
    return reply(whole(questionnaires.every_definition()))


@router.get("/experience-surveys", response_model=Page[SurveyDefinition], responses=refusals())
async def list_survey_definitions(_: MayReadSelf) -> Response:
    """What mentees, clinicians and staff are asked of their experience, by version."""
    return reply(whole(questions.every_definition()))


@router.get("/explanations", response_model=Page[ExplanationVersion], responses=refusals())
async def list_explanation_versions(_: MayReadSelf) -> Response:
    """What people are told about confidentiality, by version, the newest first."""
    return reply(whole(explanations.every_version()))
