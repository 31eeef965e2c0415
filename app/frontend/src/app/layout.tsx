import type { Metadata, Viewport } from "next";
import { connection } from "next/server";
import type { ReactNode } from "react";
import { MeProvider } from "@/client/me";
import { SignIn } from "@/components/access/sign-in";
import { Shell } from "@/components/shell/shell";
import { visitor } from "@/lib/me";
import { getTheme } from "@/lib/preferences";
import { peopleSignIn } from "@/lib/visitor";
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
  const who = await visitor();
  // The backend refuses strangers; this is only what they see of it.
  const stranger = who.me === null && who.stranger && peopleSignIn();
  return (
    <html lang={language} data-theme={await getTheme()}>
      <body>
        <TextsProvider language={language} texts={ALL_TEXTS[language]}>
          <MeProvider me={who.me}>
            <Shell>{stranger ? <SignIn /> : children}</Shell>
          </MeProvider>
        </TextsProvider>
      </body>
    </html>
  );
}
