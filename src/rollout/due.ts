/** When a new secret or the removal of an old one is due: decided from recorded times alone, in whole UTC days. */

import type { Retiring, SecretRecord } from "./record.js";

export interface RotationPolicy {
  everyDays: number | undefined;
  /** 0: not before it ends. */
  renewBeforeExpiryDays: number;
}

const DAY = 86_400_000;
const dayOf = (time: string | Date): number => Math.floor(new Date(time).getTime() / DAY);

/** Why a new secret is due, in words; undefined when none is. */
export function renewalDue(secret: SecretRecord | undefined, policy: RotationPolicy, now: Date): string | undefined {
  if (secret === undefined) return undefined;
  const today = dayOf(now);
  const left = secret.expiresAt === undefined ? undefined : dayOf(secret.expiresAt) - today;
  // With one that has ended nobody can sign in, whatever the policy.
  if (left !== undefined && left <= policy.renewBeforeExpiryDays) {
    if (left === 0) return "the client secret expires today";
    return left < 0 ? `the client secret expired ${days(-left)} ago` : `the client secret expires in ${days(left)}`;
  }
  const age = today - dayOf(secret.createdAt);
  if (policy.everyDays !== undefined && age >= policy.everyDays) return `the client secret is ${days(age)} old (rotation every ${days(policy.everyDays)})`;
  return undefined;
}

function days(count: number): string {
  return `${count} day${count === 1 ? "" : "s"}`;
}

/** The retiring secrets whose overlap was over when this UTC day began. */
export function removalsDue(retiring: readonly Retiring[], now: Date): Retiring[] {
  const today = dayOf(now) * DAY;
  return retiring.filter(({ removableFrom }) => new Date(removableFrom).getTime() <= today);
}
