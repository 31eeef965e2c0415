import { getTexts } from "@/texts/server";
import { stateOf, STATES } from "./state";

/** How all of it is, in a sentence. */
export async function Verdict({ status }: { status: string }) {
  const t = await getTexts();
  const state = stateOf(status);
  const { style, Icon } = STATES[state];
  return (
    <p
      className={`${style} flex items-center gap-2.5 rounded-xl px-4 py-3 font-semibold`}
      data-verdict={state}
    >
      <Icon className="size-5 flex-none" aria-hidden="true" />
      {t(`health.${state}`)}
    </p>
  );
}
