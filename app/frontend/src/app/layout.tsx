import type { Metadata, Viewport } from "next";
import { connection } from "next/server";
import type { ReactNode } from "react";
import { Shell } from "@/components/shell/shell";
import { getTheme } from "@/lib/preferences";
import { ALL_TEXTS } from "@/texts/all";
import { TextsProvider } from "@/texts/client";
import { getTexts } from "@/texts/server";
import "./globals.css";

export async function generateMetadata(): Promise<Metadata> {
  const t = await getTexts();
  return {
    title: { default: t("app.name"), template: `%s · ${t("app.name")}` },
    description: t("app.description"),
    robots: { index: false, follow: false },
    formatDetection: { telephone: false, email: false, address: false },
  };
}

export const viewport: Viewport = { colorScheme: "light dark" };

export default async function RootLayout({ children }: Readonly<{ children: ReactNode }>) {
  // Each page waits for its request: one rendered at build time has no nonce.
  await connection();
  const { language } = await getTexts();
  return (
    <html lang={language} data-theme={await getTheme()}>
      <body>
        <TextsProvider language={language} texts={ALL_TEXTS[language]}>
          <Shell>{children}</Shell>
        </TextsProvider>
      </body>
    </html>
  );
}
