/** Errors as gRPC answers. A partial failure carries id and state in a detail that the engine looks for in the trailers. */

import * as grpc from "@grpc/grpc-js";
import { ErrorResourceInitFailed } from "@pulumi/pulumi/proto/provider_pb.js";
import { Status } from "@pulumi/pulumi/proto/status_pb.js";
import { Any } from "google-protobuf/google/protobuf/any_pb.js";
import { Struct } from "google-protobuf/google/protobuf/struct_pb.js";
import { messageOf } from "../core/errors.js";
import type { PartialFailure } from "../resources/resource.js";
import type { WireProperties } from "./propertyValues.js";

/** An error that is answered with this very code and text. */
export class RpcError extends Error {
  readonly code: grpc.status;
  constructor(code: grpc.status, message: string) {
    super(message);
    this.code = code;
  }
}

export interface RpcFailure {
  code: grpc.status;
  details: string;
  metadata?: grpc.Metadata;
}

/** The engine prints the text as it is, and counts the operation as failed without effect. */
export function failed(error: unknown): RpcFailure {
  return { code: error instanceof RpcError ? error.code : grpc.status.UNKNOWN, details: messageOf(error) };
}

/** The engine records id and properties, prints the reasons, and sends Update next time even without a difference. */
export function initFailed(failure: PartialFailure, properties: WireProperties): RpcFailure {
  const { id, reasons } = failure;
  const detail = new ErrorResourceInitFailed().setId(id).setProperties(Struct.fromJavaScript(properties)).setReasonsList(reasons);
  const any = new Any();
  any.pack(detail.serializeBinary(), "pulumirpc.ErrorResourceInitFailed");
  const details = reasons.join("; ");
  const status = new Status().setCode(grpc.status.UNKNOWN).setMessage(details);
  status.addDetails(any);
  const metadata = new grpc.Metadata();
  // @grpc/grpc-js knows nothing of rich errors: this is the header they travel in.
  metadata.set("grpc-status-details-bin", Buffer.from(status.serializeBinary()));
  return { code: grpc.status.UNKNOWN, details, metadata };
}
