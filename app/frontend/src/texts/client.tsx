"use client";

import { createContext, type ReactNode, use, useMemo } from "react";
import type { Texts } from "./en";
import type { Language } from "./languages";
import { type Translator, translator } from "./translator";

const Current = createContext<Translator | null>(null);

interface TextsProviderProps {
  language: Language;
  texts: Texts;
  children: ReactNode;
}

/** Gives the components below it the texts of one language. */
export function TextsProvider({ language, texts, children }: TextsProviderProps) {
  const value = useMemo(() => translator(language, texts), [language, texts]);
  return <Current value={value}>{children}</Current>;
}

/** The texts of the interface's language. */
export function useTexts(): Translator {
  const texts = use(Current);
  if (texts === null) throw new Error("useTexts needs a TextsProvider above it");
  return texts;
}
