/** Which of a provider's arguments nothing may say. */

import { secretTexts } from "../../src/provider/configuration.js";

it("one secret makes the object around it a secret as a whole: what is none by its name stays sayable, a name that is not known does not", () => {
  const args = { apiKey: "the key", owner: "platform", entra: { tenantId: "the tenant", clientSecret: "the secret", password: "mistaken" } };
  expect(secretTexts(args, [["apiKey"], ["owner"], ["entra"]])).toEqual(["the key", "platform", "the secret", "mistaken"]);
  expect(secretTexts(args, [["entra", "tenantId"]])).toEqual(["the tenant"]);
  expect(secretTexts({ entra: '{"clientSecret":"the secret"}' }, [["entra"]])).toEqual(['{"clientSecret":"the secret"}']);
});
