/** examples/google-workspace under Pulumi's mocks: what it declares, with a stand-in for @pulumi/gcp (test/support/standIns/gcp.ts). */

import { readFileSync } from "node:fs";
import * as path from "node:path";
import * as pulumi from "@pulumi/pulumi";
import { parse } from "yaml";
import { programOf } from "../../tools/engine.js";
import { REPOSITORY } from "../support/hostProcess.js";
import * as gcp from "../support/standIns/gcp.js";

const FOLDER = path.join(REPOSITORY, "examples/google-workspace");
const CLIENT = { clientId: "1234567890-abcdefghijklmnopqrstuvwxyz012345.apps.googleusercontent.com", clientSecret: "GOCSPX-stored-in-secret-manager" };

interface Declared {
  type: string;
  name: string;
  inputs: Record<string, unknown>;
}
const declared: Declared[] = [];
const asked: pulumi.runtime.MockCallArgs[] = [];

beforeAll(async () => {
  await pulumi.runtime.setMocks(
    {
      newResource({ type, name, inputs, id }) {
        const { __provider: _, ...rest } = inputs as Record<string, unknown>;
        declared.push({ type, name, inputs: rest });
        return { id: id ?? `${name}-id`, state: { ...inputs, clientId: CLIENT.clientId, redirectUrls: { gmail: "https://app.example/callback" } } };
      },
      call(args) {
        asked.push(args);
        return { ...args.inputs, secretData: CLIENT.clientSecret };
      },
    },
    "odeus-google-workspace",
    "dev",
    false,
  );
  pulumi.runtime.setAllConfig({ "odeus-google-workspace:googleClientId": CLIENT.clientId });
  const outputs = (await programOf(path.join(FOLDER, "index.ts"), { "@pulumi/gcp": gcp })()) as Record<string, pulumi.Output<unknown>>;
  expect(await settled(outputs["redirectUrls"])).toEqual({ gmail: "https://app.example/callback" });
});

const settled = <T>(output: pulumi.Output<T> | undefined): Promise<T> => new Promise((resolve) => output?.apply(resolve));
const ofType = (type: RegExp) => declared.filter((one) => type.test(one.type));
/** A secret as the engine gets it. */
const secretly = (value: unknown) => ({ "4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270", value });

it("enables the APIs of the three integrations, and leaves them on when it is destroyed", () => {
  expect(ofType(/^gcp:projects\/service:Service$/).map(({ inputs }) => inputs)).toEqual(
    ["gmail", "drive", "calendar-json"].map((api) => ({ service: `${api}.googleapis.com`, disableOnDestroy: false })),
  );
});

it("reads the secret from Secret Manager, under the name that Pulumi.yaml gives by default", () => {
  const { config } = parse(readFileSync(path.join(FOLDER, "Pulumi.yaml"), "utf8")) as { config: { clientSecretName: { default: string } } };
  expect(asked.map(({ token, inputs }) => [token, inputs])).toEqual([
    ["gcp:secretmanager/getSecretVersionAccess:getSecretVersionAccess", { secret: config.clientSecretName.default }],
  ]);
});

it("declares one client for the three, with the secret as a secret", () => {
  const [client, ...more] = ofType(/dynamic:Resource|OAuthClientConfig/);
  expect(more).toEqual([]);
  expect(client?.inputs).toMatchObject({
    integrations: [{ integration: "gmail" }, { integration: "google-drive" }, { integration: "google-calendar" }],
    existing: secretly({ clientId: CLIENT.clientId, clientSecret: CLIENT.clientSecret }),
  });
});
