/** What the engine does with one resource, and what it keeps when that fails. */

import type { Properties } from "../src/core/value.js";
import { HostFailure, type Inputs, type ProviderHost } from "../test/support/providerHost.js";

/** The resource as it stands in the engine's state. */
export interface Kept {
  id: string;
  state: Properties;
  inputs: Properties;
  /** An operation left something: the next `up` updates, whatever diff says. A refresh wipes this. */
  unfinished: boolean;
}

export interface Outcome {
  kept: Kept | undefined;
  /** False: there was nothing to do, or it failed. */
  changed: boolean;
  failure?: HostFailure | undefined;
}

/** One resource of one program, driven through a process that may be another one each time. */
export interface Driven {
  host: ProviderHost;
  urn: string;
}

export async function up({ host, urn }: Driven, kept: Kept | undefined, declared: Inputs): Promise<Outcome> {
  return kept === undefined ? create({ host, urn }, declared) : update({ host, urn }, kept, declared);
}

async function check({ host, urn }: Driven, declared: Inputs, before: Properties | undefined): Promise<Properties> {
  const { inputs, failures } = await host.check(urn, declared, before);
  if (failures.length > 0) throw new Error(`check refused: ${failures.join("; ")}`);
  return inputs;
}

async function create({ host, urn }: Driven, declared: Inputs): Promise<Outcome> {
  try {
    const inputs = await check({ host, urn }, declared, undefined);
    return attempt(
      undefined,
      async () => ({ ...(await host.create(urn, inputs)), inputs, unfinished: false }),
      // A create that left something is kept with what it was asked for.
      ({ id, state }) => ({ id, state, inputs, unfinished: true }),
    );
  } catch (error) {
    return failed(undefined, error);
  }
}

async function update({ host, urn }: Driven, kept: Kept, declared: Inputs): Promise<Outcome> {
  try {
    const inputs = await check({ host, urn }, declared, kept.inputs);
    const { changes, replaces } = await host.diff(urn, kept.id, kept.state, inputs);
    if (replaces.length > 0) throw new Error(`diff asks for a replacement by ${replaces.join(", ")}`);
    if (!changes && !kept.unfinished) return { kept: { ...kept, inputs }, changed: false };
    return await attempt(
      kept,
      async () => ({ id: kept.id, ...(await host.update(urn, kept.id, kept.state, inputs)), inputs, unfinished: false }),
      // An update that left something is kept with what was asked for before.
      ({ state }) => ({ ...kept, state, unfinished: true }),
    );
  } catch (error) {
    return failed(kept, error);
  }
}

export function refresh({ host, urn }: Driven, kept: Kept): Promise<Outcome> {
  return attempt(
    kept,
    async () => {
      const read = await host.read(urn, kept.id, kept.state, kept.inputs);
      return read === undefined ? undefined : { ...read, unfinished: false };
    },
    () => kept,
  );
}

/** `nothing`: inputs that claim nothing of the resource; the process has to forget that an earlier command declared it. */
export async function destroy({ host, urn }: Driven, kept: Kept, nothing: Inputs): Promise<Outcome> {
  try {
    await host.check(urn, nothing);
    return await attempt(
      kept,
      async () => {
        await host.delete(urn, kept.id, kept.state);
        return undefined;
      },
      () => kept,
    );
  } catch (error) {
    return failed(kept, error);
  }
}

/** What the next `up` of this declaration would say: reads only, and nothing is kept of it. The dynamic host is not asked. */
export async function preview({ host, urn }: Driven, kept: Kept | undefined, declared: Inputs): Promise<Outcome> {
  try {
    const inputs = await check({ host, urn }, declared, kept?.inputs);
    if (kept === undefined) await host.create(urn, inputs, { preview: true });
    else await host.update(urn, kept.id, kept.state, inputs, { preview: true });
    return { kept, changed: false };
  } catch (error) {
    return failed(kept, error);
  }
}

async function attempt(
  before: Kept | undefined,
  work: () => Promise<Kept | undefined>,
  left: (partial: NonNullable<HostFailure["partial"]>) => Kept,
): Promise<Outcome> {
  try {
    return { kept: await work(), changed: true };
  } catch (error) {
    if (error instanceof HostFailure && error.partial !== undefined) return { kept: left(error.partial), changed: false, failure: error };
    return failed(before, error);
  }
}

function failed(kept: Kept | undefined, error: unknown): Outcome {
  if (error instanceof HostFailure) return { kept, changed: false, failure: error };
  throw error;
}
