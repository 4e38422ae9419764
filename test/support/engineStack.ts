/** One stack of the real engine over a world of the sandbox: a command that fails is an answer too, and each one tells what it said and called. */

import { readFileSync } from "node:fs";
import * as path from "node:path";
import { CustomIntegration, OAuthClientConfig, SnowflakeSecurityIntegration } from "@odeus/pulumi";
import * as pulumi from "@pulumi/pulumi";
import type { DestroyOptions, ImportResource, PreviewOptions, PulumiFn, RefreshOptions, Stack, UpOptions } from "@pulumi/pulumi/automation";
import type { RecordedCall } from "../../src/sandbox/calls.js";
import type { WorldOptions } from "../../src/sandbox/world.js";
import { type Engine, startEngine } from "../../tools/engine.js";
import { type EntraApplication, startWorld, type World } from "./sandbox.js";

export type Args = Record<string, unknown>;
export type Kind = "OAuthClientConfig" | "CustomIntegration" | "SnowflakeSecurityIntegration";
export type Declared = pulumi.CustomResource & Record<"clientId" | "slug" | "redirectUrl", pulumi.Output<string>>;
/** Makes a resource in an inline program. */
export type Declare = (kind: Kind, name: string, args: Args, options?: pulumi.CustomResourceOptions) => Declared;

/** A resource of the plugin, as an SDK generated from schema.json makes it. */
class PluginResource extends pulumi.CustomResource {
  constructor(kind: Kind, name: string, args: Args, options?: pulumi.CustomResourceOptions) {
    super(`odeus:index:${kind}`, name, { clientId: undefined, slug: undefined, redirectUrl: undefined, ...args }, options);
  }
}

export const declareInPlugin: Declare = (kind, name, args, options) => new PluginResource(kind, name, args, options) as Declared;

const CLASSES = { CustomIntegration, OAuthClientConfig, SnowflakeSecurityIntegration };
export const declareDynamic: Declare = (kind, name, args, options) => new CLASSES[kind](name, args as never, options) as unknown as Declared;

/** The two hosts, as a program sees them. */
export const DECLARE: ["plugin" | "dynamic", Declare][] = [
  ["plugin", declareInPlugin],
  ["dynamic", declareDynamic],
];

/** What one command did. */
export interface Command {
  /** All that a failed command said. */
  failure: string | undefined;
  /** Resources by operation; the stack itself counts as one. Empty after a failure. */
  changes: Record<string, number>;
  output: string;
  calls: RecordedCall[];
  /** Names of the changing calls. */
  changing: string[];
}

/** A resource in the engine's state. */
export interface InState {
  urn: string;
  type: string;
  id: string;
  inputs: Record<string, unknown>;
  outputs: Record<string, unknown>;
  dependencies?: string[];
  protect?: boolean;
  initErrors?: string[];
}
const IN_STATE = ["urn", "type", "id", "inputs", "outputs", "dependencies", "protect", "initErrors"] satisfies (keyof InState)[];

export interface SlotNow {
  redirectUrl: string;
  defaultScopes: string[];
  client?: { clientId: string; clientSecret: string };
}

export interface EngineStack {
  world: World;
  engine: Engine;
  stack: Stack;
  up(program?: PulumiFn, options?: UpOptions): Promise<Command>;
  preview(program?: PulumiFn, options?: PreviewOptions): Promise<Command>;
  refresh(options?: RefreshOptions): Promise<Command>;
  previewRefresh(options?: RefreshOptions): Promise<Command>;
  destroy(options?: DestroyOptions): Promise<Command>;
  /** `pulumi import`; `code` is what it wrote for the program. */
  import(resources: ImportResource[]): Promise<Command & { code: string }>;
  /** All resources in state but the stack and its providers, secrets masked. */
  resources(): InState[];
  /** The one of this name. */
  resource(name: string): InState;
  slot(slug: string): Promise<SlotNow>;
  /** Whether Entra takes the client and the secret that the slot holds. */
  works(slug: string): Promise<boolean>;
  /** Apps of the first tenant that are not deleted. */
  apps(): Promise<EntraApplication[]>;
  /** The only one. */
  app(): Promise<EntraApplication>;
  close(): Promise<void>;
}

export interface EngineStackOptions {
  project: string;
  world?: WorldOptions;
  /** Beside that of the world. */
  environment?: Record<string, string>;
  /** Of the project, in place of inline programs. */
  folder?: string;
}

/** A stack of inline programs, or of the project in a folder. */
export async function startEngineStack({ project, world: options, environment, folder }: EngineStackOptions): Promise<EngineStack> {
  const world = await startWorld(options);
  const engine = await startEngine({ ...world.environment, ODEUS_RETRY_SECONDS: "1", ...environment });
  const stack = await engine.stack(folder === undefined ? { project, program: async () => undefined } : { folder });
  return engineStackOf(stack, project, engine, world);
}

export function engineStackOf(stack: Stack, project: string, engine: Engine, world: World): EngineStack {
  type Listening = { onOutput: (text: string) => void; onError: (text: string) => void; color: "never" };
  async function run(work: (listening: Listening) => Promise<Record<string, number> | undefined>): Promise<Command> {
    await world.clearCalls();
    let output = "";
    const hear = (text: string) => {
      output += text;
    };
    const command: Pick<Command, "failure" | "changes"> = { failure: undefined, changes: {} };
    try {
      command.changes = (await work({ onOutput: hear, onError: hear, color: "never" })) ?? {};
    } catch (error) {
      // A failure of the program itself is not among what the command said.
      command.failure = `${output}\n${error instanceof Error ? error.message : String(error)}`;
    }
    const calls = await world.calls();
    return { ...command, output, calls, changing: calls.filter(({ changes }) => changes).map(({ operation }) => operation) };
  }
  async function imported(resources: ImportResource[]): Promise<Command & { code: string }> {
    let code = "";
    const command = await run(async ({ onOutput }) => {
      const { generatedCode, summary } = await stack.import({ resources, protect: false, onOutput });
      code = generatedCode;
      return summary?.resourceChanges;
    });
    return { ...command, code };
  }
  const resources = (): InState[] => {
    const text = readFileSync(path.join(engine.backend, ".pulumi", "stacks", project, `${stack.name}.json`), "utf8");
    // A secret is encrypted anew whenever the state is written.
    const { checkpoint } = JSON.parse(text, (name, value) => (name === "ciphertext" ? "(secret)" : value)) as {
      checkpoint: { latest: { resources?: InState[] } | null };
    };
    const ours = (checkpoint.latest?.resources ?? []).filter(({ type }) => !type.startsWith("pulumi:"));
    return ours.map((resource) => Object.fromEntries(IN_STATE.flatMap((name) => (name in resource ? [[name, resource[name]]] : []))) as unknown as InState);
  };
  const slot = async (slug: string): Promise<SlotNow> => {
    const { odeus: workspace } = await world.state<{ odeus: { integrations: (SlotNow & { slug: string })[] } }>();
    return only(
      workspace.integrations.filter((one) => one.slug === slug),
      `integration ${slug}`,
    );
  };
  const apps = async () => {
    const tenant = (await world.state()).entra.tenants.find(({ id }) => id === world.tenantId);
    return (tenant?.applications ?? []).filter(({ deletedDateTime }) => deletedDateTime === null);
  };
  const inline = (program: PulumiFn | undefined) => (program === undefined ? {} : { program });

  return {
    ...{ world, engine, stack },
    up: (program, options) => run(async (listening) => (await stack.up({ ...options, ...listening, ...inline(program) })).summary.resourceChanges),
    preview: (program, options) =>
      run(async (listening) => (await stack.preview({ ...options, ...listening, ...inline(program) })).changeSummary as Record<string, number>),
    refresh: (options) => run(async (listening) => (await stack.refresh({ ...options, ...listening })).summary.resourceChanges),
    previewRefresh: (options) => run(async (listening) => (await stack.previewRefresh({ ...options, ...listening })).changeSummary as Record<string, number>),
    destroy: (options) => run(async (listening) => (await stack.destroy({ ...options, ...listening })).summary.resourceChanges),
    import: imported,
    resources,
    resource: (name) =>
      only(
        resources().filter(({ urn }) => urn.endsWith(`::${name}`)),
        `resource ${name}`,
      ),
    slot,
    async works(slug) {
      const { client } = await slot(slug);
      return client !== undefined && world.accepted("entra", client.clientId, client.clientSecret);
    },
    apps,
    app: async () => only(await apps(), "app"),
    async close() {
      engine.close();
      await world.close();
    },
  };
}

function only<T>(found: T[], what: string): T {
  const [first] = found;
  if (first === undefined || found.length > 1) throw new Error(`${found.length} in place of one ${what}`);
  return first;
}
