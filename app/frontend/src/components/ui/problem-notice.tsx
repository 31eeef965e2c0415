"use client";

import { TriangleAlert } from "lucide-react";
import type { ReactNode } from "react";
import type { Problem } from "@/lib/problem";
import { useTexts } from "@/texts/client";

interface ProblemNoticeProps {
  problem: Problem;
  /** What can be done about it here. */
  children?: ReactNode;
}

/** An error: what happened, why, and what to do. Read out as soon as it appears. */
export function ProblemNotice({ problem, children }: ProblemNoticeProps) {
  const t = useTexts();
  return (
    <div role="alert" data-problem className="bg-bad-sunk flex gap-3 rounded-xl px-4 py-3 text-sm">
      <TriangleAlert className="text-bad mt-0.5 size-4 flex-none" aria-hidden="true" />
      <div className="min-w-0 space-y-1">
        <p className="text-bad font-semibold">{problem.title}</p>
        <p className="wrap-anywhere">{problem.detail}</p>
        <p>
          <span className="font-semibold">{t("problem.todo")}</span>
          {problem.remedy}
        </p>
        {problem.reference && (
          <p className="text-soft text-xs wrap-anywhere">
            {t("problem.reference")}
            <code>{problem.reference}</code>
          </p>
        )}
        {children}
      </div>
    </div>
  );
}
