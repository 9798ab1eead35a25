import { REFERENCES } from "../references.ts";
import { rule, type Rule } from "../rule.ts";
import type { Cursor } from "../sources/cursor.ts";
import type { CloudResource } from "../subjects/topics.ts";
import { LAMBDA_RUNTIMES } from "./data/lambda-runtimes.ts";

const FUNCTIONS = new Set(["AWS::Lambda::Function", "AWS::Serverless::Function"]);
const TABLES = new Set(["AWS::DynamoDB::Table", "AWS::DynamoDB::GlobalTable"]);
const DATABASE_PORTS = [5432, 3306, 6379, 27017, 1433];

/** Rules about CloudFormation, SAM, IAM and ECS. */
export const AMAZON_RULES: readonly Rule[] = [
  rule(
    "statement",
    {
      id: "iam-wildcard",
      severity: "error",
      what: "The policy allows everything by *.",
      why: "Whoever takes over what holds the policy has the service, or the account.",
      fix: "Name the actions and the ARNs that are needed.",
      source: REFERENCES.iamPractice,
    },
    (statement, say) => {
      if (statement.get("Effect").text !== "Allow") return;
      const action = statement
        .get("Action")
        .items()
        .find((each) => /^(\*|[\w-]+:\*)$/.test(each.text));
      const resource = statement
        .get("Resource")
        .items()
        .find((each) => each.text === "*");
      const writes = statement
        .get("Action")
        .items()
        .some(
          (each) =>
            !/:(Get|List|Describe)(?!SecretValue|Object\b|Item\b|Parameter)|^(xray|logs|ecr:GetAuthorizationToken|cloudwatch:PutMetricData|ec2:(\w+NetworkInterface|(Una|A)ssignPrivateIpAddresses))/.test(
              each.text,
            ),
        );
      if (action !== undefined) say(action);
      else if (resource !== undefined && writes) say(resource);
      for (const principal of [statement.get("Principal"), statement.get("Principal", "AWS")])
        if (principal.text === "*" && !statement.has("Condition"))
          say(principal, { message: "Anyone is allowed (Principal: *), on no condition." });
    },
  ),
  resourceRule(
    "lambda-runtime-retired",
    "error",
    "The Lambda runtime is deprecated.",
    "It gets no security updates, and functions on it can soon be neither made nor changed.",
    "Move to a supported runtime: nodejs24.x, python3.13.",
    REFERENCES.lambdaRuntimes,
    (resource, say, { assumptions }) => {
      if (!FUNCTIONS.has(resource.type)) return;
      const own = resource.properties.get("Runtime");
      const runtime = own.exists ? own : resource.template.get("Globals", "Function", "Runtime");
      const date = LAMBDA_RUNTIMES[runtime.text];
      if (date !== undefined && date <= assumptions.today)
        say(runtime, { message: `${runtime.text} has been deprecated since ${date}.` });
    },
    "2027-04-30",
  ),
  resourceRule(
    "lambda-without-alias",
    "warning",
    "The function is called without an alias.",
    "Every deployment is all traffic at once, and there is nothing to go back to.",
    "Publish versions under an alias and shift its weights: AutoPublishAlias and DeploymentPreference.",
    REFERENCES.lambdaAliases,
    ({ type, id, properties, template, file, line }, say) => {
      if (!FUNCTIONS.has(type)) return;
      const published =
        properties.has("AutoPublishAlias") || template.get("Globals", "Function", "AutoPublishAlias").exists;
      const alias = template
        .get("Resources")
        .entries()
        .some(
          (each) =>
            each.get("Type").text === "AWS::Lambda::Alias" && refersTo(each.get("Properties", "FunctionName"), id),
        );
      if (!published && !alias) say({ file, line });
    },
  ),
  resourceRule(
    "lambda-public",
    "error",
    "Anyone may call the function.",
    "Everyone on the internet can use it, and its cost, without a key.",
    "Set AuthType: AWS_IAM, or name the principal and its SourceArn.",
    REFERENCES.lambdaUrls,
    ({ type, properties }, say) => {
      const url = [properties.get("AuthType"), properties.get("FunctionUrlConfig", "AuthType")].find(
        (each) => each.text === "NONE",
      );
      if (url !== undefined) say(url);
      if (type === "AWS::Lambda::Permission" && properties.get("Principal").text === "*")
        say(properties.get("Principal"));
    },
  ),
  resourceRule(
    "bucket-public",
    "error",
    "Nothing keeps the bucket from being made public.",
    "One policy or access list that is too wide opens all of it.",
    "Set PublicAccessBlockConfiguration with all four members true.",
    REFERENCES.bucketAccess,
    ({ type, properties, file, line }, say) => {
      if (type !== "AWS::S3::Bucket") return;
      const block = properties.get("PublicAccessBlockConfiguration");
      const open = ["BlockPublicAcls", "BlockPublicPolicy", "IgnorePublicAcls", "RestrictPublicBuckets"].filter(
        (key) => !block.get(key).isTrue,
      );
      if (open.length > 0) say(block.exists ? block : { file, line });
      if (properties.get("AccessControl").text.startsWith("PublicRead")) say(properties.get("AccessControl"));
    },
  ),
  resourceRule(
    "bucket-unencrypted",
    "warning",
    "The bucket does not say how it is encrypted.",
    "S3 then uses a key of its own, which nobody here can revoke or audit.",
    "Set BucketEncryption, with aws:kms where keys must be yours.",
    REFERENCES.bucketEncryption,
    ({ type, properties, file, line }, say) => {
      if (type === "AWS::S3::Bucket" && !properties.has("BucketEncryption")) say({ file, line });
    },
  ),
  resourceRule(
    "table-without-recovery",
    "error",
    "The table cannot be taken back to a point in time.",
    "A fault that deletes or overwrites items is final.",
    "Set PointInTimeRecoverySpecification: PointInTimeRecoveryEnabled: true.",
    REFERENCES.tableRecovery,
    ({ type, properties, file, line }, say) => {
      if (!TABLES.has(type)) return;
      const own = properties.get("PointInTimeRecoverySpecification", "PointInTimeRecoveryEnabled");
      const replicas = properties.get("Replicas").items();
      const everywhere =
        replicas.length > 0 &&
        replicas.every((each) => each.get("PointInTimeRecoverySpecification", "PointInTimeRecoveryEnabled").isTrue);
      if (!own.isTrue && !everywhere) say(own.exists ? own : { file, line });
    },
  ),
  resourceRule(
    "ecs-without-circuit-breaker",
    "error",
    "A failed deployment of the service is started again for ever.",
    "Tasks come and go for hours, at full price, and nothing goes back by itself.",
    "Set DeploymentCircuitBreaker: { Enable: true, Rollback: true }.",
    REFERENCES.ecsBreaker,
    ({ type, properties, file, line }, say) => {
      if (type !== "AWS::ECS::Service") return;
      const breaker = properties.get("DeploymentConfiguration", "DeploymentCircuitBreaker");
      if (!breaker.get("Enable").isTrue || !breaker.get("Rollback").isTrue)
        say(breaker.exists ? breaker : { file, line });
    },
  ),
  rule(
    "task",
    {
      id: "ecs-container-unconfined",
      severity: "error",
      what: "The task's container is privileged, runs as root or can write to its root file system.",
      why: "A fault in the program is more than the program.",
      fix: 'Set user: "1000:1000", readonlyRootFilesystem: true, and no privileged.',
      source: REFERENCES.ecsSecurity,
    },
    ({ get, file, line }, say) => {
      if (get("privileged").isTrue) say(get("privileged"), { message: "The task's container is privileged." });
      const user = get("user");
      if (/^(root|0)(:|$)/.test(user.text)) say(user, { message: "The task's container runs as root." });
      const root = get("readonlyRootFilesystem");
      if (!root.isTrue)
        say(root.exists ? root : { file, line }, {
          message: "The task's container can write to its root file system.",
        });
    },
  ),
  resourceRule(
    "database-public",
    "error",
    "The database has a public address or no encryption at rest.",
    "Anyone may try passwords on it; a copy of its disk can be read.",
    "Set PubliclyAccessible: false and StorageEncrypted: true.",
    REFERENCES.rdsAddress,
    ({ type, properties, file, line }, say) => {
      if (!/^AWS::(RDS::DB(Instance|Cluster)|DocDB::DBCluster|Redshift::Cluster)$/.test(type)) return;
      const open = properties.get("PubliclyAccessible");
      if (open.isTrue) say(open, { message: "The database has a public address." });
      const sealed = properties.get(type === "AWS::Redshift::Cluster" ? "Encrypted" : "StorageEncrypted");
      const inherited = properties.has("DBClusterIdentifier") || properties.has("SnapshotIdentifier");
      if (!sealed.isTrue && !inherited)
        say(sealed.exists ? sealed : { file, line }, { message: "The database is not encrypted at rest." });
    },
  ),
  resourceRule(
    "security-group-open",
    "error",
    "The whole internet may reach a database's port or a shell.",
    "It is scanned within minutes.",
    "Name the security group that may: SourceSecurityGroupId.",
    REFERENCES.securityGroups,
    ({ type, properties }, say) => {
      if (type !== "AWS::EC2::SecurityGroup" && type !== "AWS::EC2::SecurityGroupIngress") return;
      for (const entry of type.endsWith("Ingress") ? [properties] : properties.get("SecurityGroupIngress").items()) {
        const anyone = [entry.get("CidrIp"), entry.get("CidrIpv6")].find(
          (each) => each.text === "0.0.0.0/0" || each.text === "::/0",
        );
        const [from, to] = [entry.get("FromPort").number, entry.get("ToPort").number];
        const all = entry.get("IpProtocol").text === "-1";
        if (anyone !== undefined && (all || [22, ...DATABASE_PORTS].some((port) => from <= port && port <= to)))
          say(anyone);
      }
    },
  ),
  rule(
    "document",
    {
      id: "template-secret-parameter",
      severity: "error",
      what: "A parameter for a secret shows what it is given.",
      why: "The console, the API and every log of the stack print it; a default stands in the file.",
      fix: "Use a dynamic reference ({{resolve:secretsmanager:…}}); at least NoEcho: true without a default.",
      source: REFERENCES.templatePractice,
    },
    (document, say) => {
      if (!document.get("Resources").isMap) return;
      for (const each of document.get("Parameters").entries()) {
        if (
          !/(password|secret|token|api_?key|private_?key)$/i.test(each.key) ||
          /Arn$|SSM|SecretsManager/.test(each.key + each.get("Type").text)
        )
          continue;
        const given = each.get("Default").text;
        if (!each.get("NoEcho").isTrue || given !== "") say(given === "" ? each : each.get("Default"));
      }
    },
  ),
  resourceRule(
    "api-cors-any-origin-with-credentials",
    "error",
    "Any origin may call with the user's credentials.",
    "Every page that the user opens can act in the user's name.",
    "List the origins, or allow no credentials.",
    REFERENCES.cors,
    ({ type, properties }, say) => {
      const cors = [
        properties.get("CorsConfiguration"),
        properties.get("Cors"),
        properties.get("FunctionUrlConfig", "Cors"),
      ].find((each) => each.exists);
      if (cors === undefined || type === "AWS::S3::Bucket") return;
      const origins = ["AllowOrigins", "AllowOrigin"].flatMap((key) => cors.get(key).items());
      const any = origins.find((each) => each.text.replaceAll("'", "") === "*");
      if (any !== undefined && cors.get("AllowCredentials").isTrue) say(any);
    },
  ),
];

function resourceRule(
  id: string,
  severity: "error" | "warning",
  what: string,
  why: string,
  fix: string,
  source: Rule["source"],
  find: Parameters<typeof rule<"resource">>[2],
  review?: string,
): Rule {
  return rule("resource", { id, severity, what, why, fix, source, ...(review !== undefined && { review }) }, find);
}

/** Whether a value is `!Ref id`, `!GetAtt id.Arn` or their long forms. */
function refersTo(value: Cursor, id: CloudResource["id"]): boolean {
  return [...value.scalars()].some((each) => each.text === id || each.text.startsWith(`${id}.`));
}
