// Generated from the resource definitions by tools/generate.ts. Do not edit.

import type * as pulumi from "@pulumi/pulumi";

