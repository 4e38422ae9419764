/** Login and consent of the OAuth server: one page that works without JavaScript, and what its form sets going. */

import type { IncomingMessage, ServerResponse } from "node:http";
import type { Interaction, Provider } from "oidc-provider";
import type { OAuthServerClient, OAuthServerOptions } from "./oauthServer.js";
import { escapeHtml, renderErrorPage, renderPage, sendPage } from "./page.js";

export const scopesOf = (text: string | null): string[] => (text ?? "").split(" ").filter((scope) => scope !== "");

/** Without the two words of the protocol itself; if the resource had them too, consent would be asked for without end. */
export const ofResource = (scopes: string[]): string[] => scopes.filter((scope) => scope !== "openid" && scope !== "offline_access");

/** Shows the page; the post of its form ends the interaction. */
export async function answerInteraction(options: OAuthServerOptions, provider: Provider, incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
  // The cookie, not the path, says which interaction this is.
  const details = await provider.interactionDetails(incoming, outgoing).catch(() => undefined);
  const client = await options.findClient(String(details?.params["client_id"]));
  if (details === undefined || client === undefined) {
    return sendPage(outgoing, 400, renderErrorPage("session_expired", "Session expired", "Start again where you came from."));
  }
  const scopes = scopesOf(String(details.params["scope"] ?? ""));
  if (incoming.method !== "POST") return sendPage(outgoing, 200, consentPage(options, client, scopes, details.uid));

  const form = await readForm(incoming);
  if (form.get("decision") === "cancel") {
    return provider.interactionFinished(incoming, outgoing, { error: "access_denied", error_description: "The user declined to consent." });
  }
  const user = options.users.find(({ id }) => id === form.get("user"));
  if (user === undefined) return sendPage(outgoing, 400, renderErrorPage("unknown_user", "No such user", "Choose one of the users of the page."));
  const refusal = options.refuseUser?.(client, user.id, scopes);
  if (refusal !== undefined) return sendPage(outgoing, refusal.status, renderErrorPage(refusal.code ?? refusal.title, refusal.title, refusal.text));
  await forgetOtherUser(provider, details, user.id);
  const grant = new provider.Grant({ accountId: user.id, clientId: client.clientId });
  grant.addOIDCScope(scopes.join(" "));
  grant.addResourceScope(options.resource, ofResource(scopes).join(" "));
  const grantId = await grant.save();
  return provider.interactionFinished(incoming, outgoing, { login: { accountId: user.id }, consent: { grantId } });
}

/** Someone else was signed in on this browser: oidc-provider would put a sign-out page in between that needs JavaScript. */
async function forgetOtherUser(provider: Provider, details: Interaction, userId: string): Promise<void> {
  if (details.session === undefined || details.session.accountId === userId) return;
  await (await provider.Session.findByUid(details.session.uid))?.destroy();
  delete details.session;
  await details.save(details.exp - Math.floor(Date.now() / 1000));
}

function consentPage(options: OAuthServerOptions, client: OAuthServerClient, scopes: string[], interaction: string): string {
  const logo = client.logoUrl === undefined ? "" : `<img src="${escapeHtml(client.logoUrl)}" alt="">`;
  const users = options.users.map(
    ({ id, name }, index) =>
      `<label><input type="radio" name="user" value="${escapeHtml(id)}"${index === 0 ? " checked" : ""}> ${escapeHtml(name)} (${escapeHtml(id)})</label>`,
  );
  return renderPage({
    title: "Sign in and allow access",
    marks: { page: "consent", client: client.name, scopes: scopes.join(" ") },
    content: `${logo}<p><strong>${escapeHtml(client.name)}</strong> asks for:</p>
<ul>${scopes.map((scope) => `<li>${escapeHtml(scope)}</li>`).join("")}</ul>
<form method="post"><input type="hidden" name="interaction" value="${escapeHtml(interaction)}">
${users.join("\n")}
<button name="decision" value="accept">Accept</button><button name="decision" value="cancel">Cancel</button></form>`,
  });
}

async function readForm(incoming: IncomingMessage): Promise<URLSearchParams> {
  const chunks: Buffer[] = [];
  for await (const chunk of incoming) chunks.push(chunk as Buffer);
  return new URLSearchParams(Buffer.concat(chunks).toString());
}
