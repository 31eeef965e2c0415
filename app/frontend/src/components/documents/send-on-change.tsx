"use client";

import type { ChangeEvent, ReactNode } from "react";

/** Sends the form that it stands in as soon as one of its choices changes. */
export function SendOnChange({ children }: { children: ReactNode }) {
  const send = (event: ChangeEvent<HTMLDivElement>) =>
    event.currentTarget.closest("form")?.requestSubmit();
  return (
    <div className="grid w-full grid-cols-3 gap-2 sm:flex sm:w-auto" onChange={send}>
      {children}
    </div>
  );
}
