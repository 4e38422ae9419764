/** Who may consent to what: the checks of an authorize request before anybody signs in, and the administrator's own page. */

import type { SandboxReply, SandboxRequest } from "../counterpart.js";
import scopeData from "../data/graph-delegated-scopes.json";
import type { OAuthServerClient, Refusal } from "../oauthServer.js";
import { escapeHtml, renderErrorPage, renderPage } from "../page.js";
import { usableApplication } from "./clientAuthentication.js";
import { activeServicePrincipal, addServicePrincipal, type Directory, findApplication, GRAPH_APP_ID, type Tenant } from "./directory.js";
import { addGrant, scopesGrantedToAll } from "./grantCalls.js";
import { describe, malformedClient, noServicePrincipal, oauthErrorOf, type SignInError, unknownClient } from "./signInErrors.js";

export const GRAPH_SCOPES = new Map(scopeData.map((scope) => [scope.value, scope]));
const GRAPH_PREFIX = "https://graph.microsoft.com/";
/** Scopes of OpenID Connect never need an administrator. */
const OPENID_SCOPES = ["openid", "profile", "email", "offline_access"];

const bare = (scope: string): string => (scope.startsWith(GRAPH_PREFIX) ? scope.slice(GRAPH_PREFIX.length) : scope);

/** Both spellings of every scope that exists: apps ask for scopes as they go, registered or not (v2.0 endpoint). */
export const ALL_SCOPES = [...new Set([...OPENID_SCOPES, ...GRAPH_SCOPES.keys(), ...[...GRAPH_SCOPES.keys()].map((scope) => GRAPH_PREFIX + scope)])];

/** The page's status is not known; 400 is assumed. */
const page = (error: SignInError): Refusal => ({
  status: 400,
  title: "Sign in: sorry, but we're having trouble signing you in",
  text: describe(error),
  code: `AADSTS${error.code}`,
});

export function refuseAuthorization(
  directory: Directory,
  tenant: Tenant,
  client: OAuthServerClient | undefined,
  parameters: URLSearchParams,
): Refusal | undefined {
  const clientId = parameters.get("client_id") ?? "";
  const application = usableApplication(directory, tenant, clientId);
  if (application === undefined || client === undefined) {
    const noPrincipal = application !== undefined && activeServicePrincipal(tenant, clientId) === undefined;
    if (noPrincipal) return page(noServicePrincipal(clientId, tenant.id));
    return page(/^[0-9a-f-]{36}$/i.test(clientId) ? unknownClient(clientId, tenant.name) : malformedClient(clientId));
  }
  const redirectUri = parameters.get("redirect_uri") ?? "";
  if (!client.redirectUris.includes(redirectUri)) {
    return page({
      code: 50011,
      text: `The redirect URI '${redirectUri}' specified in the request does not match the redirect URIs configured for the application '${clientId}'. Make sure the redirect URI sent in the request matches one added to your application in the Azure portal.`,
    });
  }
  const scopes = (parameters.get("scope") ?? "").split(" ").filter((scope) => scope !== "");
  const unknown = scopes.find((scope) => !OPENID_SCOPES.includes(scope) && !GRAPH_SCOPES.has(bare(scope)));
  if (unknown !== undefined) {
    const error = {
      code: 650053,
      text: `The application '${client.name}' asked for scope '${unknown}' that doesn't exist on the resource '${GRAPH_APP_ID}'. Contact the app vendor.`,
    };
    return { ...page(error), redirectError: { error: oauthErrorOf(error.code), error_description: describe(error) } };
  }
  return refuseConsent(tenant, client, scopes.map(bare));
}

function refuseConsent(tenant: Tenant, client: OAuthServerClient, scopes: string[]): Refusal | undefined {
  const principal = activeServicePrincipal(tenant, client.clientId);
  const graph = activeServicePrincipal(tenant, GRAPH_APP_ID);
  const granted = principal === undefined || graph === undefined ? [] : scopesGrantedToAll(tenant, principal, graph);
  const missing = scopes.filter((scope) => {
    if (granted.includes(scope)) return false;
    const needsAdmin = GRAPH_SCOPES.get(scope)?.adminConsentRequired === true;
    return needsAdmin || (!tenant.usersMayConsent && !OPENID_SCOPES.includes(scope));
  });
  if (missing.length === 0) return undefined;
  return {
    status: 200,
    title: "Need admin approval",
    code: "AADSTS90094",
    text: `AADSTS90094: ${client.name} needs permission to access resources in your organization that only an admin can grant (${missing.join(", ")}). Please ask an admin to grant permission to this app before you can use it.`,
  };
}

/** `/{tenant}/adminconsent?client_id=..`: an administrator consents for everybody to what the app has registered. */
export function answerAdminConsent(directory: Directory, tenant: Tenant, request: SandboxRequest): SandboxReply {
  const html = (status: number, body: string): SandboxReply => ({ status, headers: { "content-type": "text/html; charset=utf-8" }, body });
  const clientId = request.query.get("client_id") ?? "";
  const application = usableApplication(directory, tenant, clientId);
  if (application === undefined) {
    const error = describe(unknownClient(clientId, tenant.name));
    return html(400, renderErrorPage("AADSTS700016", "Sign in", error));
  }
  const scopes = registeredScopes(application.properties["requiredResourceAccess"]);
  const name = String(application.properties["displayName"]);
  if (request.method !== "POST") {
    const list = scopes.map((scope) => `<li>${escapeHtml(scope)}</li>`).join("");
    const content = `<p>As an administrator of ${escapeHtml(tenant.name)}, allow <strong>${escapeHtml(name)}</strong> for everybody:</p><ul>${list}</ul><form method="post"><button>Accept</button></form>`;
    return html(
      200,
      renderPage({ title: "Permissions requested for your organization", content, marks: { page: "admin-consent", client: name, scopes: scopes.join(" ") } }),
    );
  }
  grantToAll(directory, tenant, clientId, scopes);
  return html(
    200,
    renderPage({ title: "Permissions granted", content: `<p>${escapeHtml(name)} may be used by everybody.</p>`, marks: { page: "admin-consent-granted" } }),
  );
}

function registeredScopes(requiredResourceAccess: unknown): string[] {
  const required = (requiredResourceAccess ?? []) as { resourceAppId: string; resourceAccess?: { id: string; type: string }[] }[];
  const ids = required.filter(({ resourceAppId }) => resourceAppId === GRAPH_APP_ID).flatMap(({ resourceAccess = [] }) => resourceAccess.map(({ id }) => id));
  return scopeData.filter(({ id }) => ids.includes(id)).map(({ value }) => value);
}

/** The vendor makes the missing service principal on this occasion. */
function grantToAll(directory: Directory, tenant: Tenant, clientId: string, scopes: string[]): void {
  const principal = activeServicePrincipal(tenant, clientId) ?? installServicePrincipal(directory, tenant, clientId);
  const graph = activeServicePrincipal(tenant, GRAPH_APP_ID);
  if (principal === undefined || graph === undefined) return;
  const existing = [...tenant.grants.values()].find(
    (grant) => grant.clientId === principal.id && grant.resourceId === graph.id && grant.consentType === "AllPrincipals",
  );
  if (existing === undefined)
    addGrant(tenant, {
      unseenReads: 0,
      clientId: principal.id,
      consentType: "AllPrincipals",
      principalId: null,
      resourceId: graph.id,
      scope: scopes.join(" "),
    });
  else existing.scope = [...new Set([...existing.scope.split(" ").filter((scope) => scope !== ""), ...scopes])].join(" ");
}

function installServicePrincipal(directory: Directory, tenant: Tenant, clientId: string) {
  const found = findApplication(directory, clientId);
  return (
    found &&
    addServicePrincipal(tenant, {
      appId: found.application.appId,
      displayName: String(found.application.properties["displayName"]),
      appOwnerOrganizationId: found.home.id,
    })
  );
}
