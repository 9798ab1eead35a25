import type { AgentSummary } from "@slipway/contracts/api/agents.ts";
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { toApiError } from "#api/api-error.ts";
import { agentsQuery } from "#api/agents.ts";
import { usePermitted, useUserId } from "#api/me.ts";
import { Badge } from "#ui/badge.tsx";
import { Button, buttonClass } from "#ui/button.tsx";
import { CodeBlock } from "#ui/code-block.tsx";
import { Icon } from "#ui/icon.tsx";
import { PageHeader } from "#ui/page-header.tsx";
import { Waiting } from "#ui/waiting.tsx";
import styles from "./agents.module.css";
import { FailureNotice } from "../failure-notice.tsx";
import { RemoveAgent } from "./remove-agent.tsx";

/** Agent files are watched in development; the page follows while it is looked at. */
const REFRESH_MS = 5_000;

/** `/console/agents`: every agent that the server knows, and what is wrong with those that did not load. */
export function AgentsPage() {
  const { data: agents, error, isPending, refetch } = useQuery({ ...agentsQuery, refetchInterval: REFRESH_MS });
  const mayCreate = usePermitted("agents:write");
  return (
    <>
      <PageHeader
        title="Agents"
        summary={agents === undefined ? undefined : summaryOf(agents)}
        actions={mayCreate ? <NewAgent /> : null}
      />
      <div className={styles.page}>
        {isPending ? <Waiting label="Loading the agents" /> : null}
        {error === null ? null : (
          <FailureNotice
            error={toApiError(error)}
            action={
              <Button onClick={() => void refetch()}>
                <Icon name="retry" />
                Retry
              </Button>
            }
          />
        )}
        {agents === undefined ? null : agents.length === 0 ? <NoAgents /> : <AgentList agents={agents} />}
      </div>
    </>
  );
}

function NewAgent() {
  return (
    <Link to="/agents/new" className={buttonClass("primary")}>
      <Icon name="plus" />
      New agent
    </Link>
  );
}

function summaryOf(agents: readonly AgentSummary[]): string | undefined {
  if (agents.length === 0) return undefined;
  const broken = agents.filter((agent) => agent.status === "broken").length;
  return broken === 0 ? `${agents.length} ready` : `${agents.length - broken} ready, ${broken} broken`;
}

function AgentList({ agents }: { readonly agents: readonly AgentSummary[] }) {
  return (
    <ul className={styles.list}>
      {agents.map((agent) => (
        <li key={agent.name} className={styles.agent}>
          <AgentCard agent={agent} />
        </li>
      ))}
    </ul>
  );
}

function AgentCard({ agent }: { readonly agent: AgentSummary }) {
  const ready = agent.status === "ready";
  return (
    <>
      <div className={styles.head}>
        <h2 className={styles.name}>{agent.name}</h2>
        {ready ? <Badge tone="good">Ready</Badge> : <Badge tone="danger">Broken</Badge>}
        {agent.version === null ? <Badge tone="plain">File, read-only</Badge> : null}
      </div>
      {agent.description === "" ? null : <p className={styles.description}>{agent.description}</p>}
      {agent.error === null ? null : <p className={styles.error}>{agent.error}</p>}
      <AgentFacts agent={agent} ready={ready} />
      <AgentActions agent={agent} ready={ready} />
    </>
  );
}

function AgentActions({ agent, ready }: { readonly agent: AgentSummary; readonly ready: boolean }) {
  if (!ready && !agent.editable) return null;
  return (
    <div className={styles.actions}>
      {agent.editable ? <RemoveAgent agent={agent} /> : null}
      {agent.editable && ready ? (
        <Link to="/agents/$name/edit" params={{ name: agent.name }} className={buttonClass("quiet")}>
          <Icon name="edit" />
          Edit
          <span className="visually-hidden"> {agent.name}</span>
        </Link>
      ) : null}
      {ready ? (
        <Link to="/playground" search={{ model: agent.modelId }} className={buttonClass("secondary")}>
          Open in playground
          <span className="visually-hidden"> {agent.name}</span>
          <Icon name="arrowRight" />
        </Link>
      ) : null}
    </div>
  );
}

const CHANGED = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short" });

function AgentFacts({ agent, ready }: { readonly agent: AgentSummary; readonly ready: boolean }) {
  const userId = useUserId();
  return (
    <dl className={styles.facts}>
      {ready ? (
        <>
          <div>
            <dt>Model</dt>
            <dd className={styles.mono}>{agent.model ?? "server default"}</dd>
          </div>
          <div>
            <dt>Tools</dt>
            <dd className={styles.mono}>
              {agent.tools.length === 0
                ? "none"
                : agent.tools.map((tool) => (
                    <span key={tool.name} className={styles.tool} title={tool.description}>
                      {tool.name}
                    </span>
                  ))}
            </dd>
          </div>
        </>
      ) : null}
      {agent.version === null ? (
        <div>
          <dt>Source</dt>
          <dd className={styles.mono}>{agent.source}</dd>
        </div>
      ) : (
        <>
          <div>
            <dt>Version</dt>
            <dd className={styles.mono}>{agent.version}</dd>
          </div>
          <div>
            <dt>Owner</dt>
            <dd className={styles.mono}>
              {agent.owner === null ? "the tenant" : agent.owner === userId ? "you" : agent.owner}
            </dd>
          </div>
          <div>
            <dt>Changed</dt>
            <dd>{agent.updatedAt === null ? "" : CHANGED.format(new Date(agent.updatedAt))}</dd>
          </div>
        </>
      )}
    </dl>
  );
}

const FIRST_AGENT = `import { defineAgent } from "slipway/agent";

export default defineAgent({
  name: "greeter",
  description: "Greets whoever writes.",
  instructions: "Greet the user by name, in one friendly sentence.",
  limits: {
    maxSteps: 1,
  },
});
`;

function NoAgents() {
  return (
    <div className={styles.empty}>
      <h2 className={styles.emptyTitle}>No agents yet</h2>
      <p>
        Make one here, or as a file, which can bring tools. Save these ten lines as <code>agents/greeter/agent.ts</code>
        ; the server picks it up by itself in development and at its next start elsewhere.
      </p>
      <CodeBlock label="agents/greeter/agent.ts" text={FIRST_AGENT} />
    </div>
  );
}
