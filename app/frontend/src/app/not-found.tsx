import { MessagePage } from "@/components/ui/message-page";
import { getTexts } from "@/texts/server";

/** Also what a form gets whose page was loaded before the last roll-out. */
export default async function NotFound() {
  const t = await getTexts();
  return (
    <MessagePage title={t("page.missing")} back={t("page.reload")}>
      {t("page.missing.detail")}
    </MessagePage>
  );
}
