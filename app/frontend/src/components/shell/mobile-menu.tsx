"use client";

import { Menu, X } from "lucide-react";
import { usePathname, useSearchParams } from "next/navigation";
import { type ReactNode, useEffect, useRef } from "react";
import { useTexts } from "@/texts/client";

/** A drawer with the rail, for narrow screens. */
export function MobileMenu({ children }: { children: ReactNode }) {
  const t = useTexts();
  const dialog = useRef<HTMLDialogElement>(null);
  const place = `${usePathname()}?${useSearchParams()}`;
  // Who has chosen a page sees it.
  useEffect(() => dialog.current?.close(), [place]);
  return (
    <>
      <button
        type="button"
        className="icon-button"
        aria-label={t("nav.open")}
        aria-haspopup="dialog"
        onClick={() => dialog.current?.showModal()}
      >
        <Menu className="size-5" aria-hidden="true" />
      </button>
      <dialog
        ref={dialog}
        aria-label={t("nav.menu")}
        className="drawer"
        onClick={(event) => {
          if (event.target === dialog.current) dialog.current.close();
        }}
      >
        <button
          type="button"
          className="icon-button absolute top-3 right-2"
          aria-label={t("nav.close")}
          onClick={() => dialog.current?.close()}
        >
          <X className="size-5" aria-hidden="true" />
        </button>
        {children}
      </dialog>
    </>
  );
}
