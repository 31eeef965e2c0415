import { LockOpen } from "lucide-react";
import { visitor } from "@/lib/me";
import { getTexts } from "@/texts/server";

/** Says that nobody is asked who they are, where that is so. */
export async function OpenBanner() {
  const { me } = await visitor();
  if (me?.auth !== "none") return null;
  const t = await getTexts();
  return (
    <p
      role="note"
      data-open
      className="bg-warn-sunk text-warn flex items-center justify-center gap-2 px-4 py-1.5 text-center text-xs"
    >
      <LockOpen className="size-3.5 flex-none" aria-hidden="true" />
      {t("access.open")}
    </p>
  );
}
