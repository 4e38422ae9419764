/** Microsoft Entra as one https origin: Graph under /v1.0, and the sign-in of every tenant under its id. */

import type { Counterpart, SandboxReply, SandboxRequest } from "../counterpart.js";
import { acceptsClient } from "./clientAuthentication.js";
import type { Application, Directory, PermissionGrant, ServicePrincipal } from "./directory.js";
import { answerGraph, graphOperation } from "./graph.js";
import { graphErrorOfStatus, graphErrorReply } from "./graphErrors.js";
import { GRAPH_ROOT } from "./routes.js";
import { createSignIn, isSignInPage, signInOperation } from "./signIn.js";
import { tokenErrorOfStatus } from "./signInErrors.js";

export interface EntraCounterpart extends Counterpart {
  /** Whether a token endpoint of its tenants takes this pair now. */
  accepts(clientId: string, secret: string): boolean;
  /** Takes over the objects of the tenants that `state()` gave, in their order. The tenants and the deploying identities stay. */
  restore(saved: { tenants: SavedTenant[] }): void;
}

interface SavedTenant {
  applications: Application[];
  servicePrincipals: ServicePrincipal[];
  grants: PermissionGrant[];
}

const isGraph = (path: string): boolean => path.startsWith(`${GRAPH_ROOT}/`);
const LOGO = /^\/logos\/([0-9a-f-]+)$/;

export function createEntraCounterpart(directory: Directory, origin: () => string): EntraCounterpart {
  const signIn = createSignIn(directory, origin);
  return {
    name: "entra",
    operation(method, path) {
      if (LOGO.test(path)) return { name: "logo", changes: false };
      return isGraph(path) ? graphOperation(method, path) : signInOperation(method, path);
    },
    async handle(request) {
      if (LOGO.test(request.path)) return answerLogo(directory, request);
      return isGraph(request.path) ? answerGraph(directory, request) : signIn.answer(request);
    },
    errorReply: (status, path) => (isGraph(path) ? graphErrorReply(graphErrorOfStatus(status), directory.now()) : tokenErrorOfStatus(status, directory.now())),
    raw: (_method, path) => !isGraph(path) && isSignInPage(path),
    handleRaw: (incoming, outgoing) => signIn.handleRaw(incoming, outgoing),
    accepts: (clientId, secret) => acceptsClient(directory, clientId, secret),
    restore(saved) {
      saved.tenants.forEach(({ applications, servicePrincipals, grants }, index) => {
        const tenant = directory.tenants[index];
        if (tenant === undefined) return;
        // The state tells of a logo that there is one, and not its bytes.
        for (const { logo: _, ...application } of applications) tenant.applications.set(application.id, application);
        const arriving = new Set(servicePrincipals.map(({ appId }) => appId));
        for (const { id, appId } of [...tenant.servicePrincipals.values()]) if (arriving.has(appId)) tenant.servicePrincipals.delete(id);
        for (const principal of servicePrincipals) tenant.servicePrincipals.set(principal.id, principal);
        for (const grant of grants) tenant.grants.set(grant.id, grant);
      });
    },
    state: () => ({
      deployers: directory.deployers,
      lag: directory.lag,
      tenants: directory.tenants.map((tenant) => ({
        ...tenant,
        applications: [...tenant.applications.values()].map(({ logo, ...application }) => ({
          ...application,
          logo: logo === undefined ? null : { contentType: logo.contentType, bytes: logo.bytes.length },
        })),
        servicePrincipals: [...tenant.servicePrincipals.values()],
        grants: [...tenant.grants.values()],
      })),
    }),
  };
}

/** Logos are public, as the vendor's are: consent pages show them. */
function answerLogo(directory: Directory, request: SandboxRequest): SandboxReply {
  const id = LOGO.exec(request.path)?.[1] ?? "";
  const logo = directory.tenants.map((tenant) => tenant.applications.get(id)?.logo).find((entry) => entry !== undefined);
  return logo === undefined ? { status: 404, body: "" } : { status: 200, headers: { "content-type": logo.contentType }, body: logo.bytes };
}
