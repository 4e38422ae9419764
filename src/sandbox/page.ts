/** The HTML pages a person sees in the sandbox: sign-in, consent, and what came of it. They work without JavaScript. */

import type { ServerResponse } from "node:http";

export function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}

const STYLE = `
body { font: 16px/1.5 system-ui, sans-serif; margin: 0; background: #f3f4f6; color: #1f2937 }
main { max-width: 36rem; margin: 10vh auto; padding: 2rem; background: #fff; border-radius: 8px; box-shadow: 0 1px 6px #0002 }
h1 { font-size: 1.25rem; margin: 0 0 1rem }
ul { padding-left: 1.25rem }
label { display: block; padding: .25rem 0 }
button { font: inherit; padding: .4rem 1.2rem; margin: 1rem .5rem 0 0 }
img { max-height: 48px; display: block; margin-bottom: 1rem }
footer { margin-top: 2rem; font-size: .8rem; color: #6b7280 }`;

export interface Page {
  title: string;
  /** HTML; every text from outside has been through `escapeHtml`. */
  content: string;
  /** Attributes of the page's main element, for programs that read the page: `data-<name>`. */
  marks?: Record<string, string>;
}

export function renderPage({ title, content, marks = {} }: Page): string {
  const attributes = Object.entries(marks).map(([name, value]) => ` data-${name}="${escapeHtml(value)}"`);
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>${escapeHtml(title)}</title>
<style>${STYLE}</style></head>
<body><main${attributes.join("")}><h1>${escapeHtml(title)}</h1>
${content}
<footer>Odeus sandbox: nothing here leaves this machine.</footer></main></body></html>
`;
}

/** A page that says why something was refused. `code` is the machine-readable word (`data-error`). */
export function renderErrorPage(code: string, title: string, text: string): string {
  return renderPage({ title, content: `<p>${escapeHtml(text)}</p>`, marks: { error: code } });
}

export function sendPage(outgoing: ServerResponse, status: number, html: string): void {
  outgoing.writeHead(status, { "content-type": "text/html; charset=utf-8", "cache-control": "no-store" }).end(html);
}
