/**
 * The integrations a workspace comes with. Which exist, and what they need, is the product's (integrations with and
 * without Odeus's own client, tenant id for Microsoft only); the default scopes of all but Jira and the Microsoft common
 * four are a guess, for the product shows them in its dialog and publishes no list.
 */

export type Vendor = "microsoft" | "google" | "atlassian" | "servicenow" | "notion";

export interface BuiltInIntegration {
  slug: string;
  name: string;
  description: string;
  vendor: Vendor;
  authType: "OAUTH" | "API_KEY";
  /** Whether Odeus has a client of its own for it. */
  odeusClientAvailable: boolean;
  tenantIdSupported: boolean;
  clientSecretRequired: boolean;
  defaultScopes: string[];
  actions: string[];
}

const microsoft = (slug: string, name: string, scopes: string, action: string, odeusClientAvailable = true): BuiltInIntegration => ({
  slug,
  name,
  description: `${name} of Microsoft 365`,
  vendor: "microsoft",
  authType: "OAUTH",
  odeusClientAvailable,
  tenantIdSupported: true,
  clientSecretRequired: true,
  defaultScopes: scopes.split(" "),
  actions: [action],
});

const oauth = (vendor: Vendor, slug: string, name: string, scopes: string, action: string, odeusClientAvailable = true): BuiltInIntegration => ({
  slug,
  name,
  description: name,
  vendor,
  authType: "OAUTH",
  odeusClientAvailable,
  tenantIdSupported: false,
  clientSecretRequired: true,
  defaultScopes: scopes.split(" "),
  actions: [action],
});

export const BUILT_IN_INTEGRATIONS: readonly BuiltInIntegration[] = [
  microsoft("outlook-email", "Outlook Email", "Mail.ReadWrite Mail.Send User.Read offline_access", "Send email"),
  microsoft("outlook-calendar", "Outlook Calendar", "Calendars.ReadWrite User.Read offline_access", "Create event"),
  microsoft("sharepoint", "SharePoint", "Sites.Read.All Files.Read.All offline_access", "Search files"),
  microsoft("onedrive", "OneDrive", "Files.ReadWrite.All User.Read offline_access", "Download file"),
  microsoft("excel", "Excel", "Files.ReadWrite.All User.Read offline_access", "Read worksheet"),
  microsoft("microsoft-teams", "Microsoft Teams", "Chat.ReadWrite ChannelMessage.Send Team.ReadBasic.All Channel.ReadBasic.All offline_access", "Send message"),
  microsoft("planner", "Microsoft Planner", "Tasks.ReadWrite User.Read offline_access", "Create task"),
  // User.Read.All always needs an administrator's consent.
  microsoft("entra-directory", "Entra directory", "User.Read.All offline_access", "Find user", false),
  oauth("google", "google-drive", "Google Drive", "https://www.googleapis.com/auth/drive.readonly", "Search files"),
  oauth("google", "gmail", "Gmail", "https://www.googleapis.com/auth/gmail.modify https://www.googleapis.com/auth/gmail.send", "Send email"),
  oauth("google", "google-calendar", "Google Calendar", "https://www.googleapis.com/auth/calendar.events", "Create event"),
  oauth("atlassian", "jira", "Jira", "read:jira-work write:jira-work read:jira-user offline_access manage:jira-configuration", "Create issue"),
  oauth("atlassian", "confluence", "Confluence", "read:confluence-content.all read:confluence-space.summary search:confluence offline_access", "Search pages"),
  oauth("servicenow", "servicenow", "ServiceNow", "useraccount", "Create incident", false),
  {
    slug: "notion-api",
    name: "Notion (API key)",
    description: "Notion with a key of each user",
    vendor: "notion",
    authType: "API_KEY",
    odeusClientAvailable: false,
    tenantIdSupported: false,
    clientSecretRequired: false,
    defaultScopes: [],
    actions: ["Search pages"],
  },
];
