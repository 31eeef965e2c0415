"use client";

import { CircleUser, LogOut } from "lucide-react";
import { type FormEvent, useState } from "react";
import { useMe } from "@/client/me";
import { useTexts } from "@/texts/client";

/** Who is signed in, what they may do, and the way out. Nothing where nobody signs in. */
export function Account() {
  const t = useTexts();
  const me = useMe();
  const [leaving, setLeaving] = useState(false);
  if (me?.auth !== "oidc") return null;
  const leave = async (event: FormEvent) => {
    event.preventDefault();
    setLeaving(true);
    window.location.assign(await signedOut());
  };
  return (
    <section
      aria-label={t("account.label")}
      data-account
      className="flex min-w-0 items-center gap-2.5 px-2"
    >
      <CircleUser className="text-soft size-5 flex-none" strokeWidth={1.75} aria-hidden="true" />
      <p className="min-w-0 flex-1 text-sm leading-tight">
        <span className="block truncate font-medium" title={me.name}>
          {me.name}
        </span>
        <span className="text-soft block truncate text-xs">
          {t(`role.${me.role}`)}
          {me.tenant !== "default" && ` · ${me.tenant}`}
        </span>
      </p>
      {/* Without scripts the form itself is sent, and its answer leads to the sign-in. */}
      <form method="post" action="/api/v1/auth/logout" onSubmit={(event) => void leave(event)}>
        <button
          type="submit"
          className="icon-button"
          disabled={leaving}
          title={t("account.leave")}
          aria-label={t("account.leave")}
        >
          <LogOut className="size-4" aria-hidden="true" />
        </button>
      </form>
    </section>
  );
}

/** Ends the session; where the browser goes to: to the issuer, which ends its own. */
async function signedOut(): Promise<string> {
  const init = { method: "POST", headers: { Accept: "application/json" } };
  const response = await fetch("/api/v1/auth/logout", init).catch(() => null);
  if (!response?.ok) return "/";
  const { url } = (await response.json()) as { url: string | null };
  return url ?? "/sign-in";
}
