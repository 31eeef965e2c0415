"use client";

import { Monitor, Moon, Sun } from "lucide-react";
import { chooseTheme } from "@/app/actions";
import type { Theme } from "@/lib/preferences";
import { useTexts } from "@/texts/client";

const CHOICES = [
  { theme: "system", Icon: Monitor },
  { theme: "light", Icon: Sun },
  { theme: "dark", Icon: Moon },
] as const;

/** Chooses between light, dark, and what the system says. */
export function ThemeSwitch({ current }: { current: Theme }) {
  const t = useTexts();
  return (
    <form action={chooseTheme} data-form="theme">
      <div role="group" aria-label={t("theme.label")} className="bg-sunk flex rounded-lg p-0.5">
        {CHOICES.map(({ theme, Icon }) => (
          <button
            key={theme}
            type="submit"
            name="theme"
            value={theme}
            aria-pressed={theme === current}
            aria-label={t(`theme.${theme}`)}
            title={t(`theme.${theme}`)}
            className="text-soft hover:text-ink aria-pressed:bg-card aria-pressed:text-ink flex h-7 w-8 items-center justify-center rounded-md aria-pressed:shadow-sm"
          >
            <Icon className="size-4" aria-hidden="true" />
          </button>
        ))}
      </div>
    </form>
  );
}
