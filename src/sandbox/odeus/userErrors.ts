/** The errors a user meets while connecting, and what the product's documentation says to do. */

export interface UserError {
  /** One of the four documented words, or the server's own. */
  code: string;
  title: string;
  /** What the server said. */
  detail: string;
  remedy: string;
}

const DOCUMENTED: Record<string, { title: string; remedy: string }> = {
  redirect_uri_mismatch: {
    title: "redirect_uri_mismatch",
    remedy: "The redirect URL differs between Odeus and the app. Copy it exactly; check trailing slash, protocol and environment.",
  },
  invalid_client: {
    title: "invalid client",
    remedy: "The client ID or secret is wrong. Check both again, without extra spaces, and that the client is enabled at the provider.",
  },
  consent_required: {
    title: "consent required",
    remedy: "Admin consent is not granted. Grant it, or allow user consent where that fits, and check the tenant's allow-lists.",
  },
  insufficient_scope: {
    title: "insufficient_scope",
    remedy: "Scopes are missing in the app. Add all scopes shown, with the exact upper and lower case; users may have to reconnect.",
  },
};

/**
 * Entra's words in the text come first: it answers with the same `error` for different causes. Numbers: the data on Entra's
 * token errors; a number that is not here falls through to the word.
 */
const SIGNS: [RegExp, string][] = [
  [/redirect_uri_mismatch|AADSTS50011\b/, "redirect_uri_mismatch"],
  [/consent_required|interaction_required|AADSTS65001\b|AADSTS9009[45]\b/, "consent_required"],
  [/insufficient_scope|invalid_scope|AADSTS650053\b|AADSTS650057\b|AADSTS70011\b/, "insufficient_scope"],
  [/invalid_client|unauthorized_client|AADSTS70002\d\d\b|AADSTS700016\b/, "invalid_client"],
];

export function userError(error: string, detail: string, status?: number): UserError {
  const sign = SIGNS.find(([pattern]) => pattern.test(`${error} ${detail}`))?.[1];
  // Atlassian answers 401 access_denied to a wrong client.
  const code = sign ?? (status === 401 ? "invalid_client" : error);
  const { title, remedy } = DOCUMENTED[code] ?? {
    title: code,
    remedy: "The workspace's administrator can see and change the client in Workspace settings, Integrations.",
  };
  return { code, title, detail, remedy };
}
