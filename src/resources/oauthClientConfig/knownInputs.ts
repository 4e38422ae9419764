/** What a preview can look at while some inputs come from resources that do not exist yet. */

import { holdsUnknown, type Properties, UNKNOWN, type Value, withoutUnknown } from "../../core/value.js";
import { isPlain } from "../differences.js";

/** Without these nobody can say which client it is, where it lives, or which slots it is for. */
const DECISIVE = [
  "integrations",
  "entra",
  "entra.tenantId",
  "serviceNow",
  "serviceNow.instance",
  "existing",
  "existing.clientId",
  "adoptClientId",
  "replaceClientIds",
];

export type Known = { inputs: Properties } | { inputs: undefined; unknown: string };

/** The inputs without what is not known, fit for a survey; or the path of what a survey cannot do without. */
export function knownInputs(inputs: Properties): Known {
  const unknown = DECISIVE.find((path) => {
    const value = path.split(".").reduce<Value>((inner, name) => (isPlain(inner) ? inner[name] : undefined), inputs);
    return value === UNKNOWN || (path === "replaceClientIds" && holdsUnknown(value));
  });
  if (unknown !== undefined) return { inputs: undefined, unknown };
  const { integrations, entra, serviceNow, existing } = inputs;
  const uses = Array.isArray(integrations) ? integrations.filter((use) => isPlain(use) && use["integration"] !== UNKNOWN) : [];
  return {
    inputs: {
      ...(withoutUnknown(inputs) as Properties),
      integrations: uses.map(withoutUnknown),
      ...(isPlain(entra) ? { entra: { ...(withoutUnknown(entra) as Properties), ...unnamed(entra, "displayName") } } : {}),
      ...(isPlain(serviceNow) ? { serviceNow: { ...(withoutUnknown(serviceNow) as Properties), ...unnamed(serviceNow, "name") } } : {}),
      // A secret that is not known yet is one that is given.
      ...(isPlain(existing) ? { existing: { ...(withoutUnknown(existing) as Properties), ...given(existing) } } : {}),
    },
  };
}

function unnamed(client: Properties, name: string): Properties {
  return client[name] === UNKNOWN ? { [name]: "(name not known yet)" } : {};
}

function given(existing: Properties): Properties {
  return existing["clientSecret"] === undefined ? {} : { clientSecret: existing["clientSecret"] };
}
