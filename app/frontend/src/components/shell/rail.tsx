import Link from "next/link";
import { Account } from "@/components/access/account";
import { getTheme } from "@/lib/preferences";
import { getTexts } from "@/texts/server";
import { History } from "./history";
import { LanguageSwitch } from "./language-switch";
import { Logo } from "./logo";
import { NavLinks } from "./nav-links";
import { ThemeSwitch } from "./theme-switch";

/** Ways to the pages, the conversations of this browser, and how the page looks. */
export async function Rail() {
  const t = await getTexts();
  return (
    <div className="flex h-full flex-col gap-5 p-3">
      <Link href="/" className="flex items-center gap-2.5 px-2 pt-2 font-semibold tracking-tight">
        <Logo />
        {t("app.name")}
      </Link>
      <NavLinks />
      <History />
      <Account />
      <div className="border-line mt-auto flex items-center justify-between gap-2 border-t pt-3">
        <LanguageSwitch key={t.language} />
        <ThemeSwitch current={await getTheme()} />
      </div>
    </div>
  );
}
