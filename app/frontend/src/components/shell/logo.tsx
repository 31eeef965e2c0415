/** The mark of the product: a page with a marked line. */
export function Logo() {
  return (
    <svg viewBox="0 0 24 24" className="size-6 flex-none" aria-hidden="true">
      <rect x="3" y="2" width="18" height="20" rx="4.5" className="fill-accent" />
      <path
        d="M7.5 8h9M7.5 16h5"
        className="stroke-on-accent"
        strokeWidth="1.8"
        strokeLinecap="round"
        opacity="0.55"
      />
      <path d="M7.5 12h9" className="stroke-on-accent" strokeWidth="1.8" strokeLinecap="round" />
    </svg>
  );
}
