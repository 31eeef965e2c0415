"use client";

import { LogIn } from "lucide-react";
import { usePathname, useSearchParams } from "next/navigation";
import { Logo } from "@/components/shell/logo";
import type { TextKey } from "@/texts/en";
import { useTexts } from "@/texts/client";

const PAGE = "/sign-in";

/** Why a sign-in failed, by what the backend calls it. */
const ERRORS: Record<string, TextKey> = {
  denied: "signin.error.denied",
  "no-role": "signin.error.no_role",
  refused: "signin.error.refused",
  stale: "signin.error.stale",
  unavailable: "signin.error.unavailable",
};

/** In place of a page for whom nobody knows yet; afterwards the page is shown. */
export function SignIn() {
  const t = useTexts();
  const path = usePathname();
  const parameters = useSearchParams();
  const own = path === PAGE;
  const error = own ? ERRORS[parameters.get("error") ?? ""] : undefined;
  const query = parameters.size > 0 ? `?${parameters}` : "";
  const next = own ? "/" : `${path}${query}`;
  return (
    <div className="mx-auto my-auto w-full max-w-sm px-4 py-16 text-center" data-sign-in>
      <div className="flex justify-center">
        <Logo />
      </div>
      <h1 className="mt-4 text-2xl font-semibold tracking-tight">{t("signin.title")}</h1>
      <p className="text-soft mt-2 mb-6">{t("signin.lead")}</p>
      {error && (
        <p role="alert" className="bg-bad-sunk text-bad mb-6 rounded-xl px-4 py-3 text-sm">
          {t(error)}
        </p>
      )}
      {/* A plain link: it leads to another server. */}
      <a className="button w-full" href={`/api/v1/auth/login?next=${encodeURIComponent(next)}`}>
        <LogIn className="size-4" aria-hidden="true" />
        {t("signin.submit")}
      </a>
    </div>
  );
}
