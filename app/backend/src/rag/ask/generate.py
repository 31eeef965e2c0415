"""Answers that a model writes from passages of the documents."""

from collections.abc import Sequence

from rag.adapters.protocols import AnswerModel, Excerpt
from rag.ask.repository import Passage
from rag.ask.schemas import Answer, Citation


async def generate(model: AnswerModel, question: str, passages: Sequence[Passage]) -> Answer:
    """Answer a question from passages, or refuse; raises DependencyError."""
    excerpts = [
        Excerpt(number, f"{item.heading}\n{item.text}".strip())
        for number, item in enumerate(passages, 1)
    ]
    reply = await model.answer(question, excerpts)
    if reply.refused:
        return Answer.refusal()
    cited = [passages[number - 1] for number in reply.cited]
    return Answer(
        answer=reply.answer,
        citations=[
            Citation(document_id=item.document_id, excerpt=item.text, page=item.page)
            for item in cited
        ],
        refused=False,
    )
