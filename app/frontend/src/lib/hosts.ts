/** Which names this server answers to. */

/** Addresses are no names that somebody else's DNS could point here; health checks use them. */
const ADDRESS = /^(\d{1,3}(\.\d{1,3}){3}|\[[0-9a-f:.]+\]|localhost)$/;

/**
 * Whether a request for this host is served.
 *
 * @param host the Host header, with or without a port
 * @param allowed names with commas between them; empty: any name
 */
export function isAllowedHost(host: string | null, allowed: string): boolean {
  const names = allowed.split(",").map((name) => name.trim().toLowerCase());
  if (!names.some(Boolean)) return true;
  const name = (host ?? "").toLowerCase().replace(/:\d+$/, "");
  return names.includes(name) || ADDRESS.test(name);
}
