import type { ReactNode } from "react";

interface MessagePageProps {
  title: string;
  /** What the way back is called. */
  back: string;
  children: ReactNode;
}

/** A page with one message and a way back. A plain link: it must work when scripts don't. */
export function MessagePage({ title, back, children }: MessagePageProps) {
  return (
    <div className="mx-auto my-auto max-w-xl px-4 py-16 text-center sm:px-6">
      <h1 className="text-2xl font-semibold tracking-tight">{title}</h1>
      <p className="text-soft mt-3 mb-6">{children}</p>
      {/* eslint-disable-next-line @next/next/no-html-link-for-pages -- a full load is the point */}
      <a className="button" href="/">
        {back}
      </a>
    </div>
  );
}
