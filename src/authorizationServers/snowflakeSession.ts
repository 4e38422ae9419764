/** A security integration as one session sees it: described once, until a statement of ours changes it; and what counts as gone. */

import type { HttpLimits } from "../clients/http.js";
import { createSnowflake, type SnowflakeApi } from "../clients/snowflake.js";
import { SNOWFLAKE_CODES } from "../clients/snowflakeErrors.js";
import type { Config } from "../core/config.js";
import type { Env } from "../core/env.js";
import { isRemote, mayHaveHappened, OdeusError } from "../core/errors.js";
import { askUntil } from "../core/wait.js";
import type { RegisteredClient } from "./contract.js";
import { requireSameAccount } from "./snowflakeAccount.js";
import type { Described, IntegrationChange } from "./snowflakeIntegration.js";
import { LAG } from "./snowflakeLag.js";
import { createSecrets, type SnowflakeSecrets } from "./snowflakeSecrets.js";

export interface SnowflakeSessionOptions {
  /** Stored name. */
  name: string;
  /** The integration as people know it. */
  shown: string;
  /** The client of the state. */
  recorded: RegisteredClient | undefined;
  config: Config;
  env: Env;
  limits: HttpLimits;
}

export interface SnowflakeSession {
  /** Logs in with the first statement. */
  api(): SnowflakeApi;
  /** Fails where the credentials are for another account than the state's. */
  account(): Promise<SnowflakeApi>;
  secrets: SnowflakeSecrets;
  /** Undefined: gone, or not to be seen by this role. Snowflake does not tell which. */
  describe(): Promise<Described | undefined>;
  /** The first answer that is as it should be, or the last one: for a moment, the account may show what was there before our statement. */
  describeUntil(isRight: (now: Described | undefined) => boolean): Promise<Described | undefined>;
  /** Whoever asks has just read or written it. */
  requireDescribed(): Promise<Described>;
  /** What was read may no longer hold. */
  forget(): void;
  /** Runs a statement that changes something; what was read before it no longer holds. */
  changing(work: (snowflake: SnowflakeApi) => Promise<void>): Promise<void>;
  /** SET and UNSET are two statements, and the first may have taken effect when the second fails. */
  alter(change: IntegrationChange, onEffect?: () => void): Promise<void>;
  /** A second witness, before anything counts as gone; and the role that asks, which the configuration need not name. */
  goneBeyondDoubt(): Promise<{ gone: boolean; role: string }>;
  unseen(role: string): OdeusError;
}

/** The role that sees every object of the account. */
const SEES_ALL = "ACCOUNTADMIN";

export function createSnowflakeSession({ name, shown, recorded, config, env, limits }: SnowflakeSessionOptions): SnowflakeSession {
  let connected: SnowflakeApi | undefined;
  let sameAccount: Promise<void> | undefined;
  /** Read after our last statement that changes something, so it still holds. */
  let described: Promise<Described | undefined> | undefined;

  function api(): SnowflakeApi {
    connected ??= createSnowflake({ config, env, limits });
    return connected;
  }

  async function account(): Promise<SnowflakeApi> {
    const snowflake = api();
    sameAccount ??= requireSameAccount(snowflake, name, recorded).catch((error: unknown) => {
      sameAccount = undefined;
      throw error;
    });
    await sameAccount;
    return snowflake;
  }

  const secrets = createSecrets(account, name, env);

  function describe(): Promise<Described | undefined> {
    described ??= account()
      .then((snowflake) => snowflake.describe(name))
      .catch((error: unknown) => {
        // Not kept either: an undo that believed it would leave behind what was made.
        described = undefined;
        return unlessGone(error);
      });
    return described;
  }

  async function changing(work: (snowflake: SnowflakeApi) => Promise<void>): Promise<void> {
    try {
      await work(await account());
    } finally {
      described = undefined;
      secrets.forget();
    }
  }

  async function alter({ set, unset }: IntegrationChange, onEffect: () => void = () => undefined): Promise<void> {
    const statement = async (work: (snowflake: SnowflakeApi) => Promise<void>): Promise<void> => {
      try {
        await changing(work);
        onEffect();
      } catch (error) {
        if (mayHaveHappened(error)) onEffect();
        throw error;
      }
    };
    if (Object.keys(set).length > 0) await statement((snowflake) => snowflake.alterSet(name, set));
    if (unset.length > 0) await statement((snowflake) => snowflake.alterUnset(name, unset));
  }

  function describeUntil(isRight: (now: Described | undefined) => boolean): Promise<Described | undefined> {
    return askUntil({ env, ...LAG }, isRight, async () => {
      const now = await describe();
      if (!isRight(now)) described = undefined;
      return now;
    });
  }

  async function requireDescribed(): Promise<Described> {
    const now = await describeUntil((one) => one !== undefined);
    if (now === undefined) throw unseen(await (await account()).currentRole());
    return now;
  }

  function unseen(role: string): OdeusError {
    return new OdeusError(
      `Snowflake shows role ${role} no ${shown} in account ${api().account}: it is gone, or the role has lost its rights on it, and Snowflake does not tell which. Use the role that owns it, or ${SEES_ALL}; if it is gone, take the resource out of the state (pulumi state delete).`,
    );
  }

  async function goneBeyondDoubt(): Promise<{ gone: boolean; role: string }> {
    const snowflake = await account();
    const seen = await snowflake.show(name);
    const role = await snowflake.currentRole();
    if (seen !== undefined) throw unseen(role);
    return { gone: role === SEES_ALL, role };
  }

  return {
    ...{ api, account, secrets, describe, describeUntil, requireDescribed, changing, alter, goneBeyondDoubt, unseen },
    forget() {
      described = undefined;
    },
  };
}

/** Also the answer for one that this role may not see. */
export function unlessGone(error: unknown): undefined {
  if (isRemote(error, undefined, SNOWFLAKE_CODES.gone)) return undefined;
  throw error;
}
