"use client";

import { ArrowDown, ArrowUp } from "lucide-react";
import Link from "next/link";
import { type ListView, listHref } from "@/lib/list-query";
import { useTexts } from "@/texts/client";

interface SortHeaderProps {
  view: ListView;
  column: "name" | "bytes" | "created";
  label: string;
  className?: string;
}

/** The head of a column that orders the list. */
export function SortHeader({ view, column, label, className = "" }: SortHeaderProps) {
  const t = useTexts();
  const rising = view.sort === column;
  const falling = view.sort === `-${column}`;
  const Arrow = rising ? ArrowUp : ArrowDown;
  return (
    <th
      scope="col"
      className={`px-3 py-2 font-semibold ${className}`}
      aria-sort={rising ? "ascending" : falling ? "descending" : undefined}
    >
      <Link
        href={listHref(view, { sort: rising ? `-${column}` : column })}
        prefetch={false}
        aria-label={t("documents.sort", { column: label })}
        className="hover:text-ink inline-flex items-center gap-1"
      >
        {label}
        {(rising || falling) && <Arrow className="size-3.5" aria-hidden="true" />}
      </Link>
    </th>
  );
}
