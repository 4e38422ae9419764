/**
 * A minimal browser: it follows redirects by hand, keeps cookies per host, submits the sign-in and consent form, and stops
 * at the first page without a form, which is what the person ends up looking at.
 */

import { type IncomingHttpHeaders, request as requestPlain } from "node:http";
import { request as requestTls } from "node:https";

export interface ConnectUser {
  /** Where the person clicks: the workspace's "connect" link. */
  startUrl: string;
  /** Who signs in: the value chosen on the sign-in page. */
  user: string;
  /** Certificate that https is checked against. */
  ca?: string;
  /** The person presses "Cancel" on the consent page. */
  cancel?: boolean;
}

export interface Connected {
  connected: boolean;
  /** The machine-readable word of an error page. */
  error?: string;
  /** The last page as a person reads it. */
  text: string;
  /** The client's name on the consent page. */
  consentShows?: string;
  /** What was granted in the end. */
  scopes?: string[];
  /** Every URL visited, in order, without the values of code and state. */
  hops: string[];
}

const HOP_LIMIT = 20;
const TIMEOUT_MILLISECONDS = 15_000;

export async function connectUser({ startUrl, user, ca, cancel = false }: ConnectUser): Promise<Connected> {
  const cookies = createCookieJar();
  const hops: string[] = [];
  let consentShows: string | undefined;
  let url = new URL(startUrl);
  let form: URLSearchParams | undefined;

  while (hops.length < HOP_LIMIT) {
    hops.push(withoutValues(url));
    const page = await load(url, form, cookies, ca);
    form = undefined;
    if (page.location !== undefined) {
      url = new URL(page.location, url);
      continue;
    }
    const marks = marksOf(page.html);
    if (marks["page"] === "consent") {
      consentShows = marks["client"];
      const submission = fillForm(page.html, { user, decision: cancel ? "cancel" : "accept" });
      url = new URL(submission.action, url);
      form = submission.values;
      continue;
    }
    return {
      connected: marks["connected"] !== undefined,
      ...(marks["error"] === undefined ? {} : { error: marks["error"] }),
      text: textOf(page.html),
      ...(consentShows === undefined ? {} : { consentShows }),
      ...(marks["scopes"] === undefined ? {} : { scopes: marks["scopes"].split(" ") }),
      hops,
    };
  }
  throw new Error(`no end after ${HOP_LIMIT} pages:\n${hops.join("\n")}`);
}

interface LoadedPage {
  /** Set for a redirect. */
  location: string | undefined;
  html: string;
}

/** One request; a form is posted, anything else is a GET, as after a 303. */
function load(url: URL, form: URLSearchParams | undefined, cookies: CookieJar, ca: string | undefined): Promise<LoadedPage> {
  const send = url.protocol === "https:" ? requestTls : requestPlain;
  const body = form?.toString();
  const headers: Record<string, string> = { accept: "text/html", ...cookies.header(url) };
  if (body !== undefined) headers["content-type"] = "application/x-www-form-urlencoded";
  return new Promise((resolve, reject) => {
    const options = { method: body === undefined ? "GET" : "POST", headers, timeout: TIMEOUT_MILLISECONDS, ...(ca === undefined ? {} : { ca }) };
    const outgoing = send(url, options, (incoming) => {
      cookies.store(url, incoming.headers);
      const chunks: Buffer[] = [];
      incoming.on("data", (chunk: Buffer) => chunks.push(chunk));
      incoming.on("error", reject);
      incoming.on("end", () => resolve({ location: incoming.headers.location, html: Buffer.concat(chunks).toString("utf8") }));
    });
    outgoing.on("timeout", () => outgoing.destroy(new Error(`no answer from ${withoutValues(url)}`)));
    outgoing.on("error", reject);
    outgoing.end(body);
  });
}

interface CookieJar {
  header(url: URL): { cookie?: string };
  store(url: URL, headers: IncomingHttpHeaders): void;
}

/** Cookies with host and path: the sign-in server gives the same name to different steps. The port does not part cookies. */
function createCookieJar(): CookieJar {
  const cookies = new Map<string, { name: string; value: string; host: string; path: string }>();
  return {
    header(url) {
      const pairs = [...cookies.values()]
        .filter(({ host, path }) => host === url.hostname && covers(path, url.pathname))
        .map(({ name, value }) => `${name}=${value}`);
      return pairs.length === 0 ? {} : { cookie: pairs.join("; ") };
    },
    store(url, headers) {
      for (const line of headers["set-cookie"] ?? []) {
        const [pair = "", ...attributes] = line.split(/;\s*/);
        const name = pair.slice(0, pair.indexOf("="));
        const value = pair.slice(pair.indexOf("=") + 1);
        const attribute = (wanted: string) => attributes.find((text) => text.toLowerCase().startsWith(`${wanted}=`))?.slice(wanted.length + 1);
        const path = attribute("path") ?? "/";
        const key = `${url.hostname} ${path} ${name}`;
        const expires = attribute("expires");
        if (expires !== undefined && Date.parse(expires) <= Date.now()) cookies.delete(key);
        else cookies.set(key, { name, value, host: url.hostname, path });
      }
    },
  };
}

const covers = (cookiePath: string, path: string): boolean => path === cookiePath || path.startsWith(cookiePath.endsWith("/") ? cookiePath : `${cookiePath}/`);

/** The `data-*` attributes of the page's main element. */
function marksOf(html: string): Record<string, string> {
  const main = /<main\b[^>]*>/.exec(html)?.[0] ?? "";
  return Object.fromEntries([...main.matchAll(/data-([a-z-]+)="([^"]*)"/g)].map(([, name = "", value = ""]) => [name, unescapeHtml(value)]));
}

/** The page's one form: its hidden fields as they are, the choices as the person makes them. */
function fillForm(html: string, choices: Record<string, string>): { action: string; values: URLSearchParams } {
  const attribute = (tag: string, name: string) => {
    const found = new RegExp(`\\b${name}="([^"]*)"`).exec(tag)?.[1];
    return found === undefined ? undefined : unescapeHtml(found);
  };
  const values = new URLSearchParams(choices);
  for (const [tag] of html.matchAll(/<input\b[^>]*>/g)) {
    if (attribute(tag, "type") === "hidden") values.set(attribute(tag, "name") ?? "", attribute(tag, "value") ?? "");
  }
  return { action: attribute(/<form\b[^>]*>/.exec(html)?.[0] ?? "", "action") ?? "", values };
}

function textOf(html: string): string {
  const body = html.replace(/<(style|script|footer)\b[\s\S]*?<\/\1>/g, "").replace(/^[\s\S]*<body>/, "");
  return unescapeHtml(body.replace(/<[^>]+>/g, " "))
    .replace(/\s+/g, " ")
    .trim();
}

const NAMED: Record<string, string> = { lt: "<", gt: ">", quot: '"', apos: "'", amp: "&" };

function unescapeHtml(text: string): string {
  return text.replace(/&(?:#(\d+)|([a-z]+));/g, (whole, code: string | undefined, name: string | undefined) =>
    code === undefined ? (NAMED[name ?? ""] ?? whole) : String.fromCodePoint(Number(code)),
  );
}

/** A code or state in a list of pages would be a credential in a log. */
function withoutValues(url: URL): string {
  const shown = new URL(url);
  for (const name of ["code", "state"]) if (shown.searchParams.has(name)) shown.searchParams.set(name, "...");
  return shown.href;
}
