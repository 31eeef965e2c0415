import type { Problem } from "@/lib/problem";

/** An error: what happened, why, and what to do. Read out as soon as it appears. */
export function ProblemNotice({ problem }: { problem: Problem }) {
  return (
    <div
      role="alert"
      data-problem
      className="border-bad bg-bad-sunk rounded-lg border-l-4 px-4 py-3"
    >
      <p className="text-bad font-semibold">{problem.title}</p>
      <p className="mt-1 text-sm wrap-anywhere">{problem.detail}</p>
      <p className="mt-1 text-sm">
        <span className="font-semibold">What to do: </span>
        {problem.remedy}
      </p>
      {problem.reference && (
        <p className="text-soft mt-1 text-xs wrap-anywhere">
          Reference: <code>{problem.reference}</code>
        </p>
      )}
    </div>
  );
}
