import { splitAnswer } from "@/lib/answer-text";
import { type Answer, type Citation, shortDocumentName } from "@/lib/contract";

interface AnswerViewProps {
  question: string;
  answer: Answer;
  /** Names of the cited documents, by id. */
  names: Record<string, string>;
}

/** An answer and its sources, or a refusal that can't be taken for an answer. */
export function AnswerView({ question, answer, names }: AnswerViewProps) {
  return answer.refused ? (
    <Refusal question={question} answer={answer} names={names} />
  ) : (
    <article data-answer className="card space-y-5" aria-labelledby="answer-title">
      <header>
        <h2 id="answer-title" className="text-lg font-semibold">
          Answer
        </h2>
        <AskedQuestion question={question} />
      </header>
      <AnswerText answer={answer} />
      {answer.citations.length > 0 ? (
        <Sources title="Sources" citations={answer.citations} names={names} />
      ) : (
        <p data-no-sources className="bg-warn-sunk text-warn rounded-lg px-4 py-3 text-sm">
          The backend names no source for this answer. Don’t rely on it.
        </p>
      )}
    </article>
  );
}

function Refusal({ question, answer, names }: AnswerViewProps) {
  return (
    <article data-refused className="card border-l-warn space-y-4 border-l-4">
      <header>
        <h2 className="text-warn text-lg font-semibold">The documents don’t answer this</h2>
        <AskedQuestion question={question} />
      </header>
      {answer.answer && (
        <p dir="auto" className="whitespace-pre-line">
          {answer.answer}
        </p>
      )}
      <p className="text-soft text-sm">
        Nothing was made up. Ask in other words, or upload a document that covers it and ask again.
      </p>
      {answer.citations.length > 0 && (
        <Sources title="Nearest passages" citations={answer.citations} names={names} />
      )}
    </article>
  );
}

function AskedQuestion({ question }: { question: string }) {
  return <p className="text-soft mt-1 text-sm wrap-anywhere">{question}</p>;
}

function AnswerText({ answer }: { answer: Answer }) {
  return (
    <p data-answer-text dir="auto" className="text-[1.0625rem] wrap-anywhere whitespace-pre-line">
      {splitAnswer(answer.answer, answer.citations.length).map((segment, index) =>
        "text" in segment ? (
          segment.text
        ) : (
          <a
            key={index}
            href={`#source-${segment.source}`}
            aria-label={`Source ${segment.source}`}
            className="text-accent font-semibold no-underline hover:underline"
          >
            [{segment.source}]
          </a>
        ),
      )}
    </p>
  );
}

interface SourcesProps {
  title: string;
  citations: Citation[];
  names: Record<string, string>;
}

function Sources({ title, citations, names }: SourcesProps) {
  return (
    <section aria-labelledby="sources-title">
      <h3 id="sources-title" className="text-soft mb-3 text-sm font-semibold">
        {title}
      </h3>
      <ol className="space-y-3">
        {citations.map((citation, index) => (
          <Source key={index} number={index + 1} citation={citation} names={names} />
        ))}
      </ol>
    </section>
  );
}

interface SourceProps {
  number: number;
  citation: Citation;
  names: Record<string, string>;
}

function Source({ number, citation, names }: SourceProps) {
  return (
    <li
      id={`source-${number}`}
      data-source={citation.documentId}
      className="border-line scroll-mt-4 rounded-lg border px-4 py-3"
    >
      <div className="flex items-baseline gap-2 text-sm">
        <span className="text-accent font-semibold">[{number}]</span>
        <cite className="font-medium wrap-anywhere not-italic">
          {names[citation.documentId] ?? shortDocumentName(citation.documentId)}
        </cite>
        {citation.page !== null && (
          <span className="text-soft ml-auto shrink-0">page {citation.page}</span>
        )}
      </div>
      <blockquote
        dir="auto"
        className="text-soft border-line mt-2 border-l-2 pl-3 text-sm wrap-anywhere whitespace-pre-line"
      >
        {citation.excerpt}
      </blockquote>
    </li>
  );
}
