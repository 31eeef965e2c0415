import Link from "next/link";
import type { ReactNode } from "react";
import { OpenBanner } from "@/components/access/open-banner";
import { getTexts } from "@/texts/server";
import { Logo } from "./logo";
import { MobileMenu } from "./mobile-menu";
import { Rail } from "./rail";

/** What is around every page: the rail on wide screens, a bar with a menu on narrow ones. */
export async function Shell({ children }: { children: ReactNode }) {
  const t = await getTexts();
  return (
    <>
      <a
        href="#content"
        className="button sr-only focus:not-sr-only focus:fixed focus:top-2 focus:left-2 focus:z-50"
      >
        {t("app.skip")}
      </a>
      <div className="flex min-h-dvh flex-col lg:flex-row">
        <header className="border-line bg-page/95 sticky top-0 z-20 flex h-14 items-center gap-2 border-b px-3 lg:hidden">
          <MobileMenu>
            <Rail />
          </MobileMenu>
          <Link href="/" className="flex items-center gap-2 font-semibold">
            <Logo />
            {t("app.name")}
          </Link>
        </header>
        <aside
          aria-label={t("nav.menu")}
          className="border-line bg-rail sticky top-0 hidden h-dvh w-64 flex-none border-r lg:block"
        >
          <Rail />
        </aside>
        <main id="content" tabIndex={-1} className="flex min-w-0 flex-1 flex-col outline-none">
          <OpenBanner />
          {children}
        </main>
      </div>
    </>
  );
}
