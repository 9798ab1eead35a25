import { seconds } from "@slipway/contracts/spec/quantity.ts";
import { PUBLIC_PREFIXES, publicPaths } from "#render/public-paths.ts";
import type { Service } from "#spec/spec.ts";
import { type Context, tagMapOf, tagsOf } from "../aws/context.ts";
import {
  attribute,
  identifier,
  logical,
  ref,
  type Resource,
  type Resources,
  sub,
  type Values,
} from "../aws/template.ts";
import { ALIAS } from "./function.ts";

/** A REST API has no stage without a name. */
const STAGE = "live";

/** Every path that an API leads to the function; `/metrics` is not among them. */
function pathsOf(service: Service): readonly string[] {
  return [...PUBLIC_PREFIXES.flatMap((prefix) => [prefix, `${prefix}/{proxy+}`]), ...publicPaths(service)];
}

/** The API before a function: an HTTP API, or a REST API where answers are streamed. Private ones ask callers to sign with an identity of AWS. */
export function apiOf(context: Context, service: Service): Resources {
  return context.aws.streaming ? restApi(context, service) : httpApi(context, service);
}

function arnOfAlias(id: string): string {
  return `\${${id}Function.Arn}:${ALIAS}`;
}

/** API Gateway may call the alias, for this API and no other. */
function permission(id: string): Resource {
  return {
    Type: "AWS::Lambda::Permission",
    // The alias is made by the transform, under the function's id.
    DependsOn: `${id}FunctionAlias${ALIAS}`,
    Properties: {
      Action: "lambda:InvokeFunction",
      FunctionName: sub(arnOfAlias(id)),
      Principal: "apigateway.amazonaws.com",
      SourceArn: sub(`arn:\${AWS::Partition}:execute-api:\${AWS::Region}:\${AWS::AccountId}:\${${id}Api}/*`),
    },
  };
}

/** How many requests a second the API lets through: as many as all instances together may have begun. */
function throttling({ scale }: Service): { readonly burst: number; readonly rate: number } {
  return { burst: Math.min(5000, scale.max * 2), rate: Math.min(10_000, scale.max * 10) };
}

function httpApi(context: Context, service: Service): Resources {
  const id = logical(service.name);
  const { burst, rate } = throttling(service);
  const integration = {
    type: "aws_proxy",
    httpMethod: "POST",
    payloadFormatVersion: "2.0",
    timeoutInMillis: Math.min(30_000, seconds(service.timeout) * 1000 + 500),
    uri: sub(
      `arn:\${AWS::Partition}:apigateway:\${AWS::Region}:lambda:path/2015-03-31/functions/${arnOfAlias(id)}/invocations`,
    ),
  };
  return {
    [`${id}Api`]: {
      Type: "AWS::Serverless::HttpApi",
      Properties: {
        // The default stage, whose name is no part of paths.
        StageName: "$default",
        Description: `${service.name} of ${context.prefix}`,
        DisableExecuteApiEndpoint: service.access.hosts.length > 0,
        DefinitionBody: {
          openapi: "3.0.1",
          info: { title: `${context.prefix}-${service.name}`, version: "1" },
          paths: paths(service, (path) => operation(path, integration)),
        },
        ...(service.access.kind === "private"
          ? { Auth: { EnableIamAuthorizer: true, DefaultAuthorizer: "AWS_IAM" } }
          : {}),
        DefaultRouteSettings: {
          DetailedMetricsEnabled: true,
          ThrottlingBurstLimit: burst,
          ThrottlingRateLimit: rate,
        },
        AccessLogSettings: { DestinationArn: attribute(`${id}ApiLogs`, "Arn"), Format: ACCESS_LOG },
        Tags: tagMapOf(context.spec),
      },
    },
    [`${id}ApiLogs`]: {
      Type: "AWS::Logs::LogGroup",
      Properties: {
        LogGroupName: `/slipway/${context.prefix}/${service.name}-api`,
        RetentionInDays: context.aws.logDays,
        Tags: tagsOf(context),
      },
    },
    [`${id}Permission`]: permission(id),
    ...httpDomains(context, service),
  };
}

const ACCESS_LOG = JSON.stringify({
  requestId: "$context.requestId",
  ip: "$context.identity.sourceIp",
  method: "$context.httpMethod",
  route: "$context.routeKey",
  status: "$context.status",
  latencyMs: "$context.responseLatency",
  integrationError: "$context.integrationErrorMessage",
});

function paths(service: Service, of: (path: string) => Values): Values {
  return Object.fromEntries(pathsOf(service).map((path) => [path, { "x-amazon-apigateway-any-method": of(path) }]));
}

function operation(path: string, integration: Values): Values {
  return {
    ...(path.includes("{proxy+}")
      ? { parameters: [{ name: "proxy", in: "path", required: true, schema: { type: "string" } }] }
      : {}),
    responses: { default: { description: "What the server answers" } },
    "x-amazon-apigateway-integration": integration,
  };
}

/** Streams answers: https://docs.aws.amazon.com/apigateway/latest/developerguide/response-transfer-mode-lambda.html */
function restApi(context: Context, service: Service): Resources {
  const id = logical(service.name);
  const { burst, rate } = throttling(service);
  const integration = {
    type: "aws_proxy",
    httpMethod: "POST",
    responseTransferMode: "STREAM",
    timeoutInMillis: Math.min(900_000, seconds(service.timeout) * 1000 + 1000),
    uri: sub(
      `arn:\${AWS::Partition}:apigateway:\${AWS::Region}:lambda:path/2021-11-15/functions/${arnOfAlias(id)}/response-streaming-invocations`,
    ),
  };
  return {
    [`${id}Api`]: {
      Type: "AWS::Serverless::Api",
      Properties: {
        Name: `${context.prefix}-${service.name}`,
        StageName: STAGE,
        OpenApiVersion: "3.0.1",
        EndpointConfiguration: { Type: "REGIONAL" },
        DisableExecuteApiEndpoint: service.access.hosts.length > 0,
        TracingEnabled: true,
        DefinitionBody: {
          openapi: "3.0.1",
          info: { title: `${context.prefix}-${service.name}`, version: "1" },
          paths: paths(service, (path) => operation(path, integration)),
        },
        ...(service.access.kind === "private" ? { Auth: { DefaultAuthorizer: "AWS_IAM" } } : {}),
        MethodSettings: [
          {
            HttpMethod: "*",
            ResourcePath: "/*",
            MetricsEnabled: true,
            ThrottlingBurstLimit: burst,
            ThrottlingRateLimit: rate,
          },
        ],
        Tags: tagMapOf(context.spec),
      },
    },
    [`${id}Permission`]: permission(id),
    ...restDomains(context, service),
  };
}

function record(context: Context, host: string, id: string): Resources {
  const { hostedZone } = context.aws;
  if (hostedZone === undefined) return {};
  const several = context.spec.environment.regions.length > 1;
  return {
    [`${id}Record`]: {
      Type: "AWS::Route53::RecordSet",
      Properties: {
        HostedZoneId: hostedZone,
        Name: `${host}.`,
        Type: "A",
        AliasTarget: {
          DNSName: attribute(id, "RegionalDomainName"),
          HostedZoneId: attribute(id, "RegionalHostedZoneId"),
          EvaluateTargetHealth: true,
        },
        ...(several ? { Region: context.region, SetIdentifier: context.region } : {}),
      },
    },
  };
}

function httpDomains(context: Context, service: Service): Resources {
  const api = `${logical(service.name)}Api`;
  const parts = service.access.hosts.map((host): Resources => {
    const id = `Host${identifier(host.toLowerCase())}`;
    return {
      [id]: {
        Type: "AWS::ApiGatewayV2::DomainName",
        Properties: {
          DomainName: host,
          DomainNameConfigurations: [
            {
              CertificateArn: context.network.certificate,
              EndpointType: "REGIONAL",
              SecurityPolicy: "TLS_1_2",
            },
          ],
          Tags: tagMapOf(context.spec),
        },
      },
      [`${id}Mapping`]: {
        Type: "AWS::ApiGatewayV2::ApiMapping",
        // The transform calls the stage so.
        DependsOn: `${api}ApiGatewayDefaultStage`,
        Properties: { ApiId: ref(api), DomainName: ref(id), Stage: "$default" },
      },
      ...record(context, host, id),
    };
  });
  return Object.assign({}, ...parts) as Resources;
}

function restDomains(context: Context, service: Service): Resources {
  const api = `${logical(service.name)}Api`;
  const parts = service.access.hosts.map((host): Resources => {
    const id = `Host${identifier(host.toLowerCase())}`;
    return {
      [id]: {
        Type: "AWS::ApiGateway::DomainName",
        Properties: {
          DomainName: host,
          RegionalCertificateArn: context.network.certificate,
          EndpointConfiguration: { Types: ["REGIONAL"] },
          SecurityPolicy: "TLS_1_2",
          Tags: tagsOf(context),
        },
      },
      [`${id}Mapping`]: {
        Type: "AWS::ApiGateway::BasePathMapping",
        DependsOn: `${api}${STAGE}Stage`,
        Properties: { RestApiId: ref(api), DomainName: ref(id), Stage: STAGE },
      },
      ...record(context, host, id),
    };
  });
  return Object.assign({}, ...parts) as Resources;
}
