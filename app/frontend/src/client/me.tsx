"use client";

import { createContext, type ReactNode, use } from "react";
import type { Me } from "@/lib/api/types";

const Current = createContext<Me | null>(null);

/** Tells the components below it who visits; null: it is not known. */
export function MeProvider({ me, children }: { me: Me | null; children: ReactNode }) {
  return <Current value={me}>{children}</Current>;
}

/** Who visits. */
export function useMe(): Me | null {
  return use(Current);
}
