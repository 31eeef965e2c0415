import { CircleAlert, CircleCheck, TriangleAlert } from "lucide-react";

/** How a state looks: never by its colour alone. */
export const STATES = {
  pass: { style: "text-accent bg-accent-sunk", Icon: CircleCheck },
  warn: { style: "text-warn bg-warn-sunk", Icon: TriangleAlert },
  fail: { style: "text-bad bg-bad-sunk", Icon: CircleAlert },
} as const;

export type State = keyof typeof STATES;

/** A state that is unknown is no good one. */
export function stateOf(value: string): State {
  return value in STATES ? (value as State) : "fail";
}
