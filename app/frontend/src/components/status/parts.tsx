import type { Check, Health } from "@/lib/api/types";
import { getTexts } from "@/texts/server";
import { stateOf, STATES } from "./state";

/** What the backend needs, and how each of it is. */
export async function Parts({ health }: { health: Health }) {
  const t = await getTexts();
  return (
    <div className="card overflow-hidden">
      <table className="w-full border-collapse text-left text-sm">
        <caption className="sr-only">{t("health.parts")}</caption>
        <thead className="text-soft bg-rail text-xs">
          <tr>
            <th scope="col" className="py-2 pl-4 font-semibold">
              {t("health.part")}
            </th>
            <th scope="col" className="px-3 py-2 font-semibold">
              {t("health.state")}
            </th>
            <th scope="col" className="px-3 py-2 text-right font-semibold">
              {t("health.latency")}
            </th>
          </tr>
        </thead>
        <tbody className="divide-line divide-y">
          {Object.entries(health.checks).map(([name, check]) => (
            <Part key={name} name={name} check={check} />
          ))}
        </tbody>
      </table>
    </div>
  );
}

async function Part({ name, check }: { name: string; check: Check }) {
  const t = await getTexts();
  const state = stateOf(check.status);
  const { style, Icon } = STATES[state];
  return (
    <tr data-part={name} data-state={state} className="align-top">
      <th scope="row" className="py-2.5 pl-4 text-left font-medium">
        {name}
        {check.output && (
          <p className="text-soft text-xs font-normal wrap-anywhere">{check.output}</p>
        )}
      </th>
      <td className="px-3 py-2.5">
        <span className={`badge ${style}`}>
          <Icon className="size-3.5" aria-hidden="true" />
          {t(`health.state.${state}`)}
        </span>
      </td>
      <td className="text-soft px-3 py-2.5 text-right tabular-nums">
        {t.number(Math.round(check.latency * 10) / 10)} ms
      </td>
    </tr>
  );
}
