import type { ReactNode } from "react";

interface PageHeaderProps {
  title: string;
  lead?: string;
  children?: ReactNode;
}

/** The head of a page: its title, what it is about, and what can be done. */
export function PageHeader({ title, lead, children }: PageHeaderProps) {
  return (
    <header className="flex flex-wrap items-end justify-between gap-3">
      <div className="min-w-0">
        <h1 className="text-2xl font-semibold tracking-tight wrap-anywhere">{title}</h1>
        {lead && <p className="text-soft mt-1 text-sm">{lead}</p>}
      </div>
      {children}
    </header>
  );
}
