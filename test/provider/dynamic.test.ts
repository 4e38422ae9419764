/** What a class sends to the engine: this stands in the state of every user, so it may never change. */

import * as pulumi from "@pulumi/pulumi";
import { DynamicResource } from "../../src/provider/dynamic.js";
import { PROVIDER_TEXT } from "../support/dynamicProcess.js";

class Fake extends DynamicResource {
  declare readonly clientId: pulumi.Output<string>;
  declare readonly generated: pulumi.Output<string>;
  constructor(name: string, args: object, opts?: pulumi.CustomResourceOptions) {
    super({ kind: "FakeClient", outputs: ["clientId", "generated"], secretOutputs: ["generated"] }, name, args, opts);
  }
}

const registered: pulumi.runtime.MockResourceArgs[] = [];
beforeAll(() =>
  pulumi.runtime.setMocks(
    {
      newResource: (args) => {
        registered.push(args);
        return { id: "fake/1", state: { ...args.inputs, clientId: "client-1", generated: "value" } };
      },
      call: () => ({}),
    },
    "demo",
    "dev",
    false,
  ),
);

const resolved = <T>(output: pulumi.Output<T>): Promise<T> => new Promise((resolve) => output.apply(resolve));

it("sends the constant provider text, its own URN and the arguments", async () => {
  const parent = new pulumi.ComponentResource("demo:index:Parent", "parent");
  const fake = new Fake("mail", { name: "a", app: { title: "T" } }, { parent });
  expect(await resolved(fake.clientId)).toBe("client-1");
  const sent = registered.find((each) => each.name === "mail");
  const urn = await resolved(fake.urn);
  expect(sent).toMatchObject({
    type: "pulumi-nodejs:dynamic/odeus:FakeClient",
    inputs: { __provider: PROVIDER_TEXT, __urn: urn, name: "a", app: { title: "T" } },
  });
  expect(urn).toBe("urn:pulumi:dev::demo::demo:index:Parent$pulumi-nodejs:dynamic/odeus:FakeClient::mail");
});

it("marks its secret outputs as secret, beside those of the program", () => {
  let seen: pulumi.CustomResourceOptions = {};
  new Fake(
    "other",
    { name: "a" },
    {
      additionalSecretOutputs: ["clientId"],
      transformations: [
        ({ opts }) => {
          seen = opts;
          return undefined;
        },
      ],
    },
  );
  expect(seen.additionalSecretOutputs?.toSorted()).toEqual(["clientId", "generated"]);
});
