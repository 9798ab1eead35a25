import { REFERENCES } from "../references.ts";
import { rule, type Rule } from "../rule.ts";

/** What YAML 1.1 reads as a boolean and YAML 1.2 as text. */
const BOOLEANS = /^(yes|no|on|off|y|n|Yes|No|On|Off|YES|NO|ON|OFF)$/;
/** Numbers to the base of 60, in YAML 1.1. */
const SIXTIES = /^\d+(:[0-5]?\d)+$/;

/** Rules about YAML itself. */
export const YAML_RULES: readonly Rule[] = [
  rule(
    "file",
    {
      id: "yaml-broken",
      severity: "error",
      what: "The file is not YAML.",
      why: "Nothing of it is applied, or the pipeline does not run at all.",
      fix: "Mend the place; a map inside a line needs braces or lines of its own.",
      source: REFERENCES.yaml,
    },
    ({ yaml }, say) => {
      for (const fault of yaml?.faults ?? [])
        if (fault.kind === "broken") say(fault, { message: `The file is not YAML: ${fault.message}` });
    },
  ),
  rule(
    "file",
    {
      id: "yaml-duplicate-key",
      severity: "error",
      what: "A key stands twice in a map.",
      why: "Most readers keep the last one in silence, some refuse the file.",
      fix: "Keep the one that is meant.",
      source: REFERENCES.yaml,
    },
    ({ yaml }, say) => {
      for (const fault of yaml?.faults ?? [])
        if (fault.kind === "duplicate-key") say(fault, { message: `The key ${fault.message}.` });
    },
  ),
  rule(
    "document",
    {
      id: "yaml-surprising-value",
      severity: "warning",
      what: "A value means something else to YAML 1.1, which many tools still read.",
      why: "no is false, 22:22 is 1342 and 0777 is 511 to them.",
      fix: "Put it in quotes.",
      source: REFERENCES.yaml,
      mends: true,
    },
    (document, say) => {
      for (const each of document.scalars()) {
        const { scalar } = each;
        if (scalar?.type !== "PLAIN") continue;
        const source = scalar.source ?? "";
        const surprising =
          (BOOLEANS.test(source) && each.key !== "on") ||
          SIXTIES.test(source) ||
          (/^0[0-7]+$/.test(source) && !/^(defaultMode|mode)$/.test(each.key));
        if (surprising)
          say(each, {
            message: `${source} without quotes means something else to YAML 1.1.`,
            edit: each.replaceBy(`"${source}"`),
          });
      }
    },
  ),
];
