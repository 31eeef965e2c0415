"use client";

import { KeyRound } from "lucide-react";
import { useRouter } from "next/navigation";
import { type FormEvent, useState } from "react";
import { problemOf } from "@/client/api";
import { makeKey } from "@/client/keys";
import { ProblemNotice } from "@/components/ui/problem-notice";
import type { CreatedKey, NewKey } from "@/lib/api/types";
import type { Problem } from "@/lib/problem";
import { useTexts } from "@/texts/client";
import { NewSecret } from "./new-secret";

const ROLES = ["reader", "writer", "admin"] as const;
/** Days after which a key may end; 0: never. */
const DAYS = [30, 90, 365, 0] as const;
const DAY_MS = 24 * 60 * 60 * 1000;

/** Makes a key, and shows its text once. */
export function MakeKey({ collections }: { collections: readonly string[] }) {
  const t = useTexts();
  const router = useRouter();
  const [made, setMade] = useState<CreatedKey | null>(null);
  const [problem, setProblem] = useState<Problem | null>(null);
  const [busy, setBusy] = useState(false);
  const submit = async (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = event.currentTarget;
    setBusy(true);
    setProblem(null);
    try {
      setMade(await makeKey(wanted(new FormData(form)), t));
      form.reset();
      router.refresh();
    } catch (error) {
      setProblem(problemOf(error, t));
    }
    setBusy(false);
  };
  return (
    <section aria-label={t("keys.make")} className="card space-y-4 p-5">
      <form onSubmit={(event) => void submit(event)} data-form="key" className="space-y-4">
        <div className="grid gap-3 sm:grid-cols-[1fr_auto_auto]">
          <label className="min-w-0 text-sm">
            <span className="mb-1 block font-medium">{t("keys.name")}</span>
            <input
              name="name"
              required
              maxLength={100}
              autoComplete="off"
              className="field w-full"
            />
          </label>
          <label className="text-sm">
            <span className="mb-1 block font-medium">{t("keys.role")}</span>
            <select name="role" className="field w-full">
              {ROLES.map((role) => (
                <option key={role} value={role}>
                  {t(`role.${role}`)}
                </option>
              ))}
            </select>
          </label>
          <label className="text-sm">
            <span className="mb-1 block font-medium">{t("keys.days")}</span>
            <select name="days" className="field w-full" defaultValue={90}>
              {DAYS.map((days) => (
                <option key={days} value={days}>
                  {days === 0 ? t("keys.days.never") : t.count("keys.days.some", days)}
                </option>
              ))}
            </select>
          </label>
        </div>
        {collections.length > 0 && (
          <fieldset className="text-sm">
            <legend className="mb-1 font-medium">{t("keys.collections")}</legend>
            <p className="text-soft mb-2 text-xs">{t("keys.collections.hint")}</p>
            <div className="flex flex-wrap gap-x-4 gap-y-2">
              {collections.map((name) => (
                <label key={name} className="inline-flex items-center gap-2">
                  <input
                    type="checkbox"
                    name="collection"
                    value={name}
                    className="accent-accent size-4"
                  />
                  {name}
                </label>
              ))}
            </div>
          </fieldset>
        )}
        <button type="submit" className="button" disabled={busy}>
          <KeyRound className="size-4" aria-hidden="true" />
          {t("keys.make")}
        </button>
      </form>
      {problem && <ProblemNotice problem={problem} />}
      {made && <NewSecret made={made} onClose={() => setMade(null)} />}
    </section>
  );
}

/** The key that a form asks for. */
function wanted(form: FormData): NewKey {
  const days = Number(form.get("days"));
  const collections = form.getAll("collection").map(String);
  return {
    name: String(form.get("name")).trim(),
    role: String(form.get("role")) as NewKey["role"],
    collections: collections.length > 0 ? collections : null,
    expires_at: days > 0 ? new Date(Date.now() + days * DAY_MS).toISOString() : null,
  };
}
