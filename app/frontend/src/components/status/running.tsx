import { Fact, Facts } from "@/components/ui/facts";
import type { Version } from "@/lib/api/types";
import { getTexts } from "@/texts/server";

/** Which versions run, and by what they answer. */
export async function Running({ version }: { version: Version | null }) {
  const t = await getTexts();
  const own = process.env["APP_VERSION"] || t("health.unknown");
  return (
    <section className="card p-5" aria-labelledby="running-title" data-running>
      <h2 id="running-title" className="mb-3 font-semibold">
        {t("health.running_now")}
      </h2>
      <Facts>
        <Fact name={t("health.frontend")}>{own}</Fact>
        {version && (
          <>
            <Fact name={t("health.version")}>{version.version}</Fact>
            <Fact name={t("health.revision")}>{version.git_sha}</Fact>
            <Fact name={t("health.schema")}>{version.schema_revision}</Fact>
            <Fact name={t("health.answers_by")}>
              {version.answers_by === "extract" ? t("health.extract") : version.answers_by}
            </Fact>
            <Fact name={t("health.model")}>{version.embedding_model}</Fact>
            <Fact name={t("health.languages")}>
              {(version.embedding_languages ?? []).map((tag) => t.languageName(tag)).join(", ")}
            </Fact>
          </>
        )}
      </Facts>
    </section>
  );
}
