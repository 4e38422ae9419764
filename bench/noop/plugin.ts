/** The least that a plugin of this schema can do: answers every RPC at once, makes nothing, and says what it was told. */

import * as grpc from "@grpc/grpc-js";
import { PluginInfo } from "@pulumi/pulumi/proto/plugin_pb.js";
import { ResourceProviderService } from "@pulumi/pulumi/proto/provider_grpc_pb.js";
import * as pb from "@pulumi/pulumi/proto/provider_pb.js";
import type { Message } from "google-protobuf";
import { Empty } from "google-protobuf/google/protobuf/empty_pb.js";
import { Struct } from "google-protobuf/google/protobuf/struct_pb.js";
import { packageVersion } from "../../src/core/packageVersion.js";
import { schemaText } from "../../src/provider/packageFiles.js";

const ID = "00000000-0000-4000-8000-000000000000";
const SCOPES = ["Mail.ReadWrite", "Mail.Send", "User.Read", "offline_access"];
const URL = `http://localhost:40000/api/integrations/${ID}/callback`;
const TIME = "2026-01-01T00:00:00.000Z";
/** As much state as an app registration leaves: the engine reads and writes all of it with every command. */
const OUTPUTS = Struct.fromJavaScript({
  adminConsentUrl: `https://localhost:40000/${ID}/adminconsent?client_id=${ID}`,
  appObjectId: ID,
  clientId: ID,
  drift: [],
  effectiveScopes: { "bench-00": SCOPES },
  exportClientSecret: false,
  redirectUrls: { "bench-00": URL },
  retiring: [],
  rollout: {
    client: { objectId: ID, secretKeyId: ID, servicePrincipalId: ID },
    kind: "entra",
    slots: { [ID]: { integration: "bench-00", scopeSync: true, secretUpdatedAt: TIME } },
    version: 1,
    workspace: "http://localhost:40000",
  },
  secretCreatedAt: TIME,
  secretExpiresAt: TIME,
  tenantId: ID,
  verification: {
    checkedAt: TIME,
    detail: "localhost:40000 issued a token for the id and the secret.",
    method: "client credentials",
    proven: ["secret", "redirectUrl", "scopes"],
    unproven: ["consent"],
    verdict: "accepted",
  },
  verify: true,
});

function withOutputs(inputs: Struct | undefined): Struct {
  const state = inputs ?? new Struct();
  OUTPUTS.getFieldsMap().forEach((value, name) => {
    state.getFieldsMap().set(name, value);
  });
  return state;
}

const ANSWERS: Record<string, (request: never) => Message> = {
  handshake: () => new pb.ProviderHandshakeResponse().setAcceptSecrets(true),
  getPluginInfo: () => new PluginInfo().setVersion(packageVersion()),
  getSchema: () => new pb.GetSchemaResponse().setSchema(schemaText()),
  checkConfig: (request: pb.CheckRequest) => new pb.CheckResponse().setInputs(request.getNews()),
  diffConfig: () => new pb.DiffResponse().setChanges(pb.DiffResponse.DiffChanges.DIFF_NONE),
  configure: () => new pb.ConfigureResponse().setAcceptsecrets(true).setSupportspreview(true),
  check: (request: pb.CheckRequest) => new pb.CheckResponse().setInputs(request.getNews()),
  diff: () => new pb.DiffResponse().setChanges(pb.DiffResponse.DiffChanges.DIFF_NONE),
  create: (request: pb.CreateRequest) =>
    new pb.CreateResponse().setId(request.getPreview() ? "" : `entra/${ID}`).setProperties(withOutputs(request.getProperties())),
  read: (request: pb.ReadRequest) => new pb.ReadResponse().setId(request.getId()).setProperties(request.getProperties()).setInputs(request.getInputs()),
  update: (request: pb.UpdateRequest) => new pb.UpdateResponse().setProperties(request.getNews()),
  delete: () => new Empty(),
  cancel: () => new Empty(),
};

const server = new grpc.Server();
const handler =
  (answer: (request: never) => Message): grpc.handleUnaryCall<unknown, Message> =>
  (call, callback) =>
    callback(null, answer(call.request as never));
server.addService(ResourceProviderService, Object.fromEntries(Object.entries(ANSWERS).map(([rpc, answer]) => [rpc, handler(answer)])));
server.bindAsync("127.0.0.1:0", grpc.ServerCredentials.createInsecure(), (error, port) => {
  if (error !== null) throw error;
  process.stdout.write(`${port}\n`);
});
