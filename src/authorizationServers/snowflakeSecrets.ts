/** The two client secrets of a security integration: both always valid, both readable, renewed one at a time. */

import { createHash } from "node:crypto";
import type { ClientSecrets, SnowflakeApi } from "../clients/snowflake.js";
import { SNOWFLAKE_CODES } from "../clients/snowflakeErrors.js";
import type { Env } from "../core/env.js";
import { isRemote, mayHaveHappened, messageOf, OdeusError } from "../core/errors.js";
import type { Secret } from "../core/secret.js";
import { askUntil } from "../core/wait.js";
import type { IssuedSecret, KnownSecrets } from "./contract.js";
import { LAG } from "./snowflakeLag.js";

type SecretSlot = 1 | 2;

export interface SnowflakeSecrets {
  /** As read after our last statement that changes something. */
  read(): Promise<ClientSecrets>;
  /** The same of an integration that was just made: until they are those of this client, they are what had the name before. */
  readNew(clientId: () => Promise<string | undefined>): Promise<void>;
  /** What was read may no longer hold. */
  forget(): void;
  /** The secret in use. */
  inUse(known: KnownSecrets): Promise<IssuedSecret>;
  /** Whether the secret in use is another one than the recorded one; `unread`: why this role cannot tell. */
  compare(known: KnownSecrets): Promise<{ renewed: boolean; unread?: string }>;
  /** A new secret in the slot that is not in use; the other one stays as it is. */
  renewIdle(known: KnownSecrets): Promise<IssuedSecret>;
  /** Ends what is in the slot. Answers the digest of what takes its place. */
  renew(slot: SecretSlot): Promise<string | undefined>;
}

export function createSecrets(api: () => Promise<SnowflakeApi>, name: string, env: Env): SnowflakeSecrets {
  let secrets: Promise<ClientSecrets> | undefined;

  function read(): Promise<ClientSecrets> {
    secrets ??= api()
      .then((snowflake) => snowflake.clientSecrets(name))
      .catch((error: unknown) => {
        secrets = undefined;
        throw error;
      });
    return secrets;
  }

  function forget(): void {
    secrets = undefined;
  }

  function issued({ secrets: both }: ClientSecrets, slot: SecretSlot): IssuedSecret {
    const [value, idle] = slot === 1 ? both : [both[1], both[0]];
    return { keyId: String(slot), value, createdAt: env.now().toISOString(), digest: digestOf(value), idleDigest: digestOf(idle) };
  }

  /** One that is not as recorded was renewed since; an answer from before our own last statement says the same, so it is read twice. */
  async function inSlot(slot: SecretSlot, recorded: string | undefined): Promise<IssuedSecret> {
    const first = issued(await read(), slot);
    if (recorded === undefined || first.digest === recorded) return first;
    forget();
    return issued(await read(), slot);
  }

  /** A new value in place of `before`, which ends. Each statement makes another one: what counts is which one is there. */
  async function renewed(slot: SecretSlot, before: IssuedSecret): Promise<IssuedSecret> {
    let lost: unknown;
    try {
      await (await api()).refreshSecret(name, slot);
    } catch (error) {
      if (!mayHaveHappened(error) || env.signal.aborted) throw error;
      lost = error;
    } finally {
      // DESC tells nothing of the secrets, so what it told still holds.
      forget();
    }
    const now = await askUntil(
      { env, ...LAG, ...(lost === undefined ? {} : { budgetMs: 0 }) },
      ({ digest }) => digest !== before.digest,
      async () => {
        forget();
        return issued(await read(), slot);
      },
    );
    if (now.digest !== before.digest) return now;
    throw lost ?? new OdeusError("the account took the statement and still shows the former secret. Run again.");
  }

  async function readNew(clientId: () => Promise<string | undefined>): Promise<void> {
    let denied: unknown;
    const shown = await askUntil(
      { env, ...LAG },
      (isTheirs) => isTheirs,
      async () => {
        denied = undefined;
        const now = await read().catch((error: unknown) => {
          if (!isNotThere(error)) throw error;
          denied = error;
        });
        if (now !== undefined && now.clientId === (await clientId())) return true;
        forget();
        return false;
      },
    );
    if (!shown) throw denied ?? new OdeusError("the account shows another client id or other secrets than DESC: somebody has just changed them. Run again.");
  }

  return {
    read,
    readNew,
    forget,
    inUse: (known) => inSlot(slotInUse(known), known.current?.digest),
    async compare(known) {
      const recorded = known.current?.digest;
      if (recorded === undefined) return { renewed: false };
      try {
        const { secrets: both } = await read();
        return { renewed: digestOf(both[slotInUse(known) - 1] as Secret) !== recorded };
      } catch (error) {
        if (isRemote(error, undefined, SNOWFLAKE_CODES.noPrivilege)) return { renewed: false, unread: messageOf(error) };
        // Of an integration that is gone, DESC tells.
        if (isNotThere(error)) return { renewed: false };
        throw error;
      }
    },
    async renewIdle(known) {
      const idle = slotInUse(known) === 1 ? 2 : 1;
      const before = await inSlot(idle, known.current?.idleDigest);
      const renewedSince = known.current?.idleDigest !== undefined && before.digest !== known.current.idleDigest;
      // By a run that died after it was entered, it seems: then it must not end, and is new.
      if (known.idleMayBeInUse === true && renewedSince) return before;
      return renewed(idle, before);
    },
    renew: async (slot) => (await renewed(slot, issued(await read(), slot))).digest,
  };
}

/** The function has a code of its own for a name that it does not find. */
const isNotThere = (error: unknown): boolean => isRemote(error, undefined, SNOWFLAKE_CODES.gone) || isRemote(error, undefined, SNOWFLAKE_CODES.invalidValue);

const slotInUse = (known: KnownSecrets): SecretSlot => (known.current?.keyId === "2" ? 2 : 1);

/** Enough to know a value of 256 random bits again, and nothing to guess it by. */
export function digestOf(secret: Secret): string {
  return createHash("sha256").update(secret.open()).digest("hex").slice(0, 16);
}
