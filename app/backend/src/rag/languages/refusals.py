"""What the service itself says, in the language of who asks."""

REFUSALS = {
    "ar": "لا تجيب المستندات عن هذا السؤال.",
    "bg": "Документите не отговарят на този въпрос.",
    "ca": "Els documents no responen aquesta pregunta.",
    "cs": "Dokumenty na tuto otázku neodpovídají.",
    "da": "Dokumenterne besvarer ikke dette spørgsmål.",
    "de": "Die Dokumente beantworten diese Frage nicht.",
    "el": "Τα έγγραφα δεν απαντούν σε αυτή την ερώτηση.",
    "en": "The documents do not answer this question.",
    "es": "Los documentos no responden a esta pregunta.",
    "fi": "Asiakirjat eivät vastaa tähän kysymykseen.",
    "fr": "Les documents ne répondent pas à cette question.",
    "he": "המסמכים אינם עונים על שאלה זו.",
    "hi": "दस्तावेज़ इस प्रश्न का उत्तर नहीं देते।",
    "hu": "A dokumentumok nem adnak választ erre a kérdésre.",
    "id": "Dokumen tidak menjawab pertanyaan ini.",
    "it": "I documenti non rispondono a questa domanda.",
    "ja": "ドキュメントにはこの質問への回答がありません。",
    "ko": "문서에 이 질문에 대한 답이 없습니다.",
    "nl": "De documenten beantwoorden deze vraag niet.",
    "no": "Dokumentene besvarer ikke dette spørsmålet.",
    "pl": "Dokumenty nie odpowiadają na to pytanie.",
    "pt": "Os documentos não respondem a esta pergunta.",
    "ro": "Documentele nu răspund la această întrebare.",
    "ru": "Документы не отвечают на этот вопрос.",
    "sv": "Dokumenten besvarar inte denna fråga.",
    "th": "เอกสารไม่มีคำตอบสำหรับคำถามนี้",
    "tr": "Belgeler bu soruyu yanıtlamıyor.",
    "uk": "Документи не відповідають на це запитання.",
    "vi": "Tài liệu không trả lời câu hỏi này.",
    "zh": "文档中没有这个问题的答案。",
}


def refusal(language: str | None) -> str:
    """That the documents do not answer, in a language; in English where it is not here."""
    return REFUSALS.get(language or "", REFUSALS["en"])
