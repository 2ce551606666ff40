from fastapi import FastAPI

from app.openapi import document
from app.services.reference import LISTS, every_list, labels, name_of


def test_every_code_list_of_the_api_is_in_the_reference(app: FastAPI) -> None:
    lists = {kind.__name__: [code.value for code in kind] for kind in LISTS}
    schemas = document(app)["components"]["schemas"]
    found = {name: schema["enum"] for name, schema in schemas.items() if "enum" in schema}
    assert found
    assert {name: lists.get(name) for name in found} == found


def test_every_code_has_a_label_and_easy_words_and_none_is_left_over() -> None:
    words = labels()
    assert {name: list(codes) for name, codes in words.items()} == {
        name_of(kind): [code.value for code in kind] for kind in LISTS
    }


def test_easy_words_are_short_sentences() -> None:
    for name, codes in every_list().lists.items():
        for code in codes:
            assert code.label, (name, code.code)
            assert code.easy_read.endswith((".", "?")), (name, code.code)
            assert len(code.easy_read.split()) <= 12, (name, code.code)


def test_no_word_grades_risk() -> None:
    for codes in every_list().lists.values():
        for code in codes:
            assert "risk" not in f"{code.label} {code.easy_read}".lower()


def test_routes_outside_any_prison_show_their_permission(app: FastAPI) -> None:
    paths = document(app)["paths"]
    for path in ("/v1/me", "/v1/reference"):
        assert paths[path]["get"]["x-permission"] == "self_read"
