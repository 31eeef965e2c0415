import { MessagePage } from "@/components/message-page";

/** Also what a form gets whose page was loaded before the last roll-out. */
export default function NotFound() {
  return (
    <MessagePage title="There is nothing here">
      The address is wrong, or the form belongs to an older version of the page. Go back to the
      start and send it again.
    </MessagePage>
  );
}
