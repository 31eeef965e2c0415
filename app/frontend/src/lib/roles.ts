import type { Me } from "./api/types";

/** What a visitor may do. The backend decides; pages only leave out what it would refuse. */

const ROLES = ["reader", "writer", "admin"] as const;

/** Whether somebody has this role, or one that includes it; of whom nothing is known: yes. */
export function may(me: Me | null, role: Me["role"]): boolean {
  return me === null || ROLES.indexOf(me.role) >= ROLES.indexOf(role);
}

/** Whether keys can be made here: by an admin who has signed in, as pages are open to all else. */
export function managesKeys(me: Me | null): boolean {
  return me !== null && me.auth === "oidc" && me.role === "admin";
}
