import { REFERENCES } from "../references.ts";
import { rule, type Rule } from "../rule.ts";

const SECRET_KEY = /(password|secret|token|api_?key|private_?key)$/i;

/** Rules about our own `slipway.yaml` and about charts: what a schema cannot say. */
export const SLIPWAY_RULES: readonly Rule[] = [
  rule(
    "slipway",
    {
      id: "slipway-literal-secret",
      severity: "error",
      what: "A secret stands in slipway.yaml.",
      why: "The file is in the repository, so everyone who reads it has the secret.",
      fix: "Name it under secrets: by its place in a secret store, and change the one that stood here.",
      source: REFERENCES.twelveFactorConfig,
    },
    (spec, say) => {
      for (const each of spec.scalars()) {
        const known =
          /\b(sk-(proj-|ant-)?[\w-]{20,}|AKIA[0-9A-Z]{16}|gh[pousr]_\w{36}|AIza[\w-]{35})\b|^[a-z][a-z+]*:\/\/[^\s:/@]*:[^\s@/$]+@/i;
        const named =
          SECRET_KEY.test(each.key) &&
          each.text !== "" &&
          !/^(env|file|gcp|aws|vault|k8s|secret|op):|^projects\/|^arn:|\$\{|^[A-Z][A-Z0-9_]*$|^[a-z][a-z0-9-]*$|^\d+$/.test(
            each.text,
          );
        if (known.test(each.text) || named) say(each);
      }
    },
  ),
  rule(
    "slipway",
    {
      id: "slipway-production-without-approval",
      severity: "warning",
      what: "The production environment asks nobody before it is changed.",
      why: "Whoever can merge is in production at once.",
      fix: "Set approvals for the environment.",
      source: REFERENCES.actionsDeployments,
    },
    (spec, say) => {
      for (const environment of spec.get("environments").entries())
        if (
          /^prod/i.test(environment.key) &&
          !(environment.get("approvals").number > 0) &&
          !(
            environment.get("approvals").isMap ||
            environment
              .get("approvals")
              .items()
              .some((each) => each.text !== "" && each.text !== "0" && each.text !== "false")
          )
        )
          say(environment);
    },
  ),
  rule(
    "chart",
    {
      id: "helm-dependency-unpinned",
      severity: "error",
      what: "The chart's dependency takes whatever version fits.",
      why: "Two installs of one commit differ.",
      fix: "Name the exact version and commit Chart.lock.",
      source: REFERENCES.helmDependencies,
    },
    (chart, say) => {
      for (const each of chart.get("dependencies").items()) {
        const version = each.get("version");
        if (
          !each.get("repository").text.startsWith("file:") &&
          !/^v?\d+\.\d+\.\d+(-[\w.]+)?(\+[\w.]+)?$/.test(version.text)
        )
          say(version, {
            message: `The dependency ${each.get("name").text} takes any version that fits "${version.text}".`,
          });
      }
    },
  ),
];
