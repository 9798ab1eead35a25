/** A page that a rule leans on, and the day whose state of things the rule was written for. */
export interface Reference {
  readonly url: string;
  /** ISO date. */
  readonly date: string;
}

const AS_OF = "2026-11-21";
const page = (url: string, date = AS_OF): Reference => ({ url, date });
const kubernetes = (path: string): Reference => page(`https://kubernetes.io/docs/${path}/`);
const docker = (path: string): Reference => page(`https://docs.docker.com/${path}/`);
const google = (path: string): Reference => page(`https://cloud.google.com/${path}`);
const amazon = (path: string): Reference => page(`https://docs.aws.amazon.com/${path}.html`);
const github = (path: string): Reference => page(`https://docs.github.com/en/actions/${path}`);

/** Where the rules have their facts from. */
export const REFERENCES = {
  removedApis: kubernetes("reference/using-api/deprecation-guide"),
  podSecurityPolicy: kubernetes("concepts/security/pod-security-policy"),
  podSecurityStandards: kubernetes("concepts/security/pod-security-standards"),
  podSecurityAdmission: kubernetes("concepts/security/pod-security-admission"),
  ingressNginx: page("https://kubernetes.io/blog/2025/11/11/ingress-nginx-retirement/"),
  ingress: kubernetes("concepts/services-networking/ingress"),
  gatewayTls: page("https://gateway-api.sigs.k8s.io/guides/tls/"),
  probes: kubernetes("concepts/configuration/liveness-readiness-startup-probes"),
  horizontalAutoscaling: kubernetes("tasks/run-application/horizontal-pod-autoscale"),
  verticalAutoscaling: kubernetes("concepts/workloads/autoscaling/vertical-pod-autoscale"),
  vpaModes: page("https://github.com/kubernetes/autoscaler/blob/master/vertical-pod-autoscaler/docs/quickstart.md"),
  networkPolicies: kubernetes("concepts/services-networking/network-policies"),
  cronJobs: kubernetes("concepts/workloads/controllers/cron-jobs"),
  secretPractice: kubernetes("concepts/security/secrets-good-practices"),
  resources: kubernetes("concepts/configuration/manage-resources-containers"),
  disruptions: kubernetes("tasks/run-application/configure-pdb"),
  topologySpread: kubernetes("concepts/scheduling-eviction/topology-spread-constraints"),
  rbac: kubernetes("concepts/security/rbac-good-practices"),
  serviceAccounts: kubernetes("tasks/configure-pod-container/configure-service-account"),
  images: kubernetes("concepts/containers/images"),
  logging: kubernetes("concepts/cluster-administration/logging"),
  volumes: kubernetes("concepts/storage/volumes"),
  deployments: kubernetes("concepts/workloads/controllers/deployment"),
  initContainers: kubernetes("concepts/workloads/pods/init-containers"),
  environment: kubernetes("tasks/inject-data-application/define-environment-variable-container"),
  kubectlSet: kubernetes("reference/kubectl/generated/kubectl_set/kubectl_set_image"),
  serviceMonitor: page("https://prometheus-operator.dev/docs/api-reference/api/"),
  alerting: page("https://prometheus.io/docs/practices/alerting/"),
  sloAlerts: page("https://sre.google/workbook/alerting-on-slos/"),
  helmDependencies: page("https://helm.sh/docs/chart_best_practices/dependencies/"),
  endOfLife: page("https://endoflife.date/"),
  registryShutdown: google("artifact-registry/docs/transition/prepare-gcr-shutdown"),
  dockerPractice: docker("build/building/best-practices"),
  dockerSecrets: docker("build/building/secrets"),
  dockerContext: docker("build/concepts/context"),
  dockerfile: docker("reference/dockerfile"),
  dockerSecurity: docker("engine/security"),
  composeServices: docker("reference/compose-file/services"),
  composeVersion: docker("reference/compose-file/version-and-name"),
  composeOrder: docker("compose/how-tos/startup-order"),
  actionsSecurity: github("reference/security/secure-use"),
  actionsOidc: github("concepts/security/openid-connect"),
  actionsDeployments: github("how-tos/deploy/configure-and-manage-deployments/control-deployments"),
  actionsSyntax: github("reference/workflows-and-actions/workflow-syntax"),
  actionsOutput: page(
    "https://github.blog/changelog/2022-10-11-github-actions-deprecating-save-state-and-set-output-commands/",
  ),
  actionsArtifacts: page("https://github.blog/changelog/2024-04-16-deprecation-notice-v3-of-the-artifact-actions/"),
  actionsRunners: page("https://github.com/actions/runner-images"),
  setupGcloud: page("https://github.com/google-github-actions/setup-gcloud"),
  googleAuth: page("https://github.com/google-github-actions/auth"),
  gsutil: google("storage/docs/gsutil"),
  cloudRunIdentity: google("run/docs/securing/service-identity"),
  cloudRunPublic: google("run/docs/authenticating/public"),
  cloudRunVpc: google("run/docs/configuring/vpc-direct-vpc"),
  cloudRunRollback: google("run/docs/rollouts-rollbacks-traffic-migration"),
  cloudSqlConnections: google("sql/docs/postgres/manage-connections"),
  cloudSqlAddress: google("sql/docs/postgres/configure-private-ip"),
  secretAccess: google("secret-manager/docs/access-control"),
  buildSubstitutions: google("build/docs/build-config/substitute-variable-values"),
  buildIdentity: google("build/docs/cloud-build-service-account"),
  backendTimeout: google("kubernetes-engine/docs/how-to/ingress-configuration"),
  iamPractice: amazon("IAM/latest/UserGuide/best-practices"),
  lambdaRuntimes: amazon("lambda/latest/dg/lambda-runtimes"),
  lambdaAliases: amazon("lambda/latest/dg/configuration-aliases"),
  lambdaUrls: amazon("lambda/latest/dg/urls-auth"),
  lambdaPolicies: amazon("lambda/latest/dg/access-control-resource-based"),
  bucketAccess: amazon("AmazonS3/latest/userguide/access-control-block-public-access"),
  bucketEncryption: amazon("AmazonS3/latest/userguide/default-bucket-encryption"),
  tableRecovery: amazon("amazondynamodb/latest/developerguide/Point-in-time-recovery"),
  ecsBreaker: amazon("AmazonECS/latest/developerguide/deployment-circuit-breaker"),
  ecsSecurity: amazon("AmazonECS/latest/developerguide/security-tasks-containers"),
  templatePractice: amazon("AWSCloudFormation/latest/UserGuide/security-best-practices"),
  samDeploy: amazon("serverless-application-model/latest/developerguide/sam-cli-command-reference-sam-deploy"),
  rdsAddress: amazon("AmazonRDS/latest/UserGuide/USER_VPC.WorkingWithRDSInstanceinaVPC"),
  rdsEncryption: amazon("AmazonRDS/latest/UserGuide/Overview.Encryption"),
  securityGroups: amazon("vpc/latest/userguide/security-group-rules"),
  yaml: page("https://yaml.org/spec/1.2.2/"),
  cors: page("https://developer.mozilla.org/en-US/docs/Web/HTTP/Guides/CORS"),
  bash: page("https://www.gnu.org/software/bash/manual/bash.html"),
  twelveFactorConfig: page("https://12factor.net/config"),
} as const satisfies Record<string, Reference>;
