import type { Agent } from "@slipway/contracts/api/agents.ts";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { getRouteApi, useNavigate, useRouter } from "@tanstack/react-router";
import { changeAgent } from "#api/agents.ts";
import { toApiError } from "#api/api-error.ts";
import { Button } from "#ui/button.tsx";
import { Icon } from "#ui/icon.tsx";
import { Notice } from "#ui/notice.tsx";
import { PageHeader } from "#ui/page-header.tsx";
import { type AgentDraft, definitionOf, draftOf } from "./agent-draft.ts";
import { AgentForm } from "./agent-form.tsx";
import styles from "./agent-form.module.css";
import { forgetAgents } from "./forget-agents.ts";

const route = getRouteApi("/shell/agents/$name/edit");

/** `/console/agents/<name>/edit`: changes an agent of the tenant's own. What somebody else has changed meanwhile is not written over. */
export function EditAgentPage() {
  const agent = route.useLoaderData();
  return (
    <>
      <PageHeader
        title={`Edit ${agent.name}`}
        summary={agent.version === null ? undefined : `version ${agent.version}`}
      />
      <div className={styles.page}>
        {agent.editable && agent.definition !== null ? (
          // Another version is another form: what was typed over the old one is gone with it.
          <EditForm key={agent.hash} agent={agent} definition={agent.definition} />
        ) : (
          <Notice
            tone="warn"
            title="You cannot change this agent."
            hint={
              agent.version === null
                ? `It is the file ${agent.source}; change it there.`
                : "It belongs to another user. Ask them, or an admin of the tenant."
            }
          />
        )}
      </div>
    </>
  );
}

function EditForm({
  agent,
  definition,
}: {
  readonly agent: Agent;
  readonly definition: NonNullable<Agent["definition"]>;
}) {
  const queryClient = useQueryClient();
  const navigate = useNavigate();
  const router = useRouter();
  const change = useMutation({
    mutationFn: (draft: AgentDraft) => changeAgent(agent.name, definitionOf(draft, definition), agent.hash),
    onSuccess: () => {
      forgetAgents(queryClient);
      return navigate({ to: "/agents" });
    },
  });
  const error = change.error === null ? null : toApiError(change.error);
  const overtaken = error?.code === "precondition_failed";
  return (
    <AgentForm
      initial={draftOf(agent.name, definition)}
      version={`${agent.name} ${agent.hash ?? ""}`}
      named
      submit="Save"
      saving={change.isPending}
      error={error}
      {...(overtaken ? { notice: <Overtaken onLoad={() => void router.invalidate()} /> } : {})}
      onSave={change.mutate}
    />
  );
}

function Overtaken({ onLoad }: { readonly onLoad: () => void }) {
  return (
    <Notice
      tone="danger"
      title="Somebody has changed this agent since you opened it."
      hint="Nothing was saved. Copy what you want to keep, then load the newer version."
      action={
        <Button onClick={onLoad}>
          <Icon name="retry" />
          Load it
        </Button>
      }
    />
  );
}
