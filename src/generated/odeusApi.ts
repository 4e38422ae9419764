// Generated from api/odeus.openapi.yaml by tools/generate.ts. Do not edit.

export interface Error {
  type: "error";
  error: {
    type: "invalid_request_error" | "authentication_error" | "permission_error" | "not_found_error" | "rate_limit_error" | "overloaded_error" | "api_error";
    message: string;
  };
}

export type AuthType = "NONE" | "API_KEY" | "SERVICE_ACCOUNT" | "OAUTH" | "OAUTH_DCR";

/** Whose client the slot uses. NONE, no client at all. */
export type OAuthClientMode = "ODEUS" | "CUSTOM" | "NONE";

export interface IntegrationSummary {
  /** Format: uuid. */
  id: string;
  slug: string;
  name: string;
  description: string;
  authType: AuthType;
  buildByOdeus: boolean;
  /** Null where the integration does not use OAuth. */
  oauth: {
    mode: OAuthClientMode;
    odeusClientAvailable: boolean;
  } | null;
  actions: Action[];
}

export interface Action {
  /** Format: uuid. */
  id: string;
  name: string;
  description: string;
}

export interface NewIntegration {
  /** 1 to 40 characters. */
  name: string;
  /** 0 to 90 characters. */
  description?: string;
  authType?: AuthType;
}

export interface IntegrationChange {
  /** 1 to 40 characters. */
  name?: string;
  /** 0 to 90 characters. */
  description?: string;
}

export interface AuthField {
  /** 1 to 100 characters. */
  slug: string;
  /** 1 to 100 characters. */
  label: string;
  type: "TEXT" | "MULTI_LINE_TEXT" | "PASSWORD" | "NUMBER" | "EMBEDDING_MODEL";
  /** 0 to 500 characters. */
  description?: string;
  /** 0 to 200 characters. */
  placeholder?: string;
  required?: boolean;
}

/** The OAuth part of a custom integration. The id and the secret are write-only. */
export interface CustomOAuthClient {
  /** 1 to 500 characters. */
  clientId?: string;
  /** 1 to 500 characters. */
  clientSecret?: string;
  authUrl?: string;
  tokenUrl?: string;
  /** One string, separated by blanks. 0 to 2000 characters. */
  scopes?: string;
  /** 0 to 100 characters. */
  label?: string;
  /** 0 to 1000 characters. */
  authorizationCode?: string;
  /** 0 to 1000 characters. */
  accessTokenCode?: string;
  /** 0 to 1000 characters. */
  refreshTokenCode?: string;
}

export interface AuthChange {
  authType: AuthType;
  authFields?: AuthField[];
  /** 0 to 1000 characters. */
  authTestCode?: string;
  oauthClient?: CustomOAuthClient;
}

export interface Integration {
  /** Format: uuid. */
  id: string;
  slug: string;
  name: string;
  description: string;
  authType: AuthType;
  buildByOdeus: boolean;
  authTestCode?: string;
  authFields: {
    /** Format: uuid. */
    id: string;
    slug: string;
    label: string;
    type: string;
    description?: string;
    placeholder?: string;
    required?: boolean;
  }[];
  oauthClient: {
    clientId?: string;
    authUrl?: string;
    tokenUrl?: string;
    scopes?: string;
    label?: string;
  } | null;
  actions: Action[];
  triggers: Action[];
}

export interface IntegrationAnswer {
  integration: Integration;
}

export interface OAuthClientEntry {
  /** 1 to 500 characters. */
  clientId: string;
  /** 1 to 500 characters. */
  clientSecret?: string;
  /** Only where tenantIdSupported. 1 to 500 characters. */
  tenantId?: string | null;
  /** True, the default, leaves the list to the workspace; scopes must then be absent. */
  scopeSync?: boolean;
  scopes?: string[];
}

/** At least 1 of the properties. */
export interface OAuthClientChange {
  /** 1 to 500 characters. */
  clientSecret?: string;
  /** 1 to 500 characters. */
  tenantId?: string | null;
  scopeSync?: boolean;
  scopes?: string[];
}

export interface OAuthClient {
  /** Format: uuid. */
  integrationId: string;
  mode: OAuthClientMode;
  odeusClientAvailable: boolean;
  clientId: string | null;
  hasClientSecret: boolean;
  /** Format: date-time. */
  clientSecretUpdatedAt: string | null;
  clientSecretRequired: boolean;
  tenantId: string | null;
  tenantIdSupported: boolean;
  /** Format: uri. */
  redirectUrl: string;
  scopes: string[];
  defaultScopes: string[];
  scopeSync: boolean;
  /** Format: date-time. */
  createdAt: string | null;
  /** Format: date-time. */
  updatedAt: string | null;
}

export interface OAuthClientAnswer {
  oauthClient: OAuthClient;
}
