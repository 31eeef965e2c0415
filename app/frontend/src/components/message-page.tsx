import type { ReactNode } from "react";

/** A page with one message and a way back. A plain link: it must work when scripts don't. */
export function MessagePage({ title, children }: { title: string; children: ReactNode }) {
  return (
    <main className="mx-auto max-w-xl px-4 py-16 sm:px-6">
      <h1 className="text-2xl font-semibold">{title}</h1>
      <p className="text-soft mt-3 mb-6">{children}</p>
      {/* eslint-disable-next-line @next/next/no-html-link-for-pages -- a full load is the point */}
      <a className="button inline-block" href="/">
        Load the page again
      </a>
    </main>
  );
}
