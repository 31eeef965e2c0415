/** Response headers that keep the page to its own origin. */

export const STATIC_SECURITY_HEADERS = [
  { key: "X-Content-Type-Options", value: "nosniff" },
  { key: "X-Frame-Options", value: "DENY" },
  // Not "no-referrer": browsers then send "Origin: null" with a form, which the
  // check against forged requests has to turn away.
  { key: "Referrer-Policy", value: "same-origin" },
  { key: "Permissions-Policy", value: "camera=(), geolocation=(), microphone=(), payment=()" },
  { key: "Cross-Origin-Opener-Policy", value: "same-origin" },
  { key: "Cross-Origin-Resource-Policy", value: "same-origin" },
];

/** One year, in seconds. */
const HSTS_MAX_AGE = 365 * 24 * 60 * 60;

/** Sent only where the visitor came by TLS. */
export const HSTS_HEADER = {
  key: "Strict-Transport-Security",
  value: `max-age=${HSTS_MAX_AGE}`,
};

/**
 * The Content-Security-Policy of one response.
 *
 * @param nonce fresh random value; Next puts it on the scripts it writes
 * @param development React's development build needs `eval`
 */
export function contentSecurityPolicy(nonce: string, development: boolean): string {
  const evaluate = development ? " 'unsafe-eval'" : "";
  return [
    "default-src 'self'",
    `script-src 'self' 'nonce-${nonce}' 'strict-dynamic'${evaluate}`,
    development ? "style-src 'self' 'unsafe-inline'" : `style-src 'self' 'nonce-${nonce}'`,
    "img-src 'self' data:",
    "worker-src 'self'",
    "font-src 'self'",
    "connect-src 'self'",
    "object-src 'none'",
    "base-uri 'none'",
    "form-action 'self'",
    "frame-ancestors 'none'",
  ].join("; ");
}
