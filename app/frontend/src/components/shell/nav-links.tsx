"use client";

import { Activity, FileText, MessageCircle } from "lucide-react";
import Link from "next/link";
import { usePathname } from "next/navigation";
import { useTexts } from "@/texts/client";

const PAGES = [
  { href: "/", text: "nav.ask", Icon: MessageCircle },
  { href: "/documents", text: "nav.documents", Icon: FileText },
  { href: "/status", text: "nav.status", Icon: Activity },
] as const;

/** The pages; the one that is shown is marked. */
export function NavLinks() {
  const t = useTexts();
  const path = usePathname();
  return (
    <nav aria-label={t("nav.label")}>
      <ul className="space-y-0.5">
        {PAGES.map(({ href, text, Icon }) => (
          <li key={href}>
            <Link
              href={href}
              prefetch={false}
              aria-current={isCurrent(path, href) ? "page" : undefined}
              className="text-soft hover:bg-sunk hover:text-ink aria-[current]:bg-sunk aria-[current]:text-ink flex h-9 items-center gap-2.5 rounded-lg px-2.5 text-sm font-medium"
            >
              <Icon className="size-4.5" aria-hidden="true" />
              {t(text)}
            </Link>
          </li>
        ))}
      </ul>
    </nav>
  );
}

function isCurrent(path: string, href: string): boolean {
  return href === "/" ? path === "/" : path.startsWith(href);
}
