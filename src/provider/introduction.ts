/** What the plugin answers about itself, without loading what the resources need: a process that is asked for the schema alone ends sooner. */

import { type PluginAttach, PluginInfo } from "@pulumi/pulumi/proto/plugin_pb.js";
import * as pb from "@pulumi/pulumi/proto/provider_pb.js";
import type { Message } from "google-protobuf";
import { Empty } from "google-protobuf/google/protobuf/empty_pb.js";
import { packageVersion } from "../core/packageVersion.js";
import type { EngineLog } from "./engineLog.js";
import { schemaText } from "./packageFiles.js";

export interface Introduction {
  handshake(request: pb.ProviderHandshakeRequest): Promise<Message>;
  attach(request: PluginAttach): Promise<Message>;
  getPluginInfo(request: Empty): Promise<Message>;
  getSchema(request: pb.GetSchemaRequest): Promise<Message>;
}

export function createIntroduction(log: EngineLog): Introduction {
  return {
    async handshake(request) {
      if (request.getEngineAddress() !== "") log.connect(request.getEngineAddress());
      return new pb.ProviderHandshakeResponse().setAcceptSecrets(true);
    },

    async attach(request) {
      log.connect(request.getAddress());
      return new Empty();
    },

    async getPluginInfo() {
      return new PluginInfo().setVersion(packageVersion());
    },

    async getSchema() {
      return new pb.GetSchemaResponse().setSchema(schemaText());
    },
  };
}
