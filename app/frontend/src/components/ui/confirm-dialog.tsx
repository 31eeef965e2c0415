"use client";

import { type ReactNode, useEffect, useId, useRef } from "react";
import { useTexts } from "@/texts/client";

interface ConfirmDialogProps {
  title: string;
  confirm: string;
  children?: ReactNode;
  onConfirm: () => void;
  onClose: () => void;
}

/** Asks before something is done that can't be undone. It is open as long as it is rendered. */
export function ConfirmDialog({
  title,
  confirm,
  children,
  onConfirm,
  onClose,
}: ConfirmDialogProps) {
  const t = useTexts();
  const heading = useId();
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => dialog.current?.showModal(), []);
  return (
    <dialog ref={dialog} aria-labelledby={heading} className="modal" onClose={onClose} data-confirm>
      <form
        method="dialog"
        className="space-y-4 p-5"
        onSubmit={(event) => {
          const { submitter } = event.nativeEvent as SubmitEvent;
          if ((submitter as HTMLButtonElement | null)?.value === "yes") onConfirm();
        }}
      >
        <h2 id={heading} className="font-semibold">
          {title}
        </h2>
        {children}
        <div className="flex justify-end gap-2">
          <button type="submit" value="no" className="button button-quiet">
            {t("dialog.cancel")}
          </button>
          <button type="submit" value="yes" className="button button-bad">
            {confirm}
          </button>
        </div>
      </form>
    </dialog>
  );
}
