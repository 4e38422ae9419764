/** What a tenant's policy says of client secrets, as far as the identity may read it (Policy.Read.All). */

import type { AppManagementPolicy, Graph } from "../clients/graph.js";
import { RemoteError } from "../core/errors.js";

export interface SecretPolicy {
  /** No secret may be added at all. */
  forbidden: boolean;
  longestDays: number | undefined;
}

/** Undefined where it cannot be read, or nothing is restricted: it is advice, and no reason to fail. */
export async function readSecretPolicy(graph: Graph, now: Date): Promise<SecretPolicy | undefined> {
  const policy = await graph.getAppManagementPolicy().catch((error: unknown) => {
    if (error instanceof RemoteError) return undefined;
    throw error;
  });
  if (policy === undefined || !policy.isEnabled) return undefined;
  const inForce = (policy.applicationRestrictions?.passwordCredentials ?? []).filter((one) => applies(one, now));
  const longest = inForce.find(({ restrictionType }) => restrictionType === "passwordLifetime")?.maxLifetime;
  return {
    forbidden: inForce.some(({ restrictionType }) => restrictionType === "passwordAddition"),
    longestDays: longest == null ? undefined : daysOf(longest),
  };
}

type Restriction = NonNullable<NonNullable<AppManagementPolicy["applicationRestrictions"]>["passwordCredentials"]>[number];

function applies({ state, restrictForAppsCreatedAfterDateTime: after }: Restriction, now: Date): boolean {
  return state !== "disabled" && (after == null || new Date(after) <= now);
}

/** Whole days of an ISO 8601 duration, months and years at their shortest. */
function daysOf(duration: string): number | undefined {
  const parts = /^P(?:(\d+)Y)?(?:(\d+)M)?(?:(\d+)W)?(?:(\d+)D)?(?:T.*)?$/.exec(duration);
  if (parts === null) return undefined;
  const [years, months, weeks, days] = parts.slice(1).map((part) => Number(part ?? 0));
  return (years ?? 0) * 365 + (months ?? 0) * 28 + (weeks ?? 0) * 7 + (days ?? 0);
}

/** What stands against secrets of this lifetime, for people. */
export function policyWarnings(policy: SecretPolicy | undefined, lifetimeDays: number): string[] {
  if (policy?.forbidden) return ["the tenant's app management policy forbids client secrets, so none can be issued; ask its administrators for an exception"];
  if (policy?.longestDays === undefined || lifetimeDays <= policy.longestDays) return [];
  return [
    `entra.secretLifetimeDays: the tenant's app management policy allows client secrets of at most ${policy.longestDays} days, and this asks for ${lifetimeDays}; Entra refuses to issue one. Set it to ${policy.longestDays} or less.`,
  ];
}
