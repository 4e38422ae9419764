/**
 * Access tokens of app-only sign-ins, in the shape of Entra's: a JWT whose claims a client can read. Signed with a key of
 * this process and checked by it alone.
 */

import { createHmac, randomBytes, randomUUID, timingSafeEqual } from "node:crypto";
import { GRAPH_APP_ID, type ServicePrincipal, type Tenant } from "./directory.js";
import { unauthenticated } from "./graphErrors.js";

export const GRAPH_AUDIENCE = "https://graph.microsoft.com";
export const TOKEN_LIFETIME_SECONDS = 3599;

export interface AppOnlyClaims {
  aud: string;
  tid: string;
  /** Client id of the app. */
  appid: string;
  /** Object id of its service principal. */
  oid: string;
  roles?: string[];
  exp: number;
}

const key = randomBytes(32);
const encode = (value: object): string => Buffer.from(JSON.stringify(value)).toString("base64url");
const sign = (text: string): string => createHmac("sha256", key).update(text).digest("base64url");

export function mintAppOnlyToken(tenant: Tenant, principal: ServicePrincipal, audience: string, issuer: string, now: Date): string {
  const issuedAt = Math.floor(now.getTime() / 1000);
  const claims: AppOnlyClaims & Record<string, unknown> = {
    aud: audience,
    iss: issuer,
    iat: issuedAt,
    nbf: issuedAt,
    exp: issuedAt + TOKEN_LIFETIME_SECONDS,
    appid: principal.appId,
    azp: principal.appId,
    azpacr: "1",
    oid: principal.id,
    sub: principal.id,
    tid: tenant.id,
    uti: randomUUID(),
    ver: "1.0",
    idtyp: "app",
    // Without any permission the claim is absent, not empty.
    ...(audience === GRAPH_AUDIENCE && principal.graphPermissions.length > 0 ? { roles: principal.graphPermissions } : {}),
  };
  const content = `${encode({ typ: "JWT", alg: "HS256", kid: "sandbox" })}.${encode(claims)}`;
  return `${content}.${sign(content)}`;
}

/** The claims of a token that Graph accepts now; Graph's 401 otherwise. */
export function readGraphToken(authorization: string | undefined, now: Date): AppOnlyClaims {
  const token = /^Bearer (\S+)$/i.exec(authorization ?? "")?.[1];
  if (token === undefined) throw unauthenticated("Access token is empty.");
  const [header, payload, signature, ...rest] = token.split(".");
  if (header === undefined || payload === undefined || signature === undefined || rest.length > 0)
    throw unauthenticated("CompactToken parsing failed with error code: 80049217");
  const expected = Buffer.from(sign(`${header}.${payload}`));
  const given = Buffer.from(signature);
  if (given.length !== expected.length || !timingSafeEqual(given, expected)) throw unauthenticated("Signing key is invalid.");
  const claims = JSON.parse(Buffer.from(payload, "base64url").toString()) as AppOnlyClaims;
  if (claims.exp * 1000 <= now.getTime()) throw unauthenticated("Lifetime validation failed, the token is expired.");
  if (claims.aud !== GRAPH_AUDIENCE && claims.aud !== GRAPH_APP_ID) throw unauthenticated("Access token validation failure. Invalid audience.");
  return claims;
}
