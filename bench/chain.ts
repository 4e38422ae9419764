/**
 * The longest chain of calls of one create, each of which needs an answer of the one before. It comes from the record of the calls
 * that were really made and from the table below, which says what each needs, not in which order they happened to be made: a call
 * that waits for nothing it needs makes the create longer than its chain, and shows in the ratio.
 */

import { MICROSOFT_GRAPH_APP_ID } from "../src/clients/graph.js";
import type { RecordedCall } from "../src/sandbox/calls.js";

const NEEDS = {
  "sign-in host": [],
  "sign-in": ["sign-in host"],
  list: [],
  slot: ["list"],
  "earlier app": ["sign-in"],
  scopes: ["sign-in"],
  policy: ["sign-in"],
  // Nothing is made before everything that reads can tell is known.
  app: ["slot", "earlier app", "scopes", "policy"],
  "service principal": ["app"],
  secret: ["app"],
  "first proof": ["service principal", "secret"],
  // A secret is asked for again only once it has begun to work: every wrong try stands in somebody's log.
  "other proofs": ["first proof"],
  entry: ["first proof", "other proofs"],
  "slot again": ["entry"],
  "app again": ["entry"],
  "service principal again": ["entry"],
} as const;

type Step = keyof typeof NEEDS;

/** What each step needs an answer of. */
export type Needs<Step extends string> = Readonly<Record<Step, readonly Step[]>>;

export interface Chain {
  /** Steps of the longest chain, in order. */
  steps: string[];
  /** How many calls came one after the other in time: the latest began after so many answers. */
  inTime: number;
}

export function chainOf(calls: readonly RecordedCall[], latencyMilliseconds: number): Chain {
  return { steps: longestChain(NEEDS, new Set(stepsOf(calls))), inTime: inTime(calls, latencyMilliseconds) };
}

export function longestChain<Step extends string>(needs: Needs<Step>, made: ReadonlySet<Step>): Step[] {
  const longest = new Map<Step, Step[]>();
  const to = (step: Step): Step[] => {
    const known = longest.get(step);
    if (known !== undefined) return known;
    // A step that this create did not make (signed in already) stands for what it would have needed.
    const before = needs[step].map(to).reduce((a, b) => (b.length > a.length ? b : a), []);
    const chain = made.has(step) ? [...before, step] : before;
    longest.set(step, chain);
    return chain;
  };
  return (Object.keys(needs) as Step[]).map(to).reduce((a, b) => (b.length > a.length ? b : a), []);
}

export function inTime(calls: readonly RecordedCall[], latency: number): number {
  const depths: number[] = [];
  for (const [index, { at }] of calls.entries()) {
    // A call's answer leaves the sandbox no sooner than its latency after it came.
    depths.push(1 + Math.max(0, ...depths.filter((_, earlier) => earlier < index && (calls[earlier]?.at ?? 0) + latency <= at)));
  }
  return Math.max(0, ...depths);
}

function stepsOf(calls: readonly RecordedCall[]): Step[] {
  const signedIn = calls.some(({ operation }) => operation === "discovery");
  const tokens = calls.filter(({ operation }) => operation === "token");
  const entered = calls.findIndex(({ operation }) => operation === "putOAuthClient");
  return calls.map((call, index) => {
    const { operation, path } = call;
    switch (operation) {
      case "discovery":
        return "sign-in host";
      case "token": {
        const position = tokens.indexOf(call) - (signedIn ? 1 : 0);
        return position < 0 ? "sign-in" : position === 0 ? "first proof" : "other proofs";
      }
      case "listIntegrations":
        return "list";
      case "getOAuthClient":
        return index < entered ? "slot" : "slot again";
      case "getApplication":
        return path.includes("uniqueName") ? "earlier app" : "app again";
      case "getServicePrincipal":
        return path.includes(MICROSOFT_GRAPH_APP_ID) ? "scopes" : "service principal again";
      case "getAppManagementPolicy":
        return "policy";
      case "upsertApplication":
        return "app";
      case "upsertServicePrincipal":
        return "service principal";
      case "addPassword":
        return "secret";
      case "putOAuthClient":
        return "entry";
      default:
        throw new Error(`bench/chain.ts does not know what the call ${operation} (${path}) needs`);
    }
  });
}
