/** A client secret on its way: proven until the server accepts it, before any slot gets it. */

import type { AuthorizationServer, ClientWish, ProbeAnswer, RegisteredClient } from "../authorizationServers/contract.js";
import type { Env } from "../core/env.js";
import type { Secret } from "../core/secret.js";

/**
 * Asks until the server has accepted the secret as often in a row as it needs to, or the time is over.
 * A secret that was just issued may be refused for minutes before it works; one that the program gave is asked for once.
 */
export async function proveSecret(
  server: AuthorizationServer,
  client: RegisteredClient,
  secret: Secret,
  wish: ClientWish,
  env: Env,
  budgetMs: number,
): Promise<ProbeAnswer> {
  const startedAt = env.now().getTime();
  const patient = server.secrets !== "given";
  let inARow = 0;
  for (let tries = 1; ; tries += 1) {
    // The first acceptance alone; once the secret has begun to work, the others side by side.
    const answers = await Promise.all(Array.from({ length: inARow === 0 ? 1 : server.acceptances - inARow }, () => server.probe(client, secret, wish)));
    const answer = answers.find(({ verdict }) => verdict !== "accepted") ?? (answers[0] as ProbeAnswer);
    inARow = answer.verdict === "accepted" ? inARow + answers.length : 0;
    if (inARow >= server.acceptances) return answer;
    if (answer.verdict === "accepted") continue;
    const pause = Math.min(10_000, 500 * 2 ** (tries - 1));
    const over = env.now().getTime() - startedAt + pause > budgetMs;
    if (!patient || answer.verdict === "inconclusive" || over) return answer;
    await env.sleep(pause);
  }
}
