/** Everything a rollout plays on: the workspace, the authorization servers, and the engine's side. */

import type { AuthorizationServer } from "../authorizationServers/contract.js";
import type { OdeusApi } from "../clients/odeus.js";
import type { Claims } from "../core/claims.js";
import type { Env } from "../core/env.js";
import type { Mark } from "../core/mark.js";
import type { Secret } from "../core/secret.js";
import type { FormerClient } from "./record.js";

export interface Stage {
  /** Asked for only where a slot is declared or recorded: without one, no API key is needed. */
  readonly odeus: OdeusApi;
  /** Where the declared client lives. */
  server: AuthorizationServer;
  /** Whether the recorded client is the declared one, to be kept and changed. False: it is replaced by another. */
  continues: boolean;
  /** Where an earlier client of this resource lives. */
  serverOf: (former: FormerClient) => AuthorizationServer;
  /** Client ids of earlier clients that are not removed but forgotten. */
  abandoned: readonly string[];
  /** The secret that the program gave for the recorded client. */
  formerSecret: Secret | undefined;
  /** A tenant that the program gave for a client made by hand. */
  givenTenant: string | undefined;
  mark: Mark;
  urn: string;
  claims: Claims;
  env: Env;
  /** How long to wait until a new secret is accepted, in milliseconds. */
  verifyMs: number;
}
