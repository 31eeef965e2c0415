interface SubmitButtonProps {
  label: string;
  pendingLabel: string;
  pending: boolean;
}

/** Stays focusable while it works, so that the keyboard doesn't lose its place. */
export function SubmitButton({ label, pendingLabel, pending }: SubmitButtonProps) {
  return (
    <button
      type="submit"
      className="button"
      aria-disabled={pending}
      onClick={(event) => {
        if (pending) event.preventDefault();
      }}
    >
      {pending ? pendingLabel : label}
    </button>
  );
}
