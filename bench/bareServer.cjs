/** The least that a provider can be: grpc-js with the provider's proto, and an empty Check. */

const grpc = require("@grpc/grpc-js");
const { ResourceProviderService } = require("@pulumi/pulumi/proto/provider_grpc_pb.js");
const { CheckResponse } = require("@pulumi/pulumi/proto/provider_pb.js");

const server = new grpc.Server();
server.addService(ResourceProviderService, { check: (_call, callback) => callback(null, new CheckResponse()) });
server.bindAsync("127.0.0.1:0", grpc.ServerCredentials.createInsecure(), (error, port) => {
  if (error) throw error;
  process.stdout.write(`${port}\n`);
});
