"use client";

import { MessagePage } from "@/components/message-page";

interface ErrorPageProps {
  error: Error & { digest?: string };
}

/** Shown when rendering failed, or a form was sent to a newer version of the page. */
export default function ErrorPage({ error }: ErrorPageProps) {
  return (
    <MessagePage title="The page could not go on">
      It may have been updated while it was open. Load it again and repeat the last step; if this
      stays, tell the operator{error.digest ? ` the reference ${error.digest}` : ""}.
    </MessagePage>
  );
}
