import type { Metric } from "./alarm.ts";
import type { Context } from "./context.ts";
import type { Resource } from "./template.ts";

/** A graph: its lines with statistic and label. */
export interface Panel {
  readonly title: string;
  readonly lines: readonly (readonly [label: string, metric: Metric, statistic: string])[];
}

/** A dashboard of CloudWatch, three graphs a row. */
export function dashboard(context: Context, panels: readonly Panel[]): Resource {
  const variables: Record<string, unknown> = {};
  const widgets = panels.map(({ title, lines }, index) => ({
    type: "metric",
    x: (index % 3) * 8,
    y: Math.floor(index / 3) * 6,
    width: 8,
    height: 6,
    properties: {
      title,
      region: "${AWS::Region}",
      view: "timeSeries",
      stacked: false,
      period: 60,
      metrics: lines.map(([label, [namespace, name, dimensions], stat]) => [
        namespace,
        name,
        ...Object.entries(dimensions).flatMap(([key, value]) => [key, placeholder(value, variables)]),
        { stat, label },
      ]),
    },
  }));
  const text = JSON.stringify({ start: "-PT6H", widgets });
  return {
    Type: "AWS::CloudWatch::Dashboard",
    Properties: {
      DashboardName: `slipway-${context.prefix}-${context.region}`,
      DashboardBody: { "Fn::Sub": Object.keys(variables).length === 0 ? text : [text, variables] },
    },
  };
}

/** What CloudFormation knows only when it makes the stack gets a name in the text. */
function placeholder(value: unknown, variables: Record<string, unknown>): unknown {
  if (typeof value !== "object" || value === null) return value;
  const text = JSON.stringify(value);
  const known = Object.entries(variables).find(([, other]) => JSON.stringify(other) === text)?.[0];
  const name = known ?? `V${Object.keys(variables).length + 1}`;
  variables[name] = value;
  return `\${${name}}`;
}
