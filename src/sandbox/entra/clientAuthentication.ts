/** Who a client at the token endpoint is, and whether its secret is taken: the checks in front of every grant. */

import {
  type Application,
  activeServicePrincipal,
  type Directory,
  findApplication,
  isSeen,
  type PasswordCredential,
  type ServicePrincipal,
  type Tenant,
} from "./directory.js";
import {
  expiredSecret,
  invalidSecret,
  malformedClient,
  missingSecret,
  noServicePrincipal,
  type SignInError,
  unknownAssertion,
  unknownClient,
} from "./signInErrors.js";

const GUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;
/** A placeholder-like guid gave 700038 in the recorded answer; an ordinary unknown one gives 700016. */
const PLACEHOLDER = /^0{8}-/;

export interface PresentedClient {
  clientId: string;
  secret: string | undefined;
  assertion: string | undefined;
}

export type Authenticated = { principal: ServicePrincipal } | { error: SignInError };

/** Secrets of an application that have not expired, refused ones too. */
export function liveSecrets(application: Application, now: Date): PasswordCredential[] {
  return application.passwordCredentials.filter(
    (credential) => Date.parse(credential.startDateTime) <= now.getTime() && now.getTime() < Date.parse(credential.endDateTime),
  );
}

/** The application behind a client id, if people and programs of this tenant may use it. */
export function usableApplication(directory: Directory, tenant: Tenant, clientId: string): Application | undefined {
  const found = findApplication(directory, clientId);
  if (found === undefined) return undefined;
  const singleTenant = (found.application.properties["signInAudience"] ?? "AzureADMyOrg") === "AzureADMyOrg";
  return found.home === tenant || !singleTenant ? found.application : undefined;
}

/**
 * The order application, service principal, secret is an assumption. A sign-in counts as a look at a new object and as an
 * attempt with a new secret.
 */
export function authenticateClient(directory: Directory, tenant: Tenant, { clientId, secret, assertion }: PresentedClient): Authenticated {
  if (!GUID.test(clientId) || PLACEHOLDER.test(clientId)) return { error: malformedClient(clientId) };
  const deployer = directory.deployers.find((entry) => entry.clientId === clientId.toLowerCase());
  const application = usableApplication(directory, tenant, clientId);
  const principal = activeServicePrincipal(tenant, clientId);
  if (deployer !== undefined) {
    // An identity of another organisation is known here only by its service principal.
    if (principal === undefined) return { error: unknownClient(clientId, tenant.name) };
    if (assertion !== undefined) return assertion === deployer.assertion ? { principal } : { error: unknownAssertion() };
    if (secret === undefined) return { error: missingSecret() };
    return secret === deployer.clientSecret ? { principal } : { error: invalidSecret(clientId) };
  }
  if (application === undefined || !isSeen(application)) return { error: unknownClient(clientId, tenant.name) };
  if (principal === undefined || !isSeen(principal)) return { error: noServicePrincipal(clientId, tenant.id) };
  if (assertion !== undefined) return { error: unknownAssertion() };
  if (secret === undefined) return { error: missingSecret() };
  const error = refuseSecret(application, secret, directory.now());
  return error === undefined ? { principal } : { error };
}

function refuseSecret(application: Application, secret: string, now: Date): SignInError | undefined {
  const credential = application.passwordCredentials.find((entry) => entry.secretText === secret);
  if (credential === undefined) return invalidSecret(application.appId);
  if (!liveSecrets(application, now).includes(credential)) return expiredSecret(application.appId);
  if (credential.refusals <= 0) return undefined;
  // The token service has not heard of it yet.
  credential.refusals -= 1;
  return invalidSecret(application.appId);
}

/** Whether the pair would be accepted now in any tenant. A look from outside: counts as no attempt. */
export function acceptsClient(directory: Directory, clientId: string, secret: string): boolean {
  if (directory.deployers.some((deployer) => deployer.clientId === clientId && deployer.clientSecret === secret)) return true;
  return directory.tenants.some((tenant) => {
    const application = usableApplication(directory, tenant, clientId);
    const principal = activeServicePrincipal(tenant, clientId);
    if (application === undefined || principal === undefined || application.unseenReads > 0 || principal.unseenReads > 0) return false;
    return liveSecrets(application, directory.now()).some((credential) => credential.secretText === secret && credential.refusals <= 0);
  });
}
