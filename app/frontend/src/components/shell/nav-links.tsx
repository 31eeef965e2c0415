"use client";

import { Activity, FileText, KeyRound, type LucideIcon, MessageCircle } from "lucide-react";
import Link from "next/link";
import { usePathname } from "next/navigation";
import { useMe } from "@/client/me";
import { managesKeys } from "@/lib/roles";
import { useTexts } from "@/texts/client";
import type { TextKey } from "@/texts/en";

const PAGES: readonly Page[] = [
  { href: "/", text: "nav.ask", Icon: MessageCircle },
  { href: "/documents", text: "nav.documents", Icon: FileText },
  { href: "/status", text: "nav.status", Icon: Activity },
];
const KEYS: Page = { href: "/keys", text: "nav.keys", Icon: KeyRound };

interface Page {
  href: string;
  text: TextKey;
  Icon: LucideIcon;
}

/** The pages; the one that is shown is marked. */
export function NavLinks() {
  const t = useTexts();
  const path = usePathname();
  const pages = managesKeys(useMe()) ? [...PAGES, KEYS] : PAGES;
  return (
    <nav aria-label={t("nav.label")}>
      <ul className="space-y-0.5">
        {pages.map(({ href, text, Icon }) => (
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
