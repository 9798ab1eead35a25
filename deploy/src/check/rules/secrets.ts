import { REFERENCES } from "../references.ts";
import { rule, type Rule } from "../rule.ts";

const SECRET_NAME =
  /(^|_)(PASSWORD|PASSWD|PASS|PWD|SECRET|TOKEN|API_?KEY|PRIVATE_?KEY|ACCESS_?KEY|SECRET_?KEY|ENCRYPTION_?KEY|CREDENTIALS?|SIGNING_?KEY)$/i;
/** Names that end as secrets do and are none; Google's is of a file (https://cloud.google.com/docs/authentication/application-default-credentials). */
const HARMLESS_NAME =
  /(_FILE|_PATH|_NAME|_ARN|_ID|_URL|_HEADER|_LENGTH|_TTL)$|^(MAX|NUM|COUNT)_|TOKEN_(LIMIT|COUNT)|^PWD$|^OLDPWD$|^GOOGLE_APPLICATION_CREDENTIALS$/i;
/** A reference to something that is filled in elsewhere. */
const REFERENCE =
  /^\s*$|\$\{|\$\(|^\$\w+|\{\{|^<.*>$|^(arn:|projects\/|ssm:|vault:|secret:\/\/|op:\/\/|file:\/|gcp-sm:\/\/|aws-sm:\/\/|azure-kv:\/\/|\/run\/secrets\/)|resolve:|^(true|false|null|none|\d{1,6})$/i;
const URL_PASSWORD = /^[a-z][a-z+]*:\/\/[^\s:/@]*:([^\s@/]+)@/i;
const COMMON_PASSWORDS =
  /^(postgres|password|passw0rd|admin|root|secret|changeme|change-me|change_me|example|test|mysql|redis|guest|minioadmin|12345\d*|qwerty|default|letmein|supersecret|mysecretpassword|slipway)$/i;
/** Keys whose form alone says what they are. */
const KEY_FORMS =
  /\b(AKIA[0-9A-Z]{16}|gh[pousr]_[A-Za-z0-9]{36}|sk-(?:proj-|ant-)?[A-Za-z0-9_-]{20,}|AIza[0-9A-Za-z_-]{35}|xox[baprs]-[0-9A-Za-z-]{10,})\b|-----BEGIN (?:RSA |EC |OPENSSH )?PRIVATE KEY-----/;

/** Rules about secrets that stand where they can be read. */
export const SECRET_RULES: readonly Rule[] = [
  rule(
    "env",
    {
      id: "secret-in-environment",
      severity: "error",
      what: "A secret stands in the file as plain text.",
      why: "Whoever reads the repository, its history or the object in the cluster has it.",
      fix: "Refer to a secret store (secretKeyRef, secrets:, valueFrom) and change the secret that stood here.",
      source: REFERENCES.secretPractice,
    },
    ({ name, value, where, testing, file, line }, say) => {
      if (testing || where === "dockerfile" || REFERENCE.test(value)) return;
      const inUrl = URL_PASSWORD.exec(value)?.[1];
      const inName = SECRET_NAME.test(name) && !HARMLESS_NAME.test(name);
      if (inUrl !== undefined && !REFERENCE.test(inUrl))
        say({ file, line }, { message: `The password in ${name} stands in the file as plain text.` });
      else if ((inName && !COMMON_PASSWORDS.test(value)) || KEY_FORMS.test(value))
        say({ file, line }, { message: `${name} stands in the file as plain text.` });
    },
  ),
  rule(
    "env",
    {
      id: "default-password",
      severity: "error",
      what: "A password that everybody knows.",
      why: "It is the first that is tried.",
      fix: "Let the deployment fail without one: ${NAME:?is missing}, or refer to a secret store.",
      source: REFERENCES.secretPractice,
    },
    ({ name, value, testing, file, line }, say) => {
      if (testing || !SECRET_NAME.test(name) || HARMLESS_NAME.test(name)) return;
      const fallback = /^\$\{\w+:?-([^}]*)\}$/.exec(value)?.[1] ?? value;
      if (COMMON_PASSWORDS.test(fallback))
        say({ file, line }, { message: `${name} has a password that everybody knows.` });
    },
  ),
  rule(
    "dockerfile",
    {
      id: "dockerfile-secret-in-layer",
      severity: "error",
      what: "A secret goes into the image by ARG or ENV.",
      why: "Both stay in the image's history, which everyone who can pull it can read.",
      fix: "Mount it for the one command: RUN --mount=type=secret,id=…",
      source: REFERENCES.dockerSecrets,
    },
    ({ instructions }, say) => {
      for (const { name, args, file, line } of instructions) {
        if (name !== "ARG" && name !== "ENV") continue;
        const names =
          name === "ARG"
            ? [args.split("=", 1)[0] ?? ""]
            : [...args.matchAll(/(?:^|\s)(\w+)=/g)].map((each) => each[1] ?? "");
        const secret = names.find((each) => SECRET_NAME.test(each.trim()) && !HARMLESS_NAME.test(each.trim()));
        if (secret !== undefined)
          say({ file, line }, { message: `${secret} goes into the image's history by ${name}.` });
      }
    },
  ),
  rule(
    "dockerfile",
    {
      id: "dockerfile-secret-file-copied",
      severity: "error",
      what: "A file that holds secrets is copied into the image.",
      why: "It stays in its layer even when a later one deletes it.",
      fix: "Mount it at run time, or for the one command with RUN --mount=type=secret.",
      source: REFERENCES.dockerSecrets,
    },
    ({ instructions }, say) => {
      for (const each of instructions) {
        if (each.name !== "COPY" && each.name !== "ADD") continue;
        const names = each.args
          .split(/\s+/)
          .filter((word) => !word.startsWith("--"))
          .slice(0, -1);
        if (
          names.some((word) =>
            /(^|\/)(\.env(\.(?!example|sample)\w+)?|id_rsa|id_ed25519|\.netrc|\.aws|credentials\.json|service-?account[\w-]*\.json|[\w-]*key\.json|[\w-]+\.(pem|p12|pfx|key))$/i.test(
              word,
            ),
          )
        )
          say(each);
      }
    },
  ),
  rule(
    "shell",
    {
      id: "secret-in-command",
      severity: "error",
      what: "A secret stands in a command line.",
      why: "It is in the file, in the shell's history, and in the list of processes.",
      fix: "Read it from a file or from standard input that a secret store fills.",
      source: REFERENCES.dockerSecrets,
    },
    ({ lines }, say) => {
      for (const line of lines) {
        const passed =
          /(?:--build-arg|--set-env-vars|--set|-e|--env)[= ]["']?[\w.,=-]*?\b(\w*(?:PASSWORD|SECRET|TOKEN|API_KEY|PRIVATE_KEY))=([^\s"',]+)/i.exec(
            line.text,
          );
        const direct = KEY_FORMS.test(line.text) || /\b(?:PGPASSWORD|MYSQL_PWD)=(?![\s"']*\$)[^\s"']+/.test(line.text);
        if (
          direct ||
          (passed !== null && passed[2] !== undefined && !/[$<{]/.test(passed[2])) ||
          (passed !== null && line.text.includes("--build-arg"))
        )
          say(line);
      }
    },
  ),
];
