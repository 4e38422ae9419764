/** What a rollout leaves in the state of its resource, whichever resource it is: the outputs, the record, and the way back. */

import * as z from "zod";
import type { AuthorizationServer, Check, RegisteredClient } from "../authorizationServers/contract.js";
import { ConfigError } from "../core/errors.js";
import { Secret } from "../core/secret.js";
import type { Properties } from "../core/value.js";
import type { FormerClient, Recorded, SecretRecord, SlotRecord } from "../rollout/record.js";
import { summaryOf, type Verification } from "../rollout/verification.js";
import { refuseNewer } from "./stateVersion.js";

/** Shape of the record in state. A newer one is refused: this version could lose what it does not know. */
export const RECORD_VERSION = 1;

const retiringSecret = z
  .object({
    keyId: z.string().describe("Id of the secret at the authorization server."),
    removableFrom: z.string().describe("When its overlap is over (RFC 3339, UTC); an `up` after it removes it."),
  })
  .meta({ id: "RetiringSecret", description: "A previous secret in its overlap." });

const check = z
  .object({
    property: z.enum(["secret", "redirectUrl", "scopes", "consent", "client"]).describe("What was asked about."),
    verdict: z.enum(["accepted", "rejected", "inconclusive", "unavailable"]).describe("accepted, rejected, inconclusive or unavailable."),
    method: z.string().describe("How: `read back`, or the probe, for example `client credentials`; `none` where there is no way."),
    detail: z.string().describe("What was answered; where that proves nothing, how to prove it by hand."),
  })
  .meta({ id: "VerificationCheck", description: "One property of the client, and what is proven of it." });

const verification = z
  .object({
    verdict: z.string().describe("Of the secret: accepted, rejected, inconclusive, unavailable, or skipped."),
    method: z.string().describe("How it was asked, for example `client credentials`."),
    detail: z.string().describe("For people: what the server answered, and how to prove by hand what is not proven."),
    proven: z.array(z.string()).describe("What is proven: any of secret, redirectUrl, scopes, consent."),
    unproven: z.array(z.string()).describe("What could not be proven without a user."),
    checks: z.array(check).optional().describe("The same, property by property."),
    checkedAt: z.string().describe("When it was asked (RFC 3339, UTC)."),
  })
  .meta({ id: "Verification", description: "What was proven about the client before users met it." });

const slotRecord = z
  .object({
    integration: z.string().describe("The integration as the program wrote it."),
    slug: z.string().optional().describe("Its slug."),
    secretUpdatedAt: z.string().optional().describe("When the workspace last took a secret from us, by its own clock."),
    scopeSync: z.boolean().optional().describe("Whether the workspace keeps the scopes."),
    custom: z.boolean().optional().describe("True: the integration was made from scratch."),
    tenantId: z.string().optional().describe("A tenant that others had entered with this client, which needs none: it stays."),
  })
  .meta({ id: "SlotRecord", description: "One workspace slot as this resource left it." });

const rollout = z
  .object({
    version: z.int().describe("Shape of this record."),
    workspace: z.string().optional().describe("Base URL of the workspace's API; absent where no integration is declared."),
    kind: z.string().describe("Kind of the client in use, for example entra or existing."),
    generation: z.string().optional().describe("Tells this resource from one that replaces it under the same name."),
    client: z.record(z.string(), z.string()).describe("Ids of the client's objects at the authorization server."),
    slots: z.record(z.string(), slotRecord).describe("The slots, by integration id."),
    replaced: z.array(z.record(z.string(), z.string())).optional().describe("Earlier clients that are still to be taken away."),
    surplus: z
      .object({
        redirectUrls: z.array(z.string()).describe("Redirect URLs that are needed no more."),
        scopes: z.array(z.string()).describe("Scopes that are needed no more."),
      })
      .meta({ id: "SurplusRegistrations", description: "Redirect URLs and scopes of an earlier declaration, or of an update that failed." })
      .optional()
      .describe("What may be registered at the client beside what the recorded inputs need; an update takes away what is not declared then."),
    attempted: z
      .record(z.string(), z.unknown())
      .optional()
      .describe("Settings of the client that an update wrote before it failed, with their values; the inputs before them are kept."),
    replacesSecret: z.literal(true).optional().describe("A slot lacks the current secret, and only a new one can mend it."),
    unfinished: z.array(z.string()).optional().describe("Work that an earlier run left, in sentences; part of `drift` until it is done."),
  })
  .meta({ id: "RolloutRecord", description: "What a later run needs to find its own work again." });

/** The outputs that every resource with a client has. */
export const rolloutOutputs = {
  clientId: z.string().optional().describe("Client id in use now. (The resource's id names the first one and never changes.)"),
  secretCreatedAt: z.string().optional().describe("When the current secret was issued (RFC 3339, UTC)."),
  retiring: z.array(retiringSecret).optional().describe("Previous secrets in their overlap."),
  verification: verification.optional().describe("What was proven about the client, and what could not be."),
  drift: z.array(z.string()).optional().describe("What is not as declared, in sentences; empty when all is right. The next `up` mends it."),
  clientSecret: z.string().optional().describe("The client secret, when `exportClientSecret` is on.").meta({ secret: true }),
  rollout: rollout.optional().describe("Bookkeeping of this resource: the objects it made, for the next run to find."),
};

const outputDefinition = z.object({ ...rolloutOutputs, tenantId: z.string().optional(), secretExpiresAt: z.string().optional() });
type RolloutState = z.output<typeof outputDefinition>;

/** The outputs of a rollout, without those whose form is the resource's own. Holds `undefined`. */
export function stateOf(recorded: Recorded, server: AuthorizationServer): Record<string, unknown> {
  const { client, secret, replaced } = recorded;
  return {
    clientId: client?.clientId,
    tenantId: client?.tenantId,
    ...(client === undefined ? {} : server.outputs(client)),
    secretCreatedAt: secret?.createdAt,
    secretExpiresAt: secret?.expiresAt,
    retiring: recorded.retiring,
    verification: recorded.verification === undefined ? undefined : summaryOf(recorded.verification),
    drift: [...recorded.unfinished, ...recorded.drift],
    clientSecret: recorded.value?.open(),
    rollout: {
      version: RECORD_VERSION,
      ...(recorded.workspace === undefined ? {} : { workspace: recorded.workspace }),
      kind: recorded.kind,
      ...(recorded.generation === undefined ? {} : { generation: recorded.generation }),
      client: { ...client?.objects, ...secretIds(secret) },
      slots: Object.fromEntries(
        Object.entries(recorded.slots).map(([id, { written, slug, secretUpdatedAt, scopeSync, custom, tenantId }]) => [
          id,
          {
            integration: written,
            ...(slug === undefined ? {} : { slug }),
            scopeSync,
            ...(custom ? { custom } : {}),
            ...(tenantId === undefined ? {} : { tenantId }),
            ...(secretUpdatedAt === undefined ? {} : { secretUpdatedAt }),
          },
        ]),
      ),
      ...(replaced.length === 0 ? {} : { replaced: replaced.map(replacedRecord) }),
      ...(recorded.surplus === undefined ? {} : { surplus: recorded.surplus }),
      ...(recorded.attempted === undefined ? {} : { attempted: recorded.attempted }),
      ...(recorded.replacesSecret === undefined ? {} : { replacesSecret: recorded.replacesSecret }),
      ...(recorded.unfinished.length === 0 ? {} : { unfinished: recorded.unfinished }),
    },
  };
}

/** `slotFacts`: what the resource's own outputs tell about the slot of an integration. */
export function recordedIn(
  state: Properties,
  slotFacts: (written: string) => Pick<SlotRecord, "redirectUrl" | "scopes">,
  additionalRedirectUrls: string[],
): Recorded {
  const { rollout: record, ...rest } = state as unknown as RolloutState;
  if (record === undefined) throw new ConfigError("this state has no rollout record, so it was not written by this resource.");
  refuseNewer(record.version, RECORD_VERSION);
  const { secretKeyId, secretDigest, idleSecretDigest, ...objects } = record.client;
  const unfinished = record.unfinished ?? [];
  const slots = Object.entries(record.slots).map(([id, slot]): [string, SlotRecord] => [
    id,
    {
      written: slot.integration,
      ...(slot.slug === undefined ? {} : { slug: slot.slug }),
      ...slotFacts(slot.integration),
      scopeSync: slot.scopeSync ?? true,
      custom: slot.custom ?? false,
      ...(slot.tenantId === undefined ? {} : { tenantId: slot.tenantId }),
      ...(slot.secretUpdatedAt === undefined ? {} : { secretUpdatedAt: slot.secretUpdatedAt }),
    },
  ]);
  return {
    ...(record.workspace === undefined ? {} : { workspace: record.workspace }),
    kind: record.kind,
    ...(record.generation === undefined ? {} : { generation: record.generation }),
    ...(rest.clientId === undefined ? {} : { client: clientOf(rest.clientId, rest.tenantId, objects) }),
    // One object in states of before there could be several.
    replaced: [record.replaced ?? []].flat().map(replacedOf),
    ...(rest.secretCreatedAt === undefined
      ? {}
      : {
          secret: {
            createdAt: rest.secretCreatedAt,
            ...(rest.secretExpiresAt === undefined ? {} : { expiresAt: rest.secretExpiresAt }),
            ...(secretKeyId === undefined ? {} : { keyId: secretKeyId }),
            ...(secretDigest === undefined ? {} : { digest: secretDigest }),
            ...(idleSecretDigest === undefined ? {} : { idleDigest: idleSecretDigest }),
          },
        }),
    ...(rest.clientSecret === undefined ? {} : { value: new Secret(rest.clientSecret) }),
    retiring: rest.retiring ?? [],
    slots: Object.fromEntries(slots),
    additionalRedirectUrls,
    ...(record.surplus === undefined ? {} : { surplus: record.surplus }),
    ...(record.attempted === undefined ? {} : { attempted: record.attempted }),
    ...(record.replacesSecret === undefined ? {} : { replacesSecret: record.replacesSecret }),
    ...(rest.verification === undefined ? {} : { verification: verificationOf(rest.verification) }),
    unfinished,
    drift: (rest.drift ?? []).filter((sentence) => !unfinished.includes(sentence)),
  };
}

/** States of before the single checks were kept tell the one of the secret; everything else is read again. */
function verificationOf({ verdict, method, detail, checks, checkedAt }: NonNullable<RolloutState["verification"]>): Verification {
  const ofSecret = { property: "secret", verdict, method, detail } as Check;
  return { skipped: verdict === "skipped", checks: checks ?? (verdict === "skipped" ? [] : [ofSecret]), checkedAt };
}

function secretIds(secret: SecretRecord | undefined): Record<string, string> {
  return {
    ...(secret?.keyId === undefined ? {} : { secretKeyId: secret.keyId }),
    ...(secret?.digest === undefined ? {} : { secretDigest: secret.digest }),
    ...(secret?.idleDigest === undefined ? {} : { idleSecretDigest: secret.idleDigest }),
  };
}

function clientOf(clientId: string, tenantId: string | undefined, objects: Record<string, string>): RegisteredClient {
  return { clientId, objects, ...(tenantId === undefined ? {} : { tenantId }) };
}

function replacedRecord({ objects, kind, clientId, tenantId }: FormerClient): Record<string, string> {
  return { ...objects, kind, clientId, ...(tenantId === undefined ? {} : { tenantId }) };
}

function replacedOf(record: Record<string, string>): FormerClient {
  const { kind = "", clientId = "", tenantId, ...objects } = record;
  return { kind, ...clientOf(clientId, tenantId, objects) };
}
