import { keyOf, markOf, nameOfMark, readComment, withMark } from "../../src/core/mark.js";

const PLUGIN = "urn:pulumi:dev::demo::odeus:index:OAuthClientConfig::mail";
const DYNAMIC = "urn:pulumi:dev::demo::pulumi-nodejs:dynamic/odeus:OAuthClientConfig::mail";

it("is the same in both hosts, so that moving between them finds the client", () => {
  expect(markOf(DYNAMIC, undefined)).toEqual(markOf(PLUGIN, undefined));
  expect(markOf(PLUGIN, undefined)).toEqual({ stack: "demo/dev", resource: "OAuthClientConfig/mail", key: keyOf("demo/dev", "OAuthClientConfig/mail") });
});

it.each<[string, string, string | undefined]>([
  ["another stack", PLUGIN.replace(":dev::", ":prod::"), undefined],
  ["another project", PLUGIN.replace("::demo::", "::other::"), undefined],
  ["another name", `${PLUGIN}2`, undefined],
  ["another parent", PLUGIN.replace("odeus:index", "my:component:Team$odeus:index"), undefined],
  ["another kind", PLUGIN.replace("OAuthClientConfig", "SnowflakeSecurityIntegration"), undefined],
  ["another owner", PLUGIN, "team-a"],
])("differs for %s", (_what, urn, owner) => {
  expect(markOf(urn, owner).key).not.toBe(markOf(PLUGIN, undefined).key);
});

it("keeps names that hold the separator of URNs apart", () => {
  expect(markOf(`${PLUGIN}::x`, undefined).resource).toBe("OAuthClientConfig/mail::x");
});

it("has a key that fits where vendors allow few characters", () => {
  expect(markOf(PLUGIN, "ä/ö ü").key).toMatch(/^odeus-[0-9a-f]{32}$/);
});

it("is named as people name resources and stacks", () => {
  expect(nameOfMark(markOf(PLUGIN, undefined))).toBe("OAuthClientConfig mail of stack demo/dev");
  expect(nameOfMark(markOf(PLUGIN, "team-a"))).toBe("OAuthClientConfig mail of stack demo/dev/team-a");
});

it.each(["", "ours", "  ours, with blanks around \n", " ", "[in brackets]", "two\nlines"])(
  "stands behind the comment %j, which comes out as it was",
  (comment) => {
    const mark = { ...markOf(PLUGIN, "team-a"), generation: "1f" };
    expect(readComment(withMark(comment, mark))).toEqual({ comment, mark });
    expect(readComment(comment)).toEqual({ comment, mark: undefined });
  },
);
