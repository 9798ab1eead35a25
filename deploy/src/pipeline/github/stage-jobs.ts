import { usesOf } from "../data/actions.ts";
import type { Pipeline, Stage } from "../pipeline.ts";
import { NOTHING_OBSERVED, planScript, renderScript, SUM } from "../scripts.ts";
import { commandsOf } from "../targets/all.ts";
import type { TargetCommands } from "../targets/commands.ts";
import { approvalsScript, gatesOf } from "./approvals.ts";
import { type Job, minutes } from "./build-job.ts";
import { CHECKOUT, signIn, type Step, upload } from "./steps.ts";

type Jobs = Readonly<Record<string, Job>>;

const DIGEST = "${{ needs.build.outputs.digest }}";

/** The jobs of one environment: plan, the approvals beyond the first, deploy. */
export function stageJobs(pipeline: Pipeline, stage: Stage): Jobs {
  const [, ...more] = gatesOf(stage);
  const approvals = more.map((gate) => [gate, approvalJob(stage, gate)] as const);
  return {
    [`plan-${stage.name}`]: planJob(pipeline, stage),
    ...Object.fromEntries(approvals),
    [`deploy-${stage.name}`]: deployJob(pipeline, stage, more),
  };
}

/** What a job of an environment begins with: who it is there, and how it reaches it. */
function reach({ delivery, spec }: Stage, identity: string | undefined, commands: TargetCommands): readonly Step[] {
  const { provider, tenant } = delivery;
  const steps = signIn({ identity, provider, tenant, environment: spec.environment });
  if (commands.connect === undefined) return steps;
  const { gke, script } = commands.connect;
  if (gke === undefined) return [...steps, { name: "Connect", run: script }];
  return [
    ...steps,
    ...gke.regions.flatMap((region) => [
      {
        name: `Connect to ${region}`,
        uses: usesOf("gke"),
        with: { cluster_name: gke.cluster, location: region, project_id: gke.project },
      },
      { name: `Keep how ${region} is reached`, run: `mkdir -p kube\ncp "$KUBECONFIG" kube/${region}` },
    ]),
  ];
}

function token({ spec }: Stage): Readonly<Record<string, string>> {
  // Railway trusts no one else's tokens: this is the one secret that a pipeline keeps, in its environment only.
  return spec.environment.target === "railway" ? { RAILWAY_TOKEN: "${{ secrets.RAILWAY_TOKEN }}" } : {};
}

function planJob({ settings }: Pipeline, stage: Stage): Job {
  const { name, delivery } = stage;
  const identity = delivery.planner ?? delivery.identity;
  const commands = commandsOf(stage.spec);
  return {
    name: `Plan ${name}`,
    needs: ["build", ...(delivery.after === undefined ? [] : [`deploy-${delivery.after}`])],
    "runs-on": delivery.runner,
    "timeout-minutes": 15,
    permissions: {
      contents: "read",
      ...(identity === undefined || commands.observe === undefined ? {} : { "id-token": "write" }),
    },
    env: { DIGEST },
    outputs: { changes: "${{ steps.plan.outputs.changes }}", sum: "${{ steps.sum.outputs.sum }}" },
    steps: [
      CHECKOUT,
      { name: "Render and check", run: renderScript(settings, name) },
      { name: "Sum up what was rendered", id: "sum", run: `${SUM}\necho "sum=$sum" >> "$GITHUB_OUTPUT"` },
      ...(commands.observe === undefined ? [] : reach(stage, identity, commands)),
      { name: "Look at what is there", run: commands.observe ?? NOTHING_OBSERVED },
      {
        name: "Plan",
        id: "plan",
        run: [
          planScript(settings, name),
          'echo "changes=$changes" >> "$GITHUB_OUTPUT"',
          `{ echo '\`\`\`'; cat plan.txt; echo '\`\`\`'; } >> "$GITHUB_STEP_SUMMARY"`,
        ].join("\n"),
      },
      upload(`plan-${name}`, "rendered\nplan.json\nplan.txt\n", 30),
    ],
  };
}

/** One more person: GitHub asks one reviewer an environment. */
function approvalJob({ name }: Stage, gate: string): Job {
  return {
    name: `Approve ${name} (${gate})`,
    needs: [`plan-${name}`],
    if: `needs.plan-${name}.outputs.changes == 'true'`,
    "runs-on": "ubuntu-24.04",
    "timeout-minutes": 5,
    permissions: {},
    environment: gate,
    steps: [{ name: "Agreed", run: `echo "Somebody agreed to ${name}."` }],
  };
}

const REACHED = `contains(fromJSON('["success","failure","cancelled"]'), steps.apply.outcome)`;

function deployJob({ system }: Pipeline, stage: Stage, gates: readonly string[]): Job {
  const { name, delivery, spec } = stage;
  const commands = commandsOf(spec);
  const approvals = spec.environment.approvals.required > 0;
  const env = token(stage);
  const own = Object.keys(env).length > 0 ? { env } : {};
  const step = (title: string, run: string, more: Pick<Step, "id" | "if"> = {}): Step => ({
    name: title,
    ...more,
    ...own,
    run,
  });
  return {
    name: `Deploy ${name}`,
    needs: ["build", `plan-${name}`, ...gates],
    if: `needs.plan-${name}.outputs.changes == 'true'`,
    "runs-on": delivery.runner,
    "timeout-minutes": minutes(delivery.timeout),
    permissions: {
      ...(approvals ? { actions: "read" } : {}),
      ...(delivery.identity === undefined ? {} : { "id-token": "write" }),
    },
    environment: name,
    concurrency: { group: `deploy-${system}-${name}`, "cancel-in-progress": false },
    env: { DIGEST },
    steps: [
      ...(approvals
        ? [{ name: "Count approvals", env: { GH_TOKEN: "${{ github.token }}" }, run: approvalsScript(stage) }]
        : []),
      { name: "Start from nothing", run: "rm -rf kube rendered state" },
      { name: "Fetch what was planned", uses: usesOf("download"), with: { name: `plan-${name}` } },
      {
        name: "Take nothing but what was planned",
        env: { PLANNED: `\${{ needs.plan-${name}.outputs.sum }}` },
        run: `${SUM}\nif [ "$sum" != "$PLANNED" ]; then echo "The files are not those that were planned." >&2; exit 1; fi`,
      },
      ...reach(stage, delivery.identity, commands).map((one) => (one.run === undefined ? one : { ...one, ...own })),
      step("Write down what runs", commands.record),
      ...(commands.migrate === undefined ? [] : [step("Migrate", commands.migrate)]),
      step(commands.migrate === undefined && spec.data.postgres ? "Migrate and apply" : "Apply", commands.apply, {
        id: "apply",
      }),
      step("Verify", commands.verify),
      step("Roll back", commands.rollBack, { if: `(failure() || cancelled()) && ${REACHED}` }),
    ],
  };
}
